import HTTPTypes
import Platform
import Synchronization
import Testing
import Transport

@testable import WeightServerClient

/// Descriptors over a Unix socket, between this client and a server that gives them.
@Suite(.timeLimit(.minutes(1))) struct SharedMemoryTests {
  let request = PartitionRequest(rank: 0, mp: 1)
  let bytes = Safetensors.random(100_000, seed: 41)

  /// Answers HEAD with a descriptor where the client wants one, and GET with the bytes.
  private final class Sharing: RequestHandler {
    let bytes: [UInt8]
    let memory: SealedMemory?
    let digest: String?
    let methods = Mutex<[HTTPRequest.Method]>([])

    init(bytes: [UInt8], memory: SealedMemory?, digest: String? = nil) {
      self.bytes = bytes
      self.memory = memory
      self.digest = digest
    }

    func handle(_ request: Request, respond: @escaping @Sendable (Response) -> Void) {
      methods.withLock { $0.append(request.head.method) }
      var fields = HTTPFields()
      fields[.manifestRevision] = "r1"
      fields[.reprDigest] = digest
      let representation = Representation(
        length: bytes.count, entityTag: EntityTag("v1"), lastModified: nil, fields: fields
      ) { [bytes] in PieceList([.bytes(Array(bytes[$0]))]) }
      var response = serve(representation, for: request.head)
      if request.head.method == .head, let memory, request.head.fields[.acceptDescriptor] != nil,
        let passed = try? memory.open()
      {
        response.descriptor = passed
        response.fields[.contentDescriptor] = "memfd"
      }
      respond(response)
    }
  }

  private func sealed(_ bytes: [UInt8]) throws -> SealedMemory {
    let file = try MemoryFile(label: "test", count: bytes.count)
    let buffer = ByteBuffer(capacity: bytes.count)
    _ = buffer.replace(with: bytes[...])
    try file.write(buffer, at: 0)
    return try file.sealed()
  }

  private func serving<Result>(
    _ handler: Sharing, isUnix: Bool = true, _ body: (String) async throws -> Result
  ) async throws -> Result {
    let folder = try TemporaryFolder()
    let server = HTTPServer(handler: handler)
    let address: ListenAddress = isUnix ? .unix(path: folder.file("s")) : .tcp(host: "127.0.0.1", port: 0)
    let bound = try server.start([address])
    let result = try await body(bound[0].description)
    await server.drain(within: .seconds(1))
    return result
  }

  private func stored(_ dict: StateDict) throws -> [UInt8] {
    try #require(dict["w"]).withBytes { span in unsafe span.withUnsafeBytes { unsafe [UInt8]($0) } }
  }

  @Test func aPartitionIsMappedAndNoByteOfItIsSent() async throws {
    let handler = Sharing(bytes: bytes, memory: try sealed(bytes))
    try await serving(handler) { url in
      let dict = try await WeightClient(url, configuration: FetchTests.quick).open(request)
      #expect(try stored(dict) == bytes.suffix(100_000))
      #expect(handler.methods.withLock { $0 } == [.head])
      #expect(handler.memory?.isUsed == true)
    }
    #expect(handler.memory?.isUsed == false, "it is let go with its last view")
  }

  @Test(arguments: ["no memory", "not wanted", "TCP"])
  func withoutADescriptorThePartitionIsFetched(why: String) async throws {
    let handler = Sharing(bytes: bytes, memory: why == "no memory" ? nil : try sealed(bytes))
    try await serving(handler, isUnix: why != "TCP") { url in
      var configuration = FetchTests.quick
      configuration.sharesMemory = why != "not wanted"
      let dict = try await WeightClient(url, configuration: configuration).open(request)
      #expect(try stored(dict) == bytes.suffix(100_000))
      #expect(handler.methods.withLock { $0 } == (why == "no memory" ? [.head, .get] : [.get]))
    }
  }

  @Test func aDescriptorOfAnotherLengthIsNotMapped() async throws {
    let handler = Sharing(bytes: bytes, memory: try sealed(Array(bytes.dropLast())))
    try await serving(handler) { url in
      let dict = try await WeightClient(url, configuration: FetchTests.quick).open(request)
      #expect(try stored(dict) == bytes.suffix(100_000))
      #expect(handler.methods.withLock { $0 } == [.head, .get])
    }
  }

  @Test func aWrongDigestIsTold() async throws {
    let handler = Sharing(
      bytes: bytes, memory: try sealed(bytes), digest: "sha-256=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:")
    try await serving(handler) { url in
      var configuration = FetchTests.quick
      configuration.verification = .digest
      let error = await clientError { () async throws(WeightClientError) in
        _ = try await WeightClient(url, configuration: configuration).open(request)
      }
      #expect(error?.code == .dataLoss)
    }
  }
}
