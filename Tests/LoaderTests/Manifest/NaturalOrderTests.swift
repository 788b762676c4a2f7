import Testing

@testable import Loader

@Suite struct NaturalOrderTests {
  @Test(arguments: [
    (["r_10", "r_9", "r_1"], ["r_1", "r_9", "r_10"]), (["b", "a10b2", "a9b10"], ["a9b10", "a10b2", "b"]),
    (["x", "x1", ""], ["", "x", "x1"]), (["007", "7", "06"], ["06", "007", "7"]),
  ])
  func numbersCountByTheirValue(names: [String], ordered: [String]) {
    #expect(names.sorted(by: NaturalOrder.precedes) == ordered)
  }
}
