import CLinux
import Glibc

/// What several processes that share a folder of files tell each other of them.
extension SourceFile {
  /// Takes a lock that other readers may have too (`flock(2)`), for as long as the file is open; false where a writer has it.
  package func lockShared() throws(SystemError) -> Bool {
    try lock(LOCK_SH)
  }

  /// Takes the lock that nobody else may have (`flock(2)`), for as long as the file is open; false where another has any.
  package func lockExclusive() throws(SystemError) -> Bool {
    try lock(LOCK_EX)
  }

  private func lock(_ kind: CInt) throws(SystemError) -> Bool {
    try nonBlocking("flock", on: path) { flock(number, kind | LOCK_NB) } != nil
  }

  /// Makes now the file's access time, whatever the file system was mounted with; it is only a hint, so a failure is no error.
  package func noteUse() {
    _ = linux_note_use(number)
  }
}
