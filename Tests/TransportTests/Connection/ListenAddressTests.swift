import Testing

@testable import Transport

@Suite struct ListenAddressTests {
  @Test(arguments: [
    ("127.0.0.1:80", ListenAddress.tcp(host: "127.0.0.1", port: 80), "127.0.0.1:80"),
    ("localhost:0", .tcp(host: "localhost", port: 0), "localhost:0"), (":8080", .tcp(host: "", port: 8080), ":8080"),
    ("*:1", .tcp(host: "*", port: 1), "*:1"), ("[::1]:65535", .tcp(host: "::1", port: 65535), "[::1]:65535"),
    ("http://h:1", .tcp(host: "h", port: 1), "h:1"), ("unix:/run/a b", .unix(path: "/run/a b"), "unix:/run/a b"),
    ("unix:a", .unix(path: "a"), "unix:a"), ("https://h:1", .tls(host: "h", port: 1), "https://h:1"),
    ("https://[::1]:0", .tls(host: "::1", port: 0), "https://[::1]:0"),
  ])
  func anAddressIsReadAndWritten(text: String, address: ListenAddress, written: String) throws {
    #expect(try ListenAddress(parsing: text) == address)
    #expect(address.description == written)
  }

  @Test(arguments: [
    "", "host", "host:", "host:65536", "host:-1", "::1:80", "ho st:1", "unix:", "unix:\0", "http://", "https://",
    "https://h", "h:8a",
  ])
  func anythingElseIsRefused(text: String) {
    let error = #expect(throws: StatusError.self) { try ListenAddress(parsing: text) }
    #expect(error?.code == .invalidArgument)
  }
}
