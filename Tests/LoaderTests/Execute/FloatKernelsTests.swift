import CKernels
import TestSupport
import Testing

@testable import Loader

/// The kernels at every level of this processor: the same bits everywhere, and the nearest number of each type.
@Suite struct FloatKernelsTests {
  private static let levels = KERNELS_PORTABLE.rawValue...UInt32(kernels_best_level())
  private static let types: [DType] = [.f64, .f32, .f16, .bf16, .f8e4m3, .f8e5m2]

  private func widen(_ bytes: [UInt8], _ dtype: DType, level: UInt32) throws -> [Float] {
    let type = try #require(FloatKernels.type(dtype))
    let count = bytes.count / (dtype.byteSize ?? 1)
    var result = [Float](repeating: 0, count: count)
    unsafe kernels_widen(Int32(level), type, bytes, &result, count)
    return result
  }

  private func narrow(_ numbers: [Float], _ dtype: DType, level: UInt32) throws -> [UInt8] {
    let type = try #require(FloatKernels.type(dtype))
    var result = [UInt8](repeating: 0, count: numbers.count * (dtype.byteSize ?? 1))
    unsafe kernels_narrow(Int32(level), type, numbers, &result, numbers.count)
    return result
  }

  private func bytes(of numbers: [Float]) -> [UInt8] {
    numbers.flatMap { number in (0..<4).map { UInt8(truncatingIfNeeded: number.bitPattern >> (8 * UInt32($0))) } }
  }

