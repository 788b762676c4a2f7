import Testing

@testable import Platform

@Suite struct ServiceManagerTests {
  @Test(
    arguments: [
      ([:], nil), (["NOTIFY_SOCKET": ""], nil), (["NOTIFY_SOCKET": "relative/path"], nil),
      (["NOTIFY_SOCKET": "vsock:2:1234"], nil), (["NOTIFY_SOCKET": "/run/notify"], "none"),
      (["NOTIFY_SOCKET": "@abstract"], "none"),
      (["NOTIFY_SOCKET": "/run/notify", "WATCHDOG_USEC": "60000000"], "60.0 seconds"),
      (["NOTIFY_SOCKET": "/run/notify", "WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "7"], "60.0 seconds"),
      (["NOTIFY_SOCKET": "/run/notify", "WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "8"], "none"),
      (["NOTIFY_SOCKET": "/run/notify", "WATCHDOG_USEC": "0"], "none"),
      (["NOTIFY_SOCKET": "/run/notify", "WATCHDOG_USEC": "soon"], "none"),
      (["NOTIFY_SOCKET": "/" + String(repeating: "x", count: 200)], nil),
    ] as [([String: String], String?)])
  func aManagerIsKnownByItsVariables(variables: [String: String], watchdog: String?) {
    let manager = ServiceManager(variables, processID: 7)
    #expect(manager.map { $0.watchdog.map { "\($0)" } ?? "none" } == watchdog)
  }

  @Test func aStatusIsOneLine() {
    #expect(ServiceManager.Message.status("a\nREADY=1\r\nb").text == "STATUS=a READY=1 b")
  }

  @Test func aManagerThatIsNotThereIsNoReasonToFail() throws {
    try #require(ServiceManager(["NOTIFY_SOCKET": "/nonexistent/notify"])).tell(.ready, .status("well"))
  }
}
