import Glibc
import Platform

@testable import Loader

/// A file that an input is written to, for parsers that read files.
struct ScratchFile {
  /// The folder of the file.
  let folder: String
  private let name: String
  private let roots: Roots

  /// A file in a folder, or in the one that the environment's `FUZZ_FOLDER` names, else one that has this process's number in its name.
  init(name: String, folder: String? = nil) throws {
    let given = unsafe getenv("FUZZ_FOLDER").map { unsafe String(cString: $0) }
    let folder = folder ?? given ?? "/tmp/weight-server-fuzz-\(getpid())"
    mkdir(folder, 0o700)
    self.folder = folder
    self.name = name
    roots = try Roots().adding(folder: folder)
  }

  /// Writes the file, made longer by zeros that take no space.
  func table(_ bytes: [UInt8], zeros: UInt64 = 0) -> FileTable {
    let descriptor = open("\(folder)/\(name)", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    promise(descriptor >= 0, "the scratch file cannot be written")
    promise(unsafe write(descriptor, bytes, bytes.count) == bytes.count, "the scratch file cannot be written")
    if zeros > 0 { promise(ftruncate(descriptor, off_t(bytes.count) + off_t(zeros)) == 0, "no sparse files") }
    close(descriptor)
    return FileTable(folder: folder, roots: roots)
  }
}
