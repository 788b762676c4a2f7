import HTTPTypes
import Loader
import Platform
import Synchronization
import Transport
import WeightServerClient

/// A store that speaks S3's protocol, as far as reading needs it: listing a prefix, and ranges of objects.
///
/// Calls block the thread they are on. A request that fails in passing is tried again, from where it broke off.
/// Source: Amazon S3 API Reference, `ListObjectsV2` and `GetObject`.
package final class ObjectStore: Sendable {
  /// How it is spoken to.
  let configuration: ObjectStoreConfiguration
  private let credentials: CredentialSource
  private let cancel: CancelSignal
  private let requests = Mutex<[ServerAddress: PlainRequests]>([:])

  /// Objects that a listing may have.
  static let objectLimit = 100_000
  /// Pages that a listing may have, of which each has up to 1,000 objects.
  private static let pageLimit = 1000
  private static let answerLimit = 8 << 20
  private static let bufferSize = 256 << 10

  /// A store as configured, the rest as the variables say.
  package init(_ configuration: ObjectStoreConfiguration, environment: [String: String]) throws(ObjectStoreError) {
    self.configuration = configuration.completed(by: environment)
    credentials = CredentialSource(environment: environment)
    do throws(SystemError) {
      cancel = try CancelSignal()
    } catch {
      throw ObjectStoreError(.failed, error.description)
    }
  }

  deinit { cancel.cancel() }

  /// All objects whose keys begin with a prefix, in the order of their keys.
  func list(_ bucket: String, prefix: String) throws(ObjectStoreError) -> [StoredObject] {
    var objects: [StoredObject] = []
    var continuation: String?
    var pages = 0
    repeat {
      pages += 1
      var query = [("list-type", "2"), ("encoding-type", "url"), ("prefix", prefix)]
      if let continuation { query.append(("continuation-token", continuation)) }
      let body = try attempt("listing s3://\(bucket.escaped)/\(prefix.escaped)") { () throws(ObjectStoreError) in
        try self.read(bucket, query: query)
      }
      do throws(XMLReader.Failure) {
        let listing = try ObjectListing(body)
        objects += listing.objects
        continuation = listing.continuation
      } catch {
        throw ObjectStoreError(
          .failed, "listing s3://\(bucket.escaped)/\(prefix.escaped): the answer has \(error.message)")
      }
      guard objects.count <= ObjectStore.objectLimit else {
        throw ObjectStoreError(
          .invalid,
          "s3://\(bucket.escaped)/\(prefix.escaped) has more than \(ObjectStore.objectLimit) objects: name a longer prefix"
        )
      }
      guard continuation == nil || pages < ObjectStore.pageLimit else {
        throw ObjectStoreError(
          .failed,
          "listing s3://\(bucket.escaped)/\(prefix.escaped): it has not ended after \(pages) answers with \(objects.count) objects"
        )
      }
    } while continuation != nil
    return objects
  }

  /// Writes a range of an object to the same place of a file.
  func get(
    _ object: StoredObject, of bucket: String, range: Range<Int>, into path: String
  ) throws(ObjectStoreError) {
    let file: OutputFile
    do throws(SystemError) {
      file = try OutputFile.open(path, create: false)
    } catch {
      throw ObjectStoreError(.failed, error.description)
    }
    var position = range.lowerBound
    let what = "s3://\(bucket.escaped)/\(object.key.escaped) bytes \(range.lowerBound)-\(range.upperBound - 1)"
    var tries = 0
    while position < range.upperBound {
      let before = position
      do throws(ObjectStoreError) {
        try fetch(object, of: bucket, position: &position, end: range.upperBound, into: file)
      } catch {
        // What was received counts: only tries that bring nothing use up the attempts.
        tries = position > before ? 1 : tries + 1
        try pause(after: error, tries: tries, what)
      }
    }
  }

  // MARK: One request

  private func read(
    _ bucket: String, query: [(name: String, value: String)]
  ) throws(ObjectStoreError) -> [UInt8] {
    let (requests, path) = try target(bucket, key: "")
    let fields = try fields(.get, requests.address, path, query, extra: [])
    let (head, body) = try ObjectStore.reporting { () throws(WeightClientError) in
      try requests.read(
        .get, "\(path)?\(RequestSigner.queryText(query))", fields: fields, most: ObjectStore.answerLimit,
        cancel: self.cancel)
    }
    guard head.status.kind == .successful else { throw refusal(head, body) }
    return body
  }

  private func fetch(
    _ object: StoredObject, of bucket: String, position: inout Int, end: Int, into file: borrowing OutputFile
  ) throws(ObjectStoreError) {
    let (requests, path) = try target(bucket, key: object.key)
    let extra = [("range", "bytes=\(position)-\(end - 1)"), ("if-match", "\"\(object.entityTag)\"")]
    let fields = try fields(.get, requests.address, path, [], extra: extra)
    let start = position
    var written = position
    var failure: ObjectStoreError?
    let buffer = ByteBuffer(capacity: ObjectStore.bufferSize)
    defer { position = written }
    let (head, body) = try ObjectStore.reporting { () throws(WeightClientError) in
      try requests.get(path, fields: fields, most: ObjectStore.answerLimit, cancel: self.cancel) { head in
        ObjectStore.isAnswer(head, object, start..<end)
      } receive: { (body: inout PlainRequests.Body) throws(WeightClientError) in
        while failure == nil, written < end {
          let count = try body.receive(into: buffer)
          if count == 0 { break }
          do throws(SystemError) {
            try file.write(buffer, at: written)
          } catch {
            failure = ObjectStoreError(.failed, error.description)
          }
          written += count
        }
      }
    }
    if let failure { throw failure }
    guard written < end else { return }
    guard head.status.kind == .successful else { throw refusal(head, body) }
    throw ObjectStoreError(
      .failed,
      "the store answered another range or version (\(head.fields[.contentRange]?.escaped ?? "no Content-Range"))")
  }

  /// Whether a body is the range that was asked for, of the version that is known. Some stores answer a range with 200, beside
  /// `Content-Range` or where it is all of the object.
  private static func isAnswer(_ head: ResponseHead, _ object: StoredObject, _ range: Range<Int>) -> Bool {
    guard head.status.kind == .successful, head.fields[.eTag].map({ StoredObject.tag($0) == object.entityTag }) ?? true
    else {
      return false
    }
    guard head.fields[.contentLength] == String(range.count) else { return false }
    if let stated = head.fields[.contentRange] {
      return stated == "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(object.size)"
    }
    return head.status.code == 200 && range == 0..<Int(clamping: object.size)
  }

  private func target(_ bucket: String, key: String) throws(ObjectStoreError) -> (PlainRequests, String) {
    let (address, base) = try configuration.server(of: bucket)
    let requests = requests.withLock { known in
      if let requests = known[address] { return requests }
      var limits = ClientConfiguration()
      limits.maximumIdleConnections = configuration.connections
      limits.responseTimeout = .seconds(60)
      let requests = PlainRequests(address, configuration: limits)
      known[address] = requests
      return requests
    }
    return (requests, "\(base)/\(PercentEncoding.encode(key, leaving: "/"))")
  }

  private func fields(
    _ method: HTTPRequest.Method, _ address: ServerAddress, _ path: String, _ query: [(name: String, value: String)],
    extra: [(name: String, value: String)]
  ) throws(ObjectStoreError) -> HTTPFields {
    var fields = extra
    if let credentials = try credentials.credentials(cancel: cancel) {
      fields += RequestSigner(credentials: credentials, region: configuration.region).fields(
        method: method.rawValue, path: path, query: query, host: address.hostField, time: WallClock.nanoseconds())
    }
    return HTTPFields(named: fields)
  }

  // MARK: Failures

  private func refusal(_ head: ResponseHead, _ body: [UInt8]) -> ObjectStoreError {
    let answer = StoreRefusal(body)
    let said = answer.code.map { ": \($0.escaped)" + (answer.message.map { " (\($0.escaped))" } ?? "") } ?? ""
    let status = "status \(head.status.code)\(said)"
    switch (head.status.code, answer.code) {
    case (400, "ExpiredToken"), (403, "ExpiredToken"):
      credentials.forget()
      return ObjectStoreError(.failed, status)
    case (401, _), (403, _):
      return ObjectStoreError(
        .denied, "\(status); the key comes from AWS_ACCESS_KEY_ID, AWS_SHARED_CREDENTIALS_FILE or the instance")
    case (404, _): return ObjectStoreError(.missing, status)
    case (412, _), (416, _): return ObjectStoreError(.changed, "the object changed since it was listed (\(status))")
    case (301, _), (307, _), (400, "AuthorizationHeaderMalformed"):
      let field = head.fields.first { $0.name.canonicalName == "x-amz-bucket-region" }
      let region = (field?.value).map { ": the bucket's region is \($0.escaped), set s3.region" } ?? ""
      return ObjectStoreError(.invalid, status + region)
    case (429, _), (500..., _): return ObjectStoreError(.failed, status)
    default: return ObjectStoreError(.invalid, status)
    }
  }

  private func attempt<Value>(
    _ what: String, _ make: () throws(ObjectStoreError) -> Value
  ) throws(ObjectStoreError) -> Value {
    var tries = 0
    while true {
      do throws(ObjectStoreError) {
        return try make()
      } catch {
        tries += 1
        try pause(after: error, tries: tries, what)
      }
    }
  }

  /// Waits before the next try: 0.1 s, then twice as long each time, and up to as much again by chance.
  private func pause(after error: ObjectStoreError, tries: Int, _ what: String) throws(ObjectStoreError) {
    guard error.kind == .failed, tries < configuration.attempts else {
      let suffix = tries > 1 && error.kind == .failed ? " (\(tries) tries)" : ""
      throw ObjectStoreError(error.kind, "\(what): \(error.message)\(suffix)")
    }
    let base = 100 << min(tries - 1, 6)
    if cancel.wait(for: .milliseconds(Int.random(in: base...2 * base))) {
      throw ObjectStoreError(.failed, "\(what): stopped")
    }
  }

  private static func reporting<Value>(
    _ make: () throws(WeightClientError) -> Value
  ) throws(ObjectStoreError) -> Value {
    do throws(WeightClientError) {
      return try make()
    } catch {
      throw ObjectStoreError(error.origin == .request ? .invalid : .failed, error.message)
    }
  }
}
