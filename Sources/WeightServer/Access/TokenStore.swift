import Loader
import Logging
import Platform
import Synchronization

/// The tokens that count now: those of a file, read again where it has changed. A file that cannot be used leaves those before it in
/// force.
final class TokenStore: Sendable {
  /// The file's path.
  let path: String
  private let logger: Logger
  private let state = Mutex(State())

  private struct State {
    var tokens = TokenList()
    /// The file as it was when it was last looked at; nil where it was not there.
    var seen: FileStatus?
  }

  /// Bytes that the file may have.
  private static let sizeLimit = 4 << 20

  /// Reads the file.
  /// - Throws: what is wrong with it.
  init(path: String, logger: Logger) throws(ConfigurationError) {
    self.path = path
    self.logger = logger
    try reload()
  }

  /// The token that some text is, if it counts now.
  func entry(for token: String) -> TokenEntry? {
    let tokens = state.withLock { $0.tokens }
    return tokens.entry(for: token, at: WallClock.seconds())
  }

  /// Reads the file again, changed or not.
  /// - Throws: what is wrong with it; the tokens before it stay in force.
  func reload() throws(ConfigurationError) {
    let seen = try? FileStatus.of(path: path)
    state.withLock { $0.seen = seen }
    let (tokens, status) = try read()
    state.withLock { $0 = State(tokens: tokens, seen: status) }
    logger.notice("tokens are in force", metadata: ["file": "\(path.escaped)", "tokens": "\(tokens.entries.count)"])
    if status.permissions & 0o006 != 0 {
      logger.warning(
        "the file of tokens can be read or written by every user of this machine: take that away with chmod o-rw",
        metadata: ["file": "\(path.escaped)"])
    }
  }

  /// Reads the file again if it is not as it was when it was last looked at.
  func reloadIfChanged() {
    let now = try? FileStatus.of(path: path)
    guard now != state.withLock({ $0.seen }) else { return }
    do throws(ConfigurationError) {
      try reload()
    } catch {
      logger.error("tokens are not reloaded; those before stay in force", metadata: ["error": "\(error)"])
    }
  }

  private func read() throws(ConfigurationError) -> (TokenList, FileStatus) {
    let file: SourceFile
    let bytes: [UInt8]
    do throws(SystemError) {
      file = try SourceFile.opening(path)
      bytes = try file.bytes(at: 0, count: Int(min(file.size, UInt64(TokenStore.sizeLimit))))
    } catch {
      throw ConfigurationError(place: "tokens.file", message: "\(path.escaped) cannot be read: \(error.reason)")
    }
    guard file.size <= UInt64(TokenStore.sizeLimit) else {
      throw ConfigurationError(
        place: path, message: "has \(file.size) bytes; at most \(TokenStore.sizeLimit) are read")
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw ConfigurationError(place: path, message: "is not UTF-8")
    }
    do throws(TokenList.Fault) {
      return (try TokenList(parsing: text), file.opened)
    } catch {
      throw ConfigurationError(place: "\(path):\(error.line)", message: error.message)
    }
  }
}
