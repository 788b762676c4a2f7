import Platform
import Testing

@testable import WeightServer

@Suite struct SettingTests {
  private static let repository = Path.folder(
    of: Path.folder(of: Path.folder(of: Path.folder(of: #filePath))))

  @Test func namesAreDistinctAsPathsAndAsVariables() {
    #expect(Set(Setting.all.map(\.path)).count == Setting.all.count)
    #expect(Set(Setting.all.map(\.variable)).count == Setting.all.count)
  }

  @Test func theRepositorysFileShowsEveryKeyWithItsDefault() throws {
    let path = Path.join(SettingTests.repository, "config.yaml")
    let file = try Roots().adding(folder: SettingTests.repository).open(path)
    let text = String(decoding: try file.bytes(at: 0, count: Int(file.size)), as: UTF8.self)
    for setting in Setting.all {
      let key = try #require(setting.path.split(separator: ".").last)
      #expect(text.contains("\(key):"), "\(setting.path) is missing")
    }
    var shown = try Configuration(file: path, environment: [:])
    #expect(shown.checkpoints.manifests.count == 1)
    shown.checkpoints.manifests = []
    #expect("\(shown)" == "\(Configuration())")
  }
}
