import CLibFuzzer
import Glibc

/// `fuzz TARGET [libFuzzer's arguments]`: gives a parser inputs that libFuzzer makes.
///
/// libFuzzer's own `main` is left out: with all targets behind one, the parsers are compiled and linked once.
@main enum Fuzz {
  /// The targets by name.
  static let targets: [String: any FuzzTarget.Type] = [
    "safetensors": SafetensorsTarget.self, "zip": ZipTarget.self, "pickle": PickleTarget.self, "npy": NumPyTarget.self,
    "dcp": DistributedTarget.self, "json": JSONTarget.self, "manifest": ManifestTarget.self,
    "head": RequestHeadTarget.self, "chunked": ChunkedTarget.self,
  ]

  /// The one that was asked for: set before libFuzzer starts, which calls from this thread only.
  nonisolated(unsafe) private static var target: (any FuzzTarget)?

  static func main() throws {
    let arguments = CommandLine.arguments
    guard arguments.count > 1, let type = targets[arguments[1]] else {
      print("usage: fuzz TARGET [libFuzzer's arguments]; targets are", targets.keys.sorted().joined(separator: ", "))
      exit(64)
    }
    unsafe target = try type.init()
    var words = ([arguments[0]] + arguments.dropFirst(2)).map { unsafe strdup($0) } + [nil]
    var count = CInt(words.count - 1)
    let status = unsafe words.withUnsafeMutableBufferPointer { buffer in
      var first = buffer.baseAddress
      return unsafe LLVMFuzzerRunDriver(&count, &first) { bytes, length in
        unsafe Fuzz.run(Array(UnsafeBufferPointer(start: bytes, count: length)))
        return 0
      }
    }
    exit(status)
  }

  private static func run(_ bytes: [UInt8]) {
    unsafe target?.run(bytes)
  }
}
