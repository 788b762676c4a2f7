internal import Glibc
internal import HTTPTypes
internal import Platform
internal import Transport

/// Sends requests and reads heads, on the thread it is called on: the part that all calls of the client share.
struct Exchanger: Sendable {
  /// The server.
  let address: ServerAddress
  /// Its connections.
  let pool: ConnectionPool
  /// Time limits and sizes.
  let configuration: ClientConfiguration

  /// Bytes that the body of an error may have.
  private static let errorLimit = 64 * 1024

  /// Sends a request, and reads the head of its answer.
  ///
  /// Where a kept connection breaks before an answer, the server closed it while the request was on its way (RFC 9112, section
  /// 9.3.1): the request, which changes nothing, goes out again on a new one.
  /// - Throws: an error for any status but 2xx, with the server's code.
  func send(
    _ method: HTTPRequest.Method, _ target: String, fields: HTTPFields = HTTPFields(), cancel: CancelSignal,
    takesDescriptor: Bool = false
  ) throws(WeightClientError) -> (connection: ClientConnection, head: ResponseHead) {
    let bytes = try request(method, target, fields: fields)
    let limit = configuration.responseTimeout
    var connection = try pool.take(cancel: cancel)
    var head: ResponseHead
    do throws(WeightClientError) {
      head = try connection.exchange(
        bytes, method: method, within: limit, cancel: cancel, takesDescriptor: takesDescriptor)
    } catch {
      guard connection.wasUsed, error.origin == .connection, error.code == .unavailable else { throw error }
      connection = try pool.connect(cancel: cancel)
      head = try connection.exchange(
        bytes, method: method, within: limit, cancel: cancel, takesDescriptor: takesDescriptor)
    }
    if head.status.kind == .successful { return (connection, head) }
    throw refusal(head, method: method, connection, cancel: cancel)
  }

  /// Sends a `GET` and reads its whole answer.
  func read(_ target: String, cancel: CancelSignal) throws(WeightClientError) -> [UInt8] {
    var fields = HTTPFields()
    fields[.accept] = "application/json"
    let (connection, head) = try send(.get, target, fields: fields, cancel: cancel)
    let body = try connection.readBody(
      of: head, method: .get, most: configuration.answerLimit, within: configuration.progressTimeout, cancel: cancel)
    pool.giveBack(connection)
    return body
  }

  private func request(
    _ method: HTTPRequest.Method, _ target: String, fields: HTTPFields
  ) throws(WeightClientError) -> [UInt8] {
    var all = HTTPFields()
    all[.hostName] = address.hostField
    all[.userAgent] = "weight-server-client"
    if let token = configuration.token { all[.authorization] = "Bearer \(token.secret)" }
    all.append(contentsOf: fields)
    do throws(StatusError) {
      let target = try RequestTarget((address.basePath + target).utf8, method: method)
      return HeadWriter.request(method: method, target: target, fields: all)
    } catch {
      throw WeightClientError(.request, .invalidArgument, error.message)
    }
  }

  /// The error that an answer is, its body read if it can be.
  private func refusal(
    _ head: ResponseHead, method: HTTPRequest.Method, _ connection: ClientConnection, cancel: CancelSignal
  ) -> WeightClientError {
    let body = try? connection.readBody(
      of: head, method: method, most: Exchanger.errorLimit, within: configuration.progressTimeout, cancel: cancel)
    if cancel.isCancelled { return .canceled }
    if body != nil { pool.giveBack(connection) }
    return ServerRefusal.error(head: head, body: body ?? [], address: address, now: Int64(time(nil)))
  }
}
