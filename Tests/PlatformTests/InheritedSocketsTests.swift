import Testing

@testable import Platform

@Suite struct InheritedSocketsTests {
  @Test(arguments: [
    [:], ["LISTEN_FDS": "1"], ["LISTEN_PID": "7"], ["LISTEN_PID": "8", "LISTEN_FDS": "1"],
    ["LISTEN_PID": "7", "LISTEN_FDS": "0"], ["LISTEN_PID": "7", "LISTEN_FDS": "-1"],
    ["LISTEN_PID": "7", "LISTEN_FDS": "1000000"], ["LISTEN_PID": "7", "LISTEN_FDS": "many"],
  ])
  func variablesForAnotherProcessOrOfNoSenseGiveNone(variables: [String: String]) {
    #expect(InheritedSockets.numbers(variables, processID: 7).isEmpty)
  }

  @Test func descriptorsThatAreNotOpenAreLeftOut() {
    let numbers = InheritedSockets.numbers(["LISTEN_PID": "7", "LISTEN_FDS": "1024"], processID: 7)
    #expect(numbers.allSatisfy { (3..<1027).contains($0) })
    #expect(numbers.count < 1024)
  }
}
