import HTTPTypes
import RPCMessages
import SwiftProtobuf
import Synchronization
import Transport

/// One call on its way through the HTTP interface's handlers: read, done, answered.
final class RPCExchange: Sendable {
  private let method: RPCMethod
  private let groups: [any RouteGroup]
  private let state = Mutex<Result<Prepared, StatusError>?>(nil)

  /// A call that was read, and what does it.
  private struct Prepared: Sendable {
    let codec: RPCCodec
    let call: RPCMethod.Call
    let request: Request
    let route: Route
  }

  /// - Parameter groups: the routes of the HTTP interface.
  init(_ method: RPCMethod, groups: [any RouteGroup]) {
    self.method = method
    self.groups = groups
  }

  /// Reads the call, and waits for what its handler waits for.
  func prepare(_ request: Request, then: @escaping @Sendable () -> Void) {
    let result: Result<Prepared, StatusError>
    do throws(StatusError) {
      // The connection sees to a deadline that passes meanwhile; work that is too late already is not begun.
      if let deadline = request.deadline, deadline <= .now {
        throw StatusError(.deadlineExceeded, "the deadline passed before the call was begun")
      }
      let outer = try RPCRequest(request)
      let call = try method.begin(outer)
      let (inner, route) = try find(call.inner, for: request)
      result = .success(Prepared(codec: outer.codec, call: call, request: inner, route: route))
    } catch {
      result = .failure(error)
    }
    state.withLock { $0 = result }
    guard case .success(let prepared) = result, case .awaiting(let wait) = prepared.route.work else { return then() }
    wait(prepared.request, then)
  }

  /// Does what was asked.
  func answer(_ request: Request) throws(StatusError) -> Response {
    do throws(StatusError) {
      guard let prepared = try state.withLock({ $0 })?.get() else {
        throw StatusError(.internalError, "the call was not read")
      }
      let json = try body(prepared.call, prepared.request, prepared.route, for: request)
      var response = Response(body: .bytes(try prepared.call.finish(json)))
      response.fields[.contentType] = prepared.codec.mediaType
      return response.answering(request)
    } catch {
      throw error.named(request.id)
    }
  }

  private func body(
    _ call: RPCMethod.Call, _ inner: Request, _ route: Route, for request: Request
  ) throws(StatusError) -> [UInt8] {
    do throws(StatusError) {
      return try RPCExchange.bytes(try route.answer(inner))
    } catch {
      guard error.code == .failedPrecondition, let dryRun = call.dryRun else { throw error }
      throw error.adding(degrees: degrees(dryRun, for: request))
    }
  }

  /// The degrees that are possible, where the one that was asked for is not.
  private func degrees(_ dryRun: RPCMethod.InnerRequest, for request: Request) -> [Int32] {
    guard let (inner, route) = try? find(dryRun, for: request), let response = try? route.answer(inner),
      let json = try? RPCExchange.bytes(response)
    else { return [] }
    var options = JSONDecodingOptions()
    options.ignoreUnknownFields = true
    guard let plan = try? Weightserver_V1_DegreePlan(jsonUTF8Bytes: json, options: options), !plan.possible else {
      return []
    }
    return plan.mpDegrees
  }

  private static func bytes(_ response: Response) throws(StatusError) -> [UInt8] {
    switch response.body {
    case .none: return []
    case .bytes(let bytes): return bytes
    case .source: throw StatusError(.internalError, "the handler's answer is no JSON")
    }
  }

  /// What the HTTP interface does for a request.
  private func find(
    _ inner: RPCMethod.InnerRequest, for request: Request
  ) throws(StatusError) -> (Request, Route) {
    var fields = HTTPFields()
    fields[.hostName] = request.head.fields[.hostName]
    let target = try RequestTarget(Array(inner.target.utf8), method: inner.method)
    let head = try RequestHead(method: inner.method, target: target, version: request.head.version, fields: fields)
    var made = Request(
      head: head, body: inner.body, deadline: request.deadline, remoteAddress: request.remoteAddress,
      peer: request.peer, load: request.load, name: request.name, cancellation: request.cancellation)
    made.access = request.access
    for group in groups {
      if let route = group.routes(at: target.segments).first(where: { $0.methods.contains(inner.method) }) {
        // The call's own scope was checked already: this is for a call that says too little of what it does.
        guard made.access.allows(route.scope) else {
          throw StatusError(.permissionDenied, "\(method.name) needs a scope that \(made.access.name) does not have")
        }
        return (made, route)
      }
    }
    throw StatusError(.unimplemented, "\(method.name) is not served here")
  }
}

extension StatusError {
  /// The error with what a program may read of it.
  fileprivate func named(_ id: String) -> StatusError {
    var detail = Weightserver_V1_ErrorDetail()
    detail.requestID = id
    if code == .unavailable || code == .resourceExhausted { detail.retryAfterSeconds = Int32(clamping: retryAfter) }
    return adding(detail)
  }

  fileprivate func adding(degrees: [Int32]) -> StatusError {
    var detail = Weightserver_V1_ErrorDetail()
    detail.mpDegrees = degrees
    return adding(detail)
  }

  /// One detail stands for all that is known.
  private func adding(_ more: Weightserver_V1_ErrorDetail) -> StatusError {
    var error = self
    let type = Weightserver_V1_ErrorDetail.protoMessageName
    var detail = more
    if let old = details.first(where: { $0.type == type }) {
      try? detail.merge(serializedBytes: old.value)
    }
    guard let value: [UInt8] = try? detail.serializedBytes() else { return self }
    error.details = details.filter { $0.type != type } + [Detail(type: type, value: value)]
    return error
  }
}