  /// Every pattern of a type of at most 16 bits.
  private func patterns(_ dtype: DType) -> [UInt8] {
    dtype.bitSize == 8
      ? (0..<256).map { UInt8($0) }
      : (0..<65_536).flatMap { [UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8)] }
  }

  /// Floats of all magnitudes, ties and neighbours of ties among them.
  private func numbers(_ count: Int, seed: Int) -> [Float] {
    var random = SeededGenerator(seed: seed)
    return (0..<count).map { _ in
      let bits = UInt32(truncatingIfNeeded: random.next())
      switch random.number(0...3) {
      case 0: return Float(bitPattern: bits & 0xFFFF_F000)
      case 1: return Float(bitPattern: (bits & 0xFFF0_0000) &+ UInt32(random.number(0...2)) &- 1)
      default: return Float(bitPattern: bits)
      }
    }
  }

  @Test(arguments: [DType.f16, .bf16, .f8e4m3, .f8e5m2])
  func everyPatternSurvivesTheWayThroughFloat(_ dtype: DType) throws {
    let all = patterns(dtype)
    let size = dtype.byteSize ?? 1
    for level in FloatKernelsTests.levels {
      let floats = try widen(all, dtype, level: level)
      let back = try narrow(floats, dtype, level: level)
      for index in floats.indices where !floats[index].isNaN && floats[index].isFinite {
        let range = index * size..<(index + 1) * size
        if back[range] != all[range] { Issue.record("level \(level): pattern \(index) of \(dtype)") }
      }
      if dtype == .f16 {
        for index in floats.indices {
          let expected = Float(Float16(bitPattern: UInt16(index)))
          #expect(floats[index] == expected || floats[index].isNaN && expected.isNaN)
        }
      }
    }
  }

  @Test(arguments: types) func everyLevelWidensToTheSameBits(_ dtype: DType) throws {
    var all = dtype.bitSize <= 16 ? patterns(dtype) : bytes(of: numbers(20_002, seed: 1))
    all += all.prefix(24)
    let expected = try widen(all, dtype, level: 0).map(\.bitPattern)
    for level in FloatKernelsTests.levels {
      #expect(try widen(all, dtype, level: level).map(\.bitPattern) == expected, "level \(level)")
    }
  }

  @Test(arguments: types.dropFirst()) func everyLevelNarrowsToTheSameBits(_ dtype: DType) throws {
    for count in [0, 1, 7, 8, 9, 31, 100_003] {
      let floats = numbers(count, seed: count)
      let expected = try narrow(floats, dtype, level: 0)
      for level in FloatKernelsTests.levels {
        #expect(try narrow(floats, dtype, level: level) == expected, "level \(level), \(count) numbers")
      }
    }
  }

  @Test(arguments: [DType.f16, .bf16, .f8e4m3, .f8e5m2])
  func aNumberBecomesTheNearestAndATieTheEvenOne(_ dtype: DType) throws {
    let all = patterns(dtype)
    let size = dtype.byteSize ?? 1
    let values = try widen(all, dtype, level: 0)
    // Patterns from 0 up to the largest finite number are in order.
    let positive = values.prefix(values.count / 2).prefix { $0.isFinite }
    let floats = numbers(20_000, seed: 7).filter { abs($0) <= positive[positive.count - 1] }
    let narrowed = try narrow(floats, dtype, level: 0)
    for (index, number) in floats.enumerated() {
      let pattern = (0..<size).reduce(0) { $0 | Int(narrowed[index * size + $1]) << (8 * $1) } & (values.count / 2 - 1)
      let distance = abs(Double(abs(number)) - Double(positive[pattern]))
      for other in [pattern - 1, pattern + 1] where positive.indices.contains(other) {
        let otherDistance = abs(Double(abs(number)) - Double(positive[other]))
        if otherDistance < distance || otherDistance == distance && pattern % 2 != 0 {
          Issue.record("\(number) became \(positive[pattern]) of \(dtype), not \(positive[other])")
        }
      }
    }
  }

  @Test func whatIsTooLargeIsInfiniteOrTheLargestAndNaNStaysNaN() throws {
    let large: [Float] = [.infinity, -.infinity, .greatestFiniteMagnitude, 1e30, .nan, -.nan]
    #expect(try narrow(large, .f8e4m3, level: 0) == [0x7E, 0xFE, 0x7E, 0x7E, 0x7F, 0xFF])
    #expect(try narrow(large, .f8e5m2, level: 0) == [0x7C, 0xFC, 0x7C, 0x7C, 0x7F, 0xFF])
    #expect(try narrow(large, .f16, level: 0) == [0, 0x7C, 0, 0xFC, 0, 0x7C, 0, 0x7C, 0, 0x7E, 0, 0xFE])
    #expect(try narrow(large.dropLast(3), .bf16, level: 0) == [0x80, 0x7F, 0x80, 0xFF, 0x80, 0x7F])
    #expect(try widen(narrow([.nan], .bf16, level: 0), .bf16, level: 0)[0].isNaN)
  }

  @Test func everyLevelFindsTheSameExtremes() throws {
    for seed in 0..<300 {
      var random = SeededGenerator(seed: seed)
      var floats = numbers(random.number(1...200), seed: seed).map { $0.isNaN ? 1 : $0 }
      let hasNaN = random.chance(in: 3)
      if hasNaN { floats[random.number(0...floats.count - 1)] = random.one(of: [.nan, -.nan]) }
      for level in FloatKernelsTests.levels {
        var (least, greatest): (Float, Float) = (0, 0)
        unsafe kernels_extremes(Int32(level), floats, floats.count, &least, &greatest)
        if hasNaN {
          #expect(least.isNaN && greatest.isNaN, "seed \(seed)")
        } else {
          #expect(least == floats.min() && greatest == floats.max(), "seed \(seed)")
        }
      }
    }
  }

  @Test func everyLevelQuantizesToTheSameValues() {
    for seed in 0..<100 {
      var random = SeededGenerator(seed: seed)
      let floats = numbers(random.number(1...300), seed: seed)
      let scale = random.one(of: [Float(0), 1, 0.37, 1e20, .nan, .infinity])
      let zero = random.one(of: [Float(0), -3, 1e10, .nan])
      var signed: [[Int8]] = []
      var unsigned: [[UInt8]] = []
      for level in FloatKernelsTests.levels {
        var bytes = [Int8](repeating: 0, count: floats.count)
        var nibbles = [UInt8](repeating: 0, count: floats.count)
        unsafe kernels_quantize8(Int32(level), floats, &bytes, floats.count, scale)
        unsafe kernels_quantize4(Int32(level), floats, &nibbles, floats.count, zero, scale)
        signed.append(bytes)
        unsigned.append(nibbles)
      }
      #expect(signed.allSatisfy { $0 == signed[0] }, "seed \(seed)")
      #expect(unsigned.allSatisfy { $0 == unsigned[0] }, "seed \(seed)")
      #expect(signed[0] == floats.map { ReferenceQuantizer.int8($0, multiplier: scale) }, "seed \(seed)")
      #expect(unsigned[0] == floats.map { ReferenceQuantizer.int4($0, zero: zero, scale: scale) }, "seed \(seed)")
    }
  }
}
