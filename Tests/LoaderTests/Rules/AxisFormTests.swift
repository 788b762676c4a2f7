import Loader
import TestSupport
import Testing

/// The laws of the algebra over random forms, each against dealing the positions one by one.
@Suite struct AxisFormTests {
  /// A form at random, with an extent that it fits more often than not.
  struct Sample {
    let form: AxisForm
    let extent: Int
    let mp: Int

    init(seed: Int) {
      var random = SeededGenerator(seed: seed)
      mp = random.one(of: [1, 1, 2, 2, 3, 4, 4, 6, 8])
      (form, extent) = Sample.form(&random, mp: mp, depth: 2)
    }

    private static func form(_ random: inout SeededGenerator, mp: Int, depth: Int) -> (AxisForm, Int) {
      switch random.number(0...(depth > 0 ? 8 : 3)) {
      case 0: return (.whole, random.number(0...12))
      case 1: return (.padded(multiple: random.number(1...3)), random.number(0...20))
      case 2, 3: return units(&random, mp, within: random.chance(in: 2) ? .whole : nil)
      case 4: return units(&random, mp, within: .positions)
      case 5, 6:
        let parts = (0..<random.number(1...3)).map { _ in
          let (form, extent) = form(&random, mp: mp, depth: depth - 1)
          return AxisForm.Part(extent: extent, form: form)
        }
        return (.parts(parts), parts.reduce(0) { $0 + $1.extent } + (random.chance(in: 30) ? 1 : 0))
      case 7:
        let count = random.number(1...3)
        let (form, extent) = form(&random, mp: mp, depth: depth - 1)
        return (.each(count: count, form), extent * count)
      default:
        let block = random.number(1...4)
        let (form, extent) = units(&random, mp, within: .whole)
        if random.chance(in: 2) { return (.aligned(block: block, form), extent) }
        return (.blocks(block: block, extent: extent, form), (extent + block - 1) / block)
      }
    }

    private static func units(_ random: inout SeededGenerator, _ mp: Int, within: AxisForm?) -> (AxisForm, Int) {
      let divisors = (1...mp).filter { mp % $0 == 0 }
      let count = random.chance(in: 8) ? random.number(1...9) : random.one(of: divisors + [mp, mp * 2, mp * 3])
      let length = random.one(of: [1, 2, 3, 4, 6, 12])
      return (.units(length: length, within: within), count * length)
    }
  }

  private static let cases = 10_000

  @Test func everyRankHoldsWhatDealingPositionsOneByOneGivesIt() {
    var possible = 0
    for seed in 0..<AxisFormTests.cases {
      let sample = Sample(seed: seed)
      for rank in 0..<sample.mp {
        let held = try? sample.form.held(rank: rank, mp: sample.mp, extent: sample.extent)
        let naive = NaiveDeal.held(
          sample.form, rank: rank, mp: sample.mp, of: Array(0..<sample.extent))
        if held?.positions != naive { Issue.record("seed \(seed), rank \(rank) of \(sample.mp): \(sample.form)") }
        if held != nil { possible += 1 }
      }
    }
    #expect(possible > AxisFormTests.cases)
  }

  @Test func everyPositionIsHeldByAsManyRanksAsTheFormStates() throws {
    for seed in 0..<AxisFormTests.cases {
      let sample = Sample(seed: seed)
      guard sample.form.allows(mp: sample.mp, extent: sample.extent) else { continue }
      var holders = Array(repeating: 0, count: sample.extent)
      for rank in 0..<sample.mp {
        let held = try sample.form.held(rank: rank, mp: sample.mp, extent: sample.extent)
        for position in Set(held.positions.compactMap { $0 }) { holders[position] += 1 }
      }
      let stated = NaiveDeal.holders(sample.form, mp: sample.mp, extent: sample.extent)
      if holders != stated { Issue.record("seed \(seed): \(sample.form) at mp \(sample.mp)") }
      if holders.contains(0) { Issue.record("seed \(seed): a position is held by nobody") }
    }
  }

  @Test func aFormThatAllowsADegreeDealsToEveryRankOfIt() {
    for seed in 0..<AxisFormTests.cases {
      let sample = Sample(seed: seed)
      let allows = sample.form.allows(mp: sample.mp, extent: sample.extent)
      for rank in 0..<sample.mp {
        let held = try? sample.form.held(rank: rank, mp: sample.mp, extent: sample.extent)
        if (held != nil) != allows { Issue.record("seed \(seed): rank \(rank) of \(sample.mp), \(sample.form)") }
      }
    }
  }

  @Test func neighbouringIntervalsAreJoinedAndNoneIsEmpty() throws {
    for seed in 0..<AxisFormTests.cases {
      let sample = Sample(seed: seed)
      guard let held = try? sample.form.held(rank: 0, mp: sample.mp, extent: sample.extent) else { continue }
      for (one, next) in zip(held, held.dropFirst()) {
        let areApart = one.start.map { $0 + one.count } != next.start
        if !areApart { Issue.record("seed \(seed): \(held) could be joined") }
      }
      if held.contains(where: { $0.count <= 0 }) { Issue.record("seed \(seed): \(held) holds an empty interval") }
    }
  }

  @Test func aSliceOfIntervalsIsTheSliceOfTheirPositions() throws {
    for seed in 0..<2000 {
      let sample = Sample(seed: seed)
      guard let held = try? sample.form.held(rank: sample.mp - 1, mp: sample.mp, extent: sample.extent) else {
        continue
      }
      var random = SeededGenerator(seed: seed)
      let low = random.number(0...held.extent)
      let high = random.number(low...held.extent)
      let naive = Array(held.positions[low..<high])
      if held.slice(low..<high).positions != naive { Issue.record("seed \(seed): \(low)..<\(high) of \(held)") }
    }
  }

  @Test(arguments: [(0, 0, 4), (4, 4, 4), (-1, 2, 4), (0, 2, -1), (0, -1, 4)])
  func ranksAndExtentsThatCannotBeAreRefused(_ rank: Int, _ mp: Int, _ extent: Int) {
    #expect(throws: AxisForm.Failure.self) { try AxisForm.whole.held(rank: rank, mp: mp, extent: extent) }
  }

  @Test(arguments: [
    AxisForm.units(length: 0, within: nil), .units(length: 3, within: nil), .units(length: -1, within: nil),
    .each(count: 0, .whole), .each(count: 3, .whole), .padded(multiple: 0), .padded(multiple: -2),
    .padded(multiple: Int.max), .aligned(block: 0, .whole), .blocks(block: 0, extent: 4, .whole),
    .blocks(block: 2, extent: 100, .whole), .parts([.init(extent: 5, form: .whole)]),
    .parts([.init(extent: -1, form: .whole), .init(extent: 5, form: .whole)]),
    .parts([.init(extent: 1, form: .whole)]),
  ])
  func formsThatDescribeAnotherAxisAreRefused(_ form: AxisForm) {
    #expect(throws: AxisForm.Failure.self) { try form.held(rank: 0, mp: 2, extent: 4) }
  }
}
