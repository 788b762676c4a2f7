import CCurl
import Testing

/// libcurl, as a client that shares no code with the server. Its connections are kept between exchanges.
@safe final class CurlClient {
  private let handle: UnsafeMutableRawPointer
  private let base: String
  private let socket: String

  /// Seconds that an exchange may take.
  private static let patience = 60

  /// - Parameters:
  ///   - base: what targets are appended to.
  ///   - socket: the path of a Unix socket to connect to in place of the base's host.
  init(base: String, socket: String? = nil) throws {
    _ = CurlClient.isReady
    guard let handle = unsafe curl_easy_init() else { throw UnexpectedEnd("libcurl has no handle") }
    unsafe self.handle = handle
    self.base = base
    self.socket = socket ?? ""
  }

  deinit {
    unsafe curl_easy_cleanup(handle)
  }

  /// libcurl's global state, made once.
  private static let isReady = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

  /// One exchange.
  func get(
    _ target: String, _ fields: [String: String] = [:], method: String = "GET", body: [UInt8] = []
  ) throws -> Answer {
    let lines = fields.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }.joined(separator: "\n")
    var raw = unsafe ccurl_answer()
    // SAFETY: every pointer is of a Swift value that outlives the call; the answer's buffers are freed once, after copying.
    unsafe ccurl_exchange(
      handle, base + target, method, lines, socket, body, body.count, CurlClient.patience,
      &raw)
    defer { unsafe ccurl_free(&raw) }
    let heads = unsafe Array(UnsafeBufferPointer(start: raw.heads.bytes, count: raw.heads.count))
    let content = unsafe Array(UnsafeBufferPointer(start: raw.body.bytes, count: raw.body.count))
    let code = unsafe raw.code
    try #require(code == 0, "\(method) \(target): libcurl error \(code)")
    let blocks = CurlClient.split(heads)
    let (status, parsed) = try Answer.parseHead(try #require(blocks.last))
    let interim = try blocks.dropLast().map { try Answer.parseHead($0).status }
    return Answer(
      status: status, fields: parsed, body: content, connects: unsafe raw.connects, interim: interim)
  }

  /// Parts a run of heads at their empty lines.
  private static func split(_ heads: [UInt8]) -> [[UInt8]] {
    var blocks: [[UInt8]] = []
    var start = 0
    for index in heads.indices where index >= 3 && heads[index - 3...index].elementsEqual([13, 10, 13, 10]) {
      blocks.append(Array(heads[start...index]))
      start = index + 1
    }
    return blocks
  }
}
