import Testing

/// Conditional requests, as RFC 9110 section 13 has them.
@Suite struct ConditionalTests {
  private let target = "/shard?rank=0&mp=2"

  private func run(_ body: (CurlClient, Answer) throws -> Void) throws {
    try Daemon.run { daemon in
      let client = try daemon.client()
      try body(client, try client.get(target))
    }
  }

  @Test func aKnownTagGetsNoBody() throws {
    try run { client, whole in
      let tag = try #require(whole["ETag"])
      for value in [tag, "W/\(tag)", "\"other\", \(tag)", "*"] {
        let answer = try client.get(target, ["If-None-Match": value])
        #expect(answer.status == 304, "\(value)")
        #expect(answer.body.isEmpty)
        #expect(answer["ETag"] == tag)
        #expect(answer["Cache-Control"] == whole["Cache-Control"])
      }
      #expect(try client.get(target, ["If-None-Match": "\"other\""]).body == whole.body)
    }
  }

  @Test func aTagThatMustMatchDoesOrTheRequestFails() throws {
    try run { client, whole in
      let tag = try #require(whole["ETag"])
      for value in [tag, "*", "\"other\", \(tag)"] {
        #expect(try client.get(target, ["If-Match": value]).status == 200)
      }
      for value in ["\"other\"", "W/\(tag)"] {
        #expect(try client.get(target, ["If-Match": value]).isError(412, "failed_precondition"), "\(value)")
      }
    }
  }

  @Test func datesDecideWhereTagsDoNot() throws {
    try run { client, whole in
      let modified = try #require(whole["Last-Modified"])
      #expect(try client.get(target, ["If-Modified-Since": modified]).status == 304)
      #expect(try client.get(target, ["If-Modified-Since": "Thu, 01 Jan 1998 00:00:00 GMT"]).status == 200)
      #expect(
        try client.get(target, ["If-Modified-Since": modified, "If-None-Match": "\"other\""]).status == 200)
      #expect(
        try client.get(target, ["If-Unmodified-Since": "Thu, 01 Jan 1998 00:00:00 GMT"])
          .isError(412, "failed_precondition"))
    }
  }

  @Test func aRangeIsServedOnlyOfTheSameContent() throws {
    try run { client, whole in
      let tag = try #require(whole["ETag"])
      let same = try client.get(target, ["Range": "bytes=1000-", "If-Range": tag])
      #expect(same.status == 206)
      #expect(same.body == Array(whole.body[1000...]))
      for other in ["\"other\"", "W/\(tag)", "Thu, 01 Jan 1998 00:00:00 GMT"] {
        let answer = try client.get(target, ["Range": "bytes=1000-", "If-Range": other])
        #expect(answer.status == 200, "\(other)")
        #expect(answer.body == whole.body)
      }
    }
  }
}
