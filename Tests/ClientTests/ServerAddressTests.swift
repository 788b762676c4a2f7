import Testing

@testable import WeightServerClient

@Suite struct ServerAddressTests {
  @Test(arguments: [
    ("http://localhost", "localhost", 80, "", "localhost"),
    ("http://localhost/", "localhost", 80, "", "localhost"),
    ("HTTP://127.0.0.1:8080", "127.0.0.1", 8080, "", "127.0.0.1:8080"),
    ("http://[::1]:9/weights/", "::1", 9, "/weights", "[::1]:9"),
    ("http://[fe80::1]", "fe80::1", 80, "", "[fe80::1]"),
    ("http://a-b.example:65535/x/y%20z", "a-b.example", 65535, "/x/y%20z", "a-b.example:65535"),
  ])
  func aURLNamesHostPortAndPath(url: String, host: String, port: Int, path: String, field: String) throws {
    let address = try ServerAddress(url)
    #expect(address.endpoint == .tcp(host: host, port: UInt16(port)))
    #expect(address.basePath == path)
    #expect(address.hostField == field)
    #expect(try ServerAddress(address.description) == address)
  }

  @Test(arguments: [("unix:/run/w.sock", "/run/w.sock"), ("unix:///run/w.sock", "/run/w.sock"), ("unix:w", "w")])
  func aUnixAddressNamesASocket(url: String, path: String) throws {
    let address = try ServerAddress(url)
    #expect(address.endpoint == .unix(path: path))
    #expect(address.hostField == "localhost")
    #expect(try ServerAddress(address.description) == address)
  }

  @Test(arguments: [
    "", "localhost", "localhost:8080", "ftp://a", "http://", "http://:80", "http://a:0", "http://a:65536", "http://a:b",
    "http://a:", "http://u@a", "http://[::1", "http://[::1]x", "http://[x]", "http://a/?q", "http://a/#f", "http://a b",
    "http://a/b c", "http://a\u{0}", "unix:", "unix://", "unix:a\u{0}b",
  ])
  func whatIsNoAddressIsRefused(url: String) {
    let error = #expect(throws: WeightClientError.self) { try ServerAddress(url) }
    #expect(error?.code == .invalidArgument)
    #expect(error?.origin == .request)
    #expect(error?.message.contains("http://HOST:PORT") == true)
  }

  @Test func aSocketPathHasAtMost107Bytes() throws {
    #expect(throws: WeightClientError.self) { try ServerAddress("unix:" + String(repeating: "a", count: 108)) }
    _ = try ServerAddress("unix:" + String(repeating: "a", count: 107))
  }

  @Test(arguments: [
    ("https://a", "a", 443, "a"), ("https://a:443/", "a", 443, "a"), ("https://a:80", "a", 80, "a:80"),
    ("HTTPS://[::1]:8443/x", "::1", 8443, "[::1]:8443"),
  ])
  func httpsHasAPortOfItsOwn(url: String, host: String, port: Int, field: String) throws {
    let address = try ServerAddress(url)
    #expect(address.endpoint == .tls(host: host, port: UInt16(port)))
    #expect(address.hostField == field)
    #expect(address.description.hasPrefix("https://"))
    #expect(try ServerAddress(address.description) == address)
  }
}
