extension String {
  /// The text with control characters and bidirectional overrides as `\u{…}`, cut to 200 characters: fit for a log line, a
  /// terminal or a header whatever a file put into it.
  public var escaped: String {
    var result = ""
    var count = 0
    for scalar in unicodeScalars {
      count += 1
      if count > 200 { return result + "…" }
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned, .privateUse:
        result += "\\u{" + String(scalar.value, radix: 16) + "}"
      default:
        result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
