import Testing

@testable import WeightServerClient

@Suite struct BearerTokenTests {
  @Test func aTokenShowsInNoDescription() throws {
    var configuration = ClientConfiguration()
    configuration.token = try BearerToken("ws_secret")
    for text in ["\(configuration)", String(reflecting: configuration), "\(String(describing: configuration.token))"] {
      #expect(!text.contains("ws_secret") && text.contains("(a token)"))
    }
    var dumped = ""
    dump(configuration, to: &dumped)
    #expect(!dumped.contains("ws_secret"))
  }

  @Test(arguments: ["", "a b", "a\nb", "é", "a,b", String(repeating: "a", count: 4097)])
  func whatIsNoTokenIsRefusedAndNotRepeated(text: String) {
    let error = #expect(throws: WeightClientError.self) { try BearerToken(text) }
    #expect(error?.code == .invalidArgument && (text.isEmpty || error?.message.contains(text) == false))
  }
}
