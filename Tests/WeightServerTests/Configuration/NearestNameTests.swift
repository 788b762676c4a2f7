import Testing

@testable import WeightServer

@Suite struct NearestNameTests {
  @Test(arguments: [
    ("", "", 0), ("a", "", 1), ("kitten", "sitting", 3), ("listen", "lisen", 1), ("abc", "abc", 0), ("abc", "cba", 2),
  ])
  func theDistanceCountsEdits(one: String, other: String, distance: Int) {
    #expect(NearestName.distance(one, other) == distance)
    #expect(NearestName.distance(other, one) == distance)
  }

  @Test func aSlipIsFoundAndAStrangerIsNot() {
    let known = ["listen", "roots", "limits.connections"]
    #expect(NearestName.nearest(to: "root", among: known) == "roots")
    #expect(NearestName.nearest(to: "zebra", among: known) == nil)
    #expect(NearestName.nearest(to: "x", among: []) == nil)
  }
}
