import Testing

@testable import Loader

@Suite struct MegatronVersionTests {
  @Test(
    arguments: [
      (nil, nil, 0, MegatronLayout.version0, "0"), (nil, nil, 3, .version2, "3.0"), (2, nil, 0, .version2, "2.0"),
      (nil, 1, 0, .version1, "1.0"), (2, 3, 0, .version2, "2.0"), (3, 2, 0, .version2, "3.0"),
      (0, 0, 0, .version0, "0"),
    ] as [(Double?, Double?, Double, MegatronLayout, String)])
  func oneVersionOrTwoThatAgreeDecide(
    manifest: Double?, file: Double?, fallback: Double, layout: MegatronLayout, version: String
  ) throws {
    let decision = try MegatronVersion.decide(manifest: manifest, file: file, overrides: false, default: fallback)
    #expect(decision.layout == layout)
    #expect(decision.version == version)
  }

  @Test(arguments: [(0.0, 2.0), (2.0, 0.0), (1.0, 3.0), (0.0, 1.0)])
  func aContradictionIsRefusedUnlessTheManifestOverrides(manifest: Double, file: Double) throws {
    let error = try #require(throws: LoaderError.self) {
      try MegatronVersion.decide(manifest: manifest, file: file, overrides: false, default: 0)
    }
    #expect(error.message.contains("drop version") && error.message.contains("version_override"))
    let decision = try MegatronVersion.decide(manifest: manifest, file: file, overrides: true, default: 0)
    #expect(decision.layout == MegatronLayout(version: manifest))
  }

  @Test(arguments: [4.0, -1.0, 0.5])
  func anUnknownVersionIsRefused(version: Double) {
    #expect(throws: LoaderError.self) {
      try MegatronVersion.decide(manifest: version, file: nil, overrides: true, default: 0)
    }
  }
}
