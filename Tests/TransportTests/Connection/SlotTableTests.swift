import TestSupport
import Testing

@testable import Transport

@Suite struct SlotTableTests {
  @Test func aTokenNamesNothingOnceItsObjectIsRemoved() {
    var table = SlotTable<String>()
    let old = table.insert("old")
    table.remove(old)
    let new = table.insert("new")
    #expect(table[old] == nil)
    #expect(table[new] == "new")
    table.remove(old)
    #expect(table[new] == "new")
  }

  @Test func placesAreUsedAgain() {
    var table = SlotTable<Int>()
    for number in 0..<1000 {
      let token = table.insert(number)
      #expect(token & 0xFFFF_FFFF == 0)
      #expect(table[token] == number)
      table.remove(token)
      #expect(table.isEmpty)
    }
  }

  @Test(arguments: 0..<5) func theTableHoldsWhatADictionaryHolds(seed: Int) {
    var generator = SeededGenerator(seed: seed)
    var table = SlotTable<Int>()
    var reference: [UInt64: Int] = [:]
    for number in 0..<2000 {
      if reference.isEmpty || generator.chance(in: 2) {
        reference[table.insert(number)] = number
      } else {
        let token = generator.one(of: reference.keys.sorted())
        table.remove(token)
        reference[token] = nil
      }
      #expect(table.all.sorted() == reference.values.sorted())
      #expect(reference.allSatisfy { table[$0.key] == $0.value })
    }
  }
}
