import Foundation
import Testing

/// The built binary, started with some arguments in a folder of its own.
final class ChildProcess {
  private let process = Process()
  private let folder: TemporaryFolder
  private let output = OutputCollector()
  private let ended = DispatchSemaphore(value: 0)

  /// Seconds that anything may take before a test is failed for it.
  private static let patience = 60.0

  /// Starts it.
  /// - Parameters:
  ///   - environment: variables beside those that the tests were started with.
  ///   - workingFolder: where it runs; its own temporary folder by default.
  init(_ arguments: [String], environment: [String: String] = [:], workingFolder: String? = nil) throws {
    folder = try TemporaryFolder()
    let errors = try folder.write("stderr", [])
    process.executableURL = URL(fileURLWithPath: Repository.binary)
    process.arguments = arguments
    process.currentDirectoryURL = URL(fileURLWithPath: workingFolder ?? folder.path)
    let inherited = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("WEIGHT_SERVER_") }
    let own = ["SWIFT_BACKTRACE": "enable=no", "XDG_CACHE_HOME": "\(folder.path)/cache"]
    process.environment = inherited.merging(own) { $1 }.merging(environment) { $1 }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = output.pipe
    process.standardError = try FileHandle(forWritingTo: URL(fileURLWithPath: errors))
    process.terminationHandler = { [ended] _ in ended.signal() }
    try process.run()
    output.start()
  }

  deinit {
    if process.isRunning { kill() }
  }

  /// What it wrote to standard error so far.
  var errors: String {
    String(decoding: (try? Repository.read("\(folder.path)/stderr")) ?? [], as: UTF8.self)
  }

  /// Its process's number.
  var identifier: Int32 { process.processIdentifier }

  /// Waits until standard output has so many whole lines, and returns them.
  func lines(_ count: Int) throws -> [String] {
    let deadline = DispatchTime.now() + ChildProcess.patience
    while true {
      let whole = output.text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
      if whole.count >= count { return whole }
      guard process.isRunning, output.waitForMore(until: deadline) else { break }
    }
    throw UnexpectedEnd("standard output has not \(count) lines: \(output.text); standard error: \(errors)")
  }

  /// All that it wrote to standard output, once it has closed it.
  func wholeOutput() throws -> String {
    guard output.waitForEnd(until: .now() + ChildProcess.patience) else {
      throw UnexpectedEnd("standard output stays open")
    }
    return output.text
  }

  /// Asks it to stop.
  func terminate() { process.terminate() }

  /// Asks it to read its configuration again.
  func hangUp() { Foundation.kill(identifier, SIGHUP) }

  /// Ends it at once, without a chance to tidy up.
  func kill() { Foundation.kill(identifier, SIGKILL) }

  /// Waits for its end, and returns its exit status; a signal that ended it counts as 128 and its number.
  func exitStatus() throws -> Int32 {
    guard ended.wait(timeout: .now() + ChildProcess.patience) == .success else {
      throw UnexpectedEnd("the process does not end; standard error: \(errors)")
    }
    ended.signal()
    return process.terminationReason == .exit ? process.terminationStatus : 128 + process.terminationStatus
  }
}

/// A child that did not do what a test waited for.
struct UnexpectedEnd: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}
