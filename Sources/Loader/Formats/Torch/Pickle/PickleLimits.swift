/// What a pickle may ask for. Each is far above what the frameworks write, and small enough to bound time and memory.
enum PickleLimits {
  /// Bytes of one pickle.
  static let bytes: UInt64 = 1 << 30
  /// Values in one pickle: about a million chunks of a distributed checkpoint.
  static let nodes = 1 << 25
  /// Values on the stack; a tuple's items stand there all at once.
  static let stack = 1 << 20
  /// Marks at once. CPython's own pickler gives up at a nesting of about 1,000.
  static let marks = 4_096
  /// Nesting of lists, tuples, sets and dictionaries in one another.
  static let depth = 500
  /// Characters of a number written as text (CPython's limit for integers is 4,300 digits).
  static let digits = 4_300
  /// Bytes of a module's or a class's name.
  static let name = 1_024
}
