import Glibc
import Platform
import Testing

@Suite struct OutputFileTests {
  /// Runs a test in a folder of its own.
  private func withFolder(_ body: (String) throws -> Void) throws {
    let path = "/tmp/weight-server-output-\(UInt64.random(in: 0 ..< .max))"
    guard unsafe mkdir(path, 0o700) == 0 else { throw SystemError("mkdir", on: path) }
    defer {
      for name in (try? Folder.names(in: path)) ?? [] { try? OutputFile.remove(Path.join(path, name)) }
      unsafe rmdir(path)
    }
    try body(path)
  }

  /// Whether another opener gets the lock of a file.
  private func locks(_ path: String) throws -> Bool {
    switch try OutputFile.openLocked(path) {
    case .some: true
    case .none: false
    }
  }

  @Test func whatIsWrittenAnywhereIsReadBack() throws {
    try withFolder { folder in
      let file = try OutputFile.open(Path.join(folder, "f"))
      try file.reserve(1000)
      #expect(try file.size() == 1000)
      try file.write([1, 2, 3], at: 500)
      let buffer = ByteBuffer(capacity: 4)
      #expect(buffer.replace(with: [9, 8, 7, 6, 5]) == 4)
      try file.write(buffer, at: 998)
      #expect(try file.bytes(at: 499, count: 5) == [0, 1, 2, 3, 0])
      #expect(try file.bytes(at: 997, count: 100) == [0, 9, 8, 7, 6])
      try file.resize(to: 501)
      #expect(try file.bytes(at: 500, count: 10) == [1])
      #expect(throws: SystemError.self) { try file.write([1], at: Int.max) }
    }
  }

  @Test func aSecondLockIsRefusedUntilTheFirstGoes() throws {
    try withFolder { folder in
      let path = Path.join(folder, "f")
      do {
        guard let first = try OutputFile.openLocked(path) else {
          Issue.record("a new file is locked")
          return
        }
        #expect(try !locks(path))
        try first.write([1], at: 0)
      }
      #expect(try locks(path))
    }
  }

  @Test func aRenamedFileIsNotWhatItsOldNameLocks() throws {
    try withFolder { folder in
      let (old, new) = (Path.join(folder, "old"), Path.join(folder, "new"))
      guard let first = try OutputFile.openLocked(old) else {
        Issue.record("a new file is locked")
        return
      }
      try first.write([1], at: 0)
      try first.rename(to: new)
      // The first still holds its lock, on the file that has the new name now.
      #expect(try locks(old))
      #expect(try FileStatus.of(path: old).size == 0)
      #expect(try FileStatus.of(path: new).size == 1)
    }
  }

  @Test func linksAndFoldersAreNotWritten() throws {
    try withFolder { folder in
      let (target, link) = (Path.join(folder, "t"), Path.join(folder, "l"))
      guard unsafe symlink(target, link) == 0 else { throw SystemError("symlink", on: link) }
      for path in [link, folder, Path.join(folder, "none/f")] {
        let error = #expect(throws: SystemError.self) { try locks(path) }
        #expect(error?.call == "open")
      }
      #expect(throws: SystemError.self) { try FileStatus.of(path: target) }
    }
  }

  @Test func removingWhatIsNotThereIsNoError() throws {
    try withFolder { folder in
      try OutputFile.remove(Path.join(folder, "none"))
      let error = #expect(throws: SystemError.self) {
        let file = try OutputFile.open(Path.join(folder, "none"), create: false)
        #expect(file.path.isEmpty)
      }
      #expect(error?.isMissingFile == true)
    }
  }
}
