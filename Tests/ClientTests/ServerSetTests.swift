import Testing

@testable import WeightServerClient

@Suite struct ServerSetTests {
  private func servers(_ count: Int) throws -> ServerSet {
    ServerSet(try (0..<count).map { try ServerAddress("http://h\($0)") }, configuration: ClientConfiguration())
  }

  private func error(_ code: WeightClientError.Code, _ origin: WeightClientError.Origin) -> WeightClientError {
    WeightClientError(origin, code, "\(code)")
  }

  /// What each server that is asked in turn answers, and who was asked.
  private func asked(
    _ servers: ServerSet, _ answers: [Int: WeightClientError]
  ) -> (asked: [Int], error: WeightClientError?) {
    var asked: [Int] = []
    do throws(WeightClientError) {
      try servers.attempt { (_, index) throws(WeightClientError) in
        asked.append(index)
        if let answer = answers[index] { throw answer }
      }
      return (asked, nil)
    } catch {
      return (asked, error)
    }
  }

  @Test func whoFailedIsAskedLast() throws {
    let servers = try servers(3)
    #expect(servers.order() == [0, 1, 2])
    #expect(servers.order(from: 2) == [2, 0, 1])
    #expect(asked(servers, [0: error(.unavailable, .connection)]).asked == [0, 1])
    #expect(servers.order() == [1, 2, 0])
    #expect(asked(servers, [1: error(.resourceExhausted, .server)]).asked == [1, 2])
    #expect(servers.order() == [2, 0, 1])
    servers.note(0, failed: false)
    #expect(servers.order() == [0, 2, 1])
  }

  @Test(arguments: [
    (WeightClientError.Code.invalidArgument, WeightClientError.Origin.server), (.permissionDenied, .server),
    (.outOfRange, .server), (.canceled, .connection), (.invalidArgument, .request), (.resourceExhausted, .local),
  ])
  func whatNoServerCanMendEndsAtOnce(code: WeightClientError.Code, origin: WeightClientError.Origin) throws {
    let servers = try servers(2)
    let (asked, error) = asked(servers, [0: error(code, origin)])
    #expect(asked == [0])
    #expect(error?.code == code)
    #expect(servers.order() == [0, 1], "the server is well")
  }

  @Test func whereAllFailTheOneThatMayDoBetterLaterIsTold() throws {
    let servers = try servers(3)
    let answers = [
      0: error(.notFound, .server), 1: error(.unavailable, .server), 2: error(.failedPrecondition, .server),
    ]
    let (asked, error) = asked(servers, answers)
    #expect(asked == [0, 1, 2])
    #expect(error?.code == .unavailable)
  }

  @Test func oneServerAloneTellsItsOwnError() throws {
    #expect(asked(try servers(1), [0: error(.notFound, .server)]).error?.code == .notFound)
  }
}
