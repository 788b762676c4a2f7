/// A setting that cannot be used: where it stands, what is wrong, what would be right.
package struct ConfigurationError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The file and line, the variable, or the option.
  package let place: String
  /// What is wrong and what would be right.
  package let message: String

  /// One line.
  package var description: String { "\(place): \(message)" }
}
