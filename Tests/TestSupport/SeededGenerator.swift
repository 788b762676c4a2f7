/// Random numbers that a seed decides: a failure names the seed, and the seed brings the failure back.
///
/// The algorithm is SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators).
public struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  /// Numbers of a seed.
  public init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 0x1234_5678_9ABC_DEF1 }

  /// Numbers of a seed.
  public init(seed: Int) { self.init(seed: UInt64(truncatingIfNeeded: seed)) }

  /// The next 64 bits.
  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// A number of a range.
  public mutating func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &self) }

  /// One of some values.
  public mutating func one<Value>(of values: [Value]) -> Value { values[number(0...values.count - 1)] }

  /// True as often as one in so many.
  public mutating func chance(in count: Int) -> Bool { number(1...count) == 1 }
}
