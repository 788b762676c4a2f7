import Logging
import Platform
import TestSupport
import Testing

@testable import WeightServer

@Suite struct TokenStoreTests {
  private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

  private func line(_ name: String, _ token: String) -> String {
    "\(name) \(SHA256.digest(of: Array(token.utf8)).hexadecimal) read\n"
  }

  @Test func aChangedFileCountsAndABadOneLeavesTheTokensBeforeIt() throws {
    let folder = try TemporaryFolder()
    let path = Path.join(folder.path, try folder.write("tokens", line("a", "one")))
    let store = try TokenStore(path: path, logger: logger)
    #expect(store.entry(for: "one")?.name == "a")
    try folder.write("tokens", line("a", "one") + line("b", "two"))
    store.reloadIfChanged()
    #expect(store.entry(for: "two")?.name == "b")
    try folder.write("tokens", "b nonsense")
    store.reloadIfChanged()
    #expect(store.entry(for: "one")?.name == "a" && store.entry(for: "two")?.name == "b")
    let error = #expect(throws: ConfigurationError.self) { try store.reload() }
    #expect(error?.description.hasPrefix("\(path):1: ") == true)
    try folder.write("tokens", line("b", "two"))
    store.reloadIfChanged()
    #expect(store.entry(for: "one") == nil && store.entry(for: "two")?.name == "b")
  }

  @Test func aFileThatCannotBeReadIsSaidAtOnce() throws {
    let folder = try TemporaryFolder()
    let error = #expect(throws: ConfigurationError.self) {
      try TokenStore(path: Path.join(folder.path, "none"), logger: logger)
    }
    #expect(error?.description.contains("cannot be read: No such file") == true)
  }
}
