import Testing

/// Expects a value of a call that changes its receiver, which `#expect` cannot take apart.
func expect<Value: Equatable>(_ value: Value, _ expected: Value, sourceLocation: SourceLocation = #_sourceLocation) {
  #expect(value == expected, sourceLocation: sourceLocation)
}
