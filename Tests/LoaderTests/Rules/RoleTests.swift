import Testing

@testable import Loader

/// What each role deals, against sentences about single positions: the owner of a head, a group, a row.
@Suite struct RoleTests {
  /// Numbers of an attention, and a degree.
  struct Attention: CustomTestStringConvertible, Sendable {
    let heads: Int
    let pairs: Int
    let rows: Int
    let mp: Int

    var testDescription: String { "\(heads) heads, \(pairs) pairs of \(rows) rows over \(mp)" }

    var geometry: Geometry {
      var geometry = Geometry()
      geometry.heads = heads
      geometry.keyValueHeads = pairs
      geometry.headDimension = rows
      return geometry
    }

    /// The rank that computes a head.
    func owner(ofHead head: Int) -> Int { head * mp / heads }

    /// The ranks that compute with a key/value head: those that own a head of its group.
    func owners(ofPair pair: Int) -> Set<Int> {
      Set((0..<heads).filter { $0 * pairs / heads == pair }.map { owner(ofHead: $0) })
    }
  }

  static let attentions: [Attention] = [
    Attention(heads: 8, pairs: 8, rows: 2, mp: 4), Attention(heads: 8, pairs: 2, rows: 3, mp: 2),
    Attention(heads: 8, pairs: 2, rows: 3, mp: 4), Attention(heads: 8, pairs: 2, rows: 3, mp: 8),
    Attention(heads: 12, pairs: 3, rows: 1, mp: 6), Attention(heads: 12, pairs: 4, rows: 5, mp: 12),
    Attention(heads: 6, pairs: 1, rows: 2, mp: 3), Attention(heads: 6, pairs: 6, rows: 4, mp: 1),
  ]

  private func held(_ role: Role, _ extent: Int, _ attention: Attention, rank: Int) throws -> [Int?] {
    let rule = try role.rule(shape: [extent, 2], geometry: attention.geometry)
    return try rule.held(rank: rank, mp: attention.mp, shape: [extent, 2]).positions
  }

  @Test(arguments: attentions)
  func aQueryHeadIsHeldByTheRankThatComputesIt(_ attention: Attention) throws {
    let extent = attention.heads * attention.rows
    for rank in 0..<attention.mp {
      let wanted = (0..<extent).filter { attention.owner(ofHead: $0 / attention.rows) == rank }
      #expect(try held(.queryHeads, extent, attention, rank: rank) == wanted)
      #expect(try held(.heads(rows: attention.rows), extent, attention, rank: rank) == wanted)
    }
  }

  @Test(arguments: attentions)
  func aKeyValueHeadIsHeldByEveryRankOfItsQueries(_ attention: Attention) throws {
    let extent = attention.pairs * attention.rows
    for rank in 0..<attention.mp {
      let wanted = (0..<extent).filter { attention.owners(ofPair: $0 / attention.rows).contains(rank) }
      #expect(try held(.keyValueHeads, extent, attention, rank: rank) == wanted)
    }
  }

  @Test(arguments: attentions)
  func blocksAreQueriesThenKeysThenValues(_ attention: Attention) throws {
    let (heads, pairs, rows) = (attention.heads, attention.pairs, attention.rows)
    for rank in 0..<attention.mp {
      var wanted: [Int] = []
      for head in 0..<heads where attention.owner(ofHead: head) == rank {
        wanted += (0..<rows).map { head * rows + $0 }
      }
      for part in 0..<2 {
        for pair in 0..<pairs where attention.owners(ofPair: pair).contains(rank) {
          wanted += (0..<rows).map { (heads + part * pairs + pair) * rows + $0 }
        }
      }
      let extent = (heads + 2 * pairs) * rows
      #expect(try held(.fusedQKV(.blocks), extent, attention, rank: rank) == wanted)
    }
  }

  @Test(arguments: attentions)
  func groupsAreTheirQueriesThenTheirKeyAndValue(_ attention: Attention) throws {
    let (heads, pairs, rows) = (attention.heads, attention.pairs, attention.rows)
    let width = heads / pairs + 2
    for rank in 0..<attention.mp {
      var wanted: [Int] = []
      for pair in 0..<pairs where attention.owners(ofPair: pair).contains(rank) {
        for slot in 0..<width {
          let isQuery = slot < width - 2
          if isQuery, attention.owner(ofHead: pair * (width - 2) + slot) != rank { continue }
          wanted += (0..<rows).map { (pair * width + slot) * rows + $0 }
        }
      }
      #expect(try held(.fusedQKV(.groups), width * pairs * rows, attention, rank: rank) == wanted)
    }
  }

  @Test(arguments: attentions)
  func megatronCoreCutsPlainRowsAlsoWithinAGroup(_ attention: Attention) throws {
    let extent = (attention.heads + 2 * attention.pairs) * attention.rows
    guard extent % attention.mp == 0 else { return }
    for rank in 0..<attention.mp {
      let wanted = (0..<extent).filter { $0 * attention.mp / extent == rank }
      #expect(try held(.fusedQKV(.groupsThenRows), extent, attention, rank: rank) == wanted)
    }
  }

