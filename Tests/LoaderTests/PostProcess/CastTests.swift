import Loader
import TestSupport
import Testing

@Suite struct CastTests {
  @Test func numbersAreCastAndTheRestIsLeftAlone() throws {
    let checkpoint = try LinearCheckpoint(width: 40, wide: 24, seed: 3)
    let served = try Fixtures.tensors(of: try checkpoint.body([("dtype", "float16")]).bytes())
    for (name, numbers) in checkpoint.numbers {
      let tensor = try #require(served[name])
      #expect(tensor.dtype == .f16)
      let bytes = numbers.flatMap { number in
        let bits = Float16(number).bitPattern
        return [UInt8(truncatingIfNeeded: bits), UInt8(truncatingIfNeeded: bits >> 8)]
      }
      #expect(tensor.bytes == bytes)
    }
  }

  @Test func aCastToTheSourcesTypeIsNone() throws {
    let plan = try LinearCheckpoint(width: 40, wide: 24, seed: 3).body([("dtype", "float32")]).plan
    #expect(plan.costs.transformed == 0)
    #expect(plan.tensors.allSatisfy { $0.scheme.name == "native" })
  }

  @Test(arguments: ["float16", "bfloat16", "float8_e4m3fn", "float8_e5m2"])
  func anyRangeAloneIsThatSliceOfTheWhole(_ dtype: String) throws {
    let checkpoint = try LinearCheckpoint(width: 150, wide: 260, seed: 4)
    let body = try checkpoint.body([("dtype", dtype)], rank: 1, mp: 2)
    let all = try body.bytes()
    var random = SeededGenerator(seed: 4)
    for _ in 0..<100 {
      let low = random.number(0...body.plan.length)
      let high = min(random.number(low...body.plan.length), low + random.one(of: [1, 3, 100, 50_000]))
      #expect(try body.bytes(low..<high) == Array(all[low..<high]), "bytes \(low)..<\(high)")
    }
  }
}
