extension Duration {
  /// The duration in seconds, to the millisecond.
  package var inSeconds: Double {
    Double(components.seconds) + Double(components.attoseconds / 1_000_000_000_000_000) / 1000
  }

  /// The duration in seconds, to the microsecond.
  package var inFineSeconds: Double {
    Double(components.seconds) + Double(components.attoseconds / 1_000_000_000_000) / 1_000_000
  }

  /// The duration in nanoseconds, within what the number holds.
  package var inNanoseconds: Int {
    let (seconds, isTooLong) = Int(components.seconds).multipliedReportingOverflow(by: 1_000_000_000)
    let (sum, overflows) = seconds.addingReportingOverflow(Int(components.attoseconds / 1_000_000_000))
    return isTooLong || overflows ? (components.seconds < 0 ? .min : .max) : sum
  }
}