  @Test(arguments: attentions)
  func theOneKeyAndValueOfMultiQueryAreHeldByAll(_ attention: Attention) throws {
    let extent = (attention.heads + 2) * attention.rows
    for rank in 0..<attention.mp {
      let wanted = (0..<extent).filter { position in
        let head = position / attention.rows
        return head >= attention.heads || attention.owner(ofHead: head) == rank
      }
      #expect(try held(.fusedQKV(.multiQuery), extent, attention, rank: rank) == wanted)
    }
  }

  @Test(arguments: attentions)
  func headsOfQueryKeyAndValueStayTogether(_ attention: Attention) throws {
    let extent = 3 * attention.heads * attention.rows
    for rank in 0..<attention.mp {
      let wanted = (0..<extent).filter { attention.owner(ofHead: $0 / (3 * attention.rows)) == rank }
      #expect(try held(.fusedQKV(.heads), extent, attention, rank: rank) == wanted)
    }
  }

  @Test(arguments: [(97, 2, 1), (97, 4, 1), (97, 4, 8), (128, 4, 1), (5, 8, 1), (1, 3, 2)])
  func aVocabularyIsPaddedToAMultiple(_ rows: Int, _ mp: Int, _ multiple: Int) throws {
    var geometry = Geometry()
    geometry.vocabularyMultiple = multiple
    let rule = try Role.vocabulary.rule(shape: [rows, 3], geometry: geometry)
    var all: [Int?] = []
    for rank in 0..<mp {
      let held = try rule.held(rank: rank, mp: mp, shape: [rows, 3]).positions
      #expect(held.count % multiple == 0)
      #expect(try rule.shape(rank: rank, mp: mp, of: [rows, 3]) == [held.count, 3])
      all += held
    }
    #expect(all.prefix(rows).map { $0 } == (0..<rows).map { $0 })
    #expect(all.dropFirst(rows).allSatisfy { $0 == nil })
    #expect(all.count < rows + mp * multiple)
  }

  @Test func blocksOfAWeightAndTheirScalesAreDealtTogether() throws {
    let block = WeightBlock(rows: 4, columns: 2)
    for (role, shape) in [(Role.column, [16, 6]), (.row, [6, 16]), (.queryHeads, [32, 6])] {
      var geometry = Geometry()
      geometry.heads = 8
      let weight = try Role.blockwise(role, block).rule(shape: shape, geometry: geometry)
      let scaleShape = try #require(block.scaleShape(of: shape))
      let scales = try Role.blockScales(role, block, of: shape).rule(shape: scaleShape, geometry: geometry)
      let axis = try #require(weight.axis)
      #expect(scales.axis == axis)
      let length = block.length(axis: axis, rank: 2)
      for mp in [1, 2, 3, 4, 8, 16] {
        #expect(weight.allows(mp: mp, shape: shape) == scales.allows(mp: mp, shape: scaleShape))
        guard weight.allows(mp: mp, shape: shape) else { continue }
        for rank in 0..<mp {
          let rows = try weight.held(rank: rank, mp: mp, shape: shape).positions.compactMap { $0 }
          let held = try scales.held(rank: rank, mp: mp, shape: scaleShape).positions.compactMap { $0 }
          #expect(Set(rows.map { $0 / length }) == Set(held))
        }
      }
    }
  }

  @Test func aWeightIsNotCutWithinABlock() throws {
    let rule = try Role.blockwise(.column, WeightBlock(rows: 128, columns: 128)).rule(
      shape: [576, 512], geometry: Geometry())
    #expect((1...16).filter { rule.allows(mp: $0, shape: [576, 512]) } == [1])
    let even = try Role.blockwise(.column, WeightBlock(rows: 128, columns: 128)).rule(
      shape: [1024, 512], geometry: Geometry())
    #expect((1...16).filter { even.allows(mp: $0, shape: [1024, 512]) } == [1, 2, 4, 8])
  }

  @Test(arguments: [
    (Role.row, 1), (.rowTransposed, 1), (.replicated, 1), (.replicated, 3), (.column, 0), (.queryHeads, 0),
    (.stackedExperts(.row), 2), (.stackedExperts(.column), 1),
  ])
  func whatHasNoAxisOfTheRoleIsHeldWhole(_ role: Role, _ rank: Int) throws {
    let shape = Array(repeating: 4, count: rank)
    #expect(try role.rule(shape: shape, geometry: Geometry()) == .replicated)
  }

  @Test func everyRoleOfAManifestIsFoundByItsName() {
    for (name, role) in Role.manifestNames { #expect(Role(manifestName: name) == role) }
    #expect(Role(manifestName: "columns") == nil)
  }
}
