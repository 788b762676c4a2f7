/// How large the head of a message may be before it is refused.
package struct HeadLimits: Hashable, Sendable {
  /// Bytes of a request's target; more is 414.
  package var targetBytes = 8 * 1024
  /// Bytes of all field lines together, with their line ends; more is 431.
  package var fieldBytes = 32 * 1024
  /// Field lines; more is 431.
  package var fieldCount = 100

  /// The defaults.
  package init() {}

  /// Bytes of a start line: the target and what stands around it.
  var startLineBytes: Int { targetBytes.addingReportingOverflow(64).overflow ? Int.max : targetBytes + 64 }
}
