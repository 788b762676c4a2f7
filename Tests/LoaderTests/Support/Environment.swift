import Glibc

/// The environment of the tests.
enum Environment {
  /// A variable's value; nil where it is not set.
  static func value(of name: String) -> String? {
    // SAFETY: nothing in the tests changes the environment, so the pointer stays valid while it is read.
    guard let value = unsafe getenv(name) else { return nil }
    return unsafe String(cString: value)
  }
}
