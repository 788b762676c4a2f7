import Platform
import Testing

@testable import Transport

/// What is sent over sockets when addresses are paced.
@Suite struct PacingTests {
  @Test func anAddressGetsItsRateAndTheWholeBody() async throws {
    var limits = ConnectionLimits()
    limits.bytesPerSecond = 1_000_000
    let piece = 100_000
    let test = try TestServer(limits: limits) { _ in
      let pieces = (0..<5).map { index in
        BodyPiece.filled(count: piece) { $0.append(UInt8(index), count: piece) }
      }
      return Response(body: .source(length: 5 * piece, PieceList(pieces)))
    }
    let start = ContinuousClock.now
    let body = try test.connect().get("/").body
    // A burst of a quarter of a second goes at once, and the other half of the body in another quarter.
    #expect(ContinuousClock.now - start >= .milliseconds(200))
    #expect(body == (0..<5).flatMap { [UInt8](repeating: UInt8($0), count: piece) })
    await test.stop()
  }
}
