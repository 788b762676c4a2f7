import Testing

@testable import WeightServer

@Suite struct HubCommitsTests {
  private let content = String(repeating: "a", count: 40)
  private let other = String(repeating: "b", count: 40)

  @Test func whatWasAskedForByNameIsFoundByItsCommit() throws {
    let commits = HubCommits()
    let revision = try HubRevision("mp2-int8-groups=16")
    let commit = commits.commit(of: revision, at: content)
    #expect(commits.revision(commit, at: content) { [] } == revision)
  }

  @Test func whatIsLikelyIsFoundThoughNobodyAskedForItHere() throws {
    let commits = HubCommits()
    let revision = try HubRevision("mp4-bfloat16-int8")
    let commit = revision.commit(of: content)
    #expect(commits.revision(commit, at: content) { [1, 2, 4] } == revision)
    #expect(commits.revision(commit, at: content) { [1, 2] } == nil)
  }

  @Test func aCommitOfOtherContentIsNotFound() throws {
    let commits = HubCommits()
    let commit = commits.commit(of: try HubRevision("main"), at: other)
    #expect(commits.revision(commit, at: content) { [1, 2] } == nil)
    #expect(commits.revision(commit, at: other) { [] }?.text == "main")
  }

  @Test func theLastAreRemembered() throws {
    let commits = HubCommits()
    var ids: [String] = []
    for number in 1...(HubCommits.limit + 10) {
      ids.append(commits.commit(of: try HubRevision("mp2-int8-groups=\(number)"), at: content))
    }
    #expect(commits.revision(ids[9], at: content) { [] } == nil)
    #expect(commits.revision(ids[10], at: content) { [] }?.text == "mp2-int8-groups=11")
    #expect(try commits.revision(#require(ids.last), at: content) { [] } != nil)
  }
}
