/// Which lane fetches which piece of a content next. It has no lock, no clock and no connection inside.
///
/// Pieces go out in order, so that what is stored grows from the front: hashing, a journal and whoever takes tensors as they arrive
/// follow close behind. When all have gone out, a lane that is free takes over a piece that has brought no byte for a while: a hedge.
/// Both then store the same bytes, since all answers of a transfer are of one strong tag.
struct PieceScheduler: Sendable {
  /// A piece that a lane fetches.
  struct Claim: Hashable, Sendable {
    /// Tells it from the others.
    let number: Int
    /// What of it is still to be fetched.
    var rest: Range<Int>
    /// When it last brought bytes, or began.
    var lastProgress: Duration
    /// Whether it stands in for another, or another for it.
    var isHedged: Bool
  }

  /// What a lane learns when it has stored bytes.
  enum Progress: Hashable, Sendable {
    /// More of the piece is to be fetched.
    case goOn
    /// All of the piece is there, from this lane.
    case isWhole
    /// All of the piece is there, in part from another lane: this one's answer is of no use any more.
    case wasOvertaken
  }

  /// All that is to be fetched.
  let total: Range<Int>
  /// What is stored of it.
  private(set) var stored = ByteRangeSet()
  private let pieceSize: Int
  private var unclaimed: [Range<Int>]
  private var claims: [Int: Claim] = [:]
  private var nextNumber = 0

  /// A scheduler of pieces of some size.
  init(_ total: Range<Int>, pieceSize: Int) {
    self.total = total
    self.pieceSize = max(pieceSize, 1)
    unclaimed = total.isEmpty ? [] : [total]
  }

  /// The end of what is stored without a gap.
  var prefix: Int { stored.end(from: total.lowerBound) }
  /// Whether a piece is fetched twice.
  var hasHedges: Bool { claims.values.contains { $0.isHedged } }
  /// Whether all is stored.
  var isComplete: Bool { prefix == total.upperBound }

  /// Gives the front to a lane whose answer has begun: the first `count` bytes.
  mutating func claimFront(_ count: Int, at now: Duration) -> Claim {
    take(min(count, total.count), from: 0, at: now)
  }

  /// The next piece; a hedge where all have gone out and one stands still; nil where there is nothing to do now.
  mutating func claim(at now: Duration, hedgeAfter limit: Duration?) -> Claim? {
    if let first = unclaimed.first { return take(min(first.count, pieceSize), from: 0, at: now) }
    guard let limit else { return nil }
    let stalled = claims.values.filter { !$0.isHedged && now - $0.lastProgress >= limit }
    guard let slowest = stalled.min(by: { ($0.lastProgress, $0.number) < ($1.lastProgress, $1.number) }),
      let missing = stored.missing(from: slowest.rest).first
    else { return nil }
    claims[slowest.number]?.isHedged = true
    return add(missing, isHedged: true, at: now)
  }

  private mutating func take(_ count: Int, from index: Int, at now: Duration) -> Claim {
    let range = unclaimed[index]
    let piece = range.lowerBound..<range.lowerBound + count
    if piece.upperBound == range.upperBound {
      unclaimed.remove(at: index)
    } else {
      unclaimed[index] = piece.upperBound..<range.upperBound
    }
    return add(piece, isHedged: false, at: now)
  }

  private mutating func add(_ range: Range<Int>, isHedged: Bool, at now: Duration) -> Claim {
    let claim = Claim(number: nextNumber, rest: range, lastProgress: now, isHedged: isHedged)
    nextNumber += 1
    claims[claim.number] = claim
    return claim
  }

  /// Takes in that a lane has stored the next bytes of its piece.
  mutating func received(_ count: Int, on number: Int, at now: Duration) -> Progress {
    guard var claim = claims[number] else { return .wasOvertaken }
    let end = min(claim.rest.lowerBound + count, claim.rest.upperBound)
    stored.insert(claim.rest.lowerBound..<end)
    claim.rest = end..<claim.rest.upperBound
    claim.lastProgress = now
    claims[number] = claim
    if claim.rest.isEmpty {
      claims[number] = nil
      return .isWhole
    }
    guard stored.missing(from: claim.rest).isEmpty else { return .goOn }
    claims[number] = nil
    return .wasOvertaken
  }

  /// The pieces that are all there though their lanes still wait for them.
  mutating func takeOvertaken() -> [Int] {
    let numbers = claims.values.filter { stored.missing(from: $0.rest).isEmpty }.map(\.number)
    for number in numbers { claims[number] = nil }
    return numbers
  }

  /// Takes a piece back: what is missing of it, and nobody else fetches, goes out again.
  mutating func giveBack(_ number: Int) {
    guard let claim = claims.removeValue(forKey: number) else { return }
    var taken = stored
    for other in claims.values { taken.insert(other.rest) }
    unclaimed.insert(contentsOf: taken.missing(from: claim.rest), at: 0)
    unclaimed.sort { $0.lowerBound < $1.lowerBound }
    // Who stood in for it, or was stood in for, may be stood in for again.
    for other in claims.values where other.isHedged && other.rest.overlaps(claim.rest) {
      claims[other.number]?.isHedged = false
    }
  }
}
