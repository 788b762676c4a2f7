import TestSupport
import Testing

@testable import WeightServer

@Suite struct WatchScanTests {
  @Test(arguments: [
    ("model.safetensors.tmp", true), ("a.part", true), ("b~", true), (".model.safetensors.Ab3xYz", true),
    ("x.incomplete", true), ("model.safetensors", false), (".metadata", false), (".gitattributes", false),
    ("a.b", false),
  ])
  func namesOfWhatIsBeingWrittenAreKnown(name: String, isUnfinished: Bool) {
    #expect(WatchScan.isUnfinished(name) == isUnfinished)
  }

  @Test func foldersAndFilesOfWeightsAreSeenAndNothingElse() throws {
    let folder = try TemporaryFolder()
    for name in ["one/x.bin", "notes.txt", "config.json", "a.safetensors", ".hidden/x", "b.safetensors.part", "c.pt"] {
      try folder.write(name, "{}")
    }
    #expect(try WatchScan(folder.path).sightings.keys.sorted() == ["a.safetensors", "c.pt", "one"])
    // A manifest says what the files beside it are part of.
    try folder.write("m.json", "{\"checkpoints\": [\"c.pt\"]}")
    #expect(try WatchScan(folder.path).sightings.keys.sorted() == ["a.safetensors", "m.json", "one"])
  }

  @Test func everyChangeShows() throws {
    let folder = try TemporaryFolder()
    var stamps: Set<[UInt8]> = []
    func look() throws -> WatchState.Sighting {
      let sighting = try #require(try WatchScan(folder.path).sightings["one"])
      stamps.insert(sighting.stamp)
      return sighting
    }
    try folder.write("one/a", "1")
    #expect(try !look().isUnfinished)
    #expect(try look().age < .seconds(60))
    #expect(stamps.count == 1)
    try folder.write("one/a", "12")
    _ = try look()
    try folder.write("one/two/three/b", "1")
    _ = try look()
    try folder.replace("one/a", [0x31, 0x33])
    _ = try look()
    try folder.write("one/two/x.tmp", "")
    #expect(try look().isUnfinished)
    try folder.link("one/y", to: "/nowhere")
    try folder.remove("one/two/x.tmp")
    #expect(try look().isUnfinished)
    #expect(stamps.count == 6)
  }

  @Test func aFolderThatCannotBeLookedIntoSaysNothingOfWhatIsInIt() {
    #expect(throws: (any Error).self) { try WatchScan("/nowhere/at/all") }
  }
}
