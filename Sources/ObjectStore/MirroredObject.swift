import Dispatch
import Glibc
import Platform
import Synchronization
import WeightServerClient

/// A file of this host that stands for an object: as long as it, and filled with the ranges that were needed so far, each fetched once.
final class MirroredObject: FileSupply {
  /// What it stands for.
  let object: StoredObject
  private let bucket: String
  /// The file's path; it is open only while a range is written, since a bucket may have more objects than a process may open.
  private let path: String
  private let store: ObjectStore
  private let queue: FetchQueue
  private let watch: ObjectWatch
  /// The folder stays as long as one of its files is used.
  private let folder: LockedFolder

  private struct State {
    var present = ByteRangeSet()
    var coming: [Range<Int>] = []
    var waiting: [DispatchSemaphore] = []
    var hasChanged = false
  }

  private let state = Mutex(State())

  /// Bytes that are asked for by one request at most.
  private static let pieceBytes = 8 << 20
  /// Bytes that are fetched at least, and the gap below which two ranges are fetched as one: a request costs more than they do.
  private static let leastBytes = 16 << 10

  /// An object without a byte yet, in a file that is as long.
  init(
    _ object: StoredObject, of bucket: String, at path: String, in folder: LockedFolder, store: ObjectStore,
    queue: FetchQueue, watch: ObjectWatch
  ) {
    self.object = object
    self.bucket = bucket
    self.path = path
    self.store = store
    self.queue = queue
    self.watch = watch
    self.folder = folder
  }

  var modified: Int64 { object.modified &* 1_000_000_000 }

  var isUnchanged: Bool { state.withLock { !$0.hasChanged } }

  /// Notes that the object is another now.
  func noteChange() { state.withLock { $0.hasChanged = true } }

  func look() { watch.look() }

  /// Bytes that were fetched.
  var bytesPresent: Int { state.withLock { $0.present.ranges.reduce(0) { $0 + $1.count } } }

  private var size: Int { Int(clamping: object.size) }

  // MARK: Bringing

  func bring(_ range: Range<UInt64>) throws(SystemError) {
    let range = Int(clamping: range.lowerBound)..<Int(clamping: range.upperBound)
    if range.count > MirroredObject.pieceBytes { expect([range]) }
    while true {
      switch next(of: range) {
      case .nothing: return
      case .wait(let arrival): arrival.wait()
      case .fetch(let piece):
        do throws(ObjectStoreError) {
          try fetch(piece)
        } catch {
          throw SystemError("GET", code: EIO, on: nil, detail: error.message)
        }
      }
    }
  }

  func expect(_ ranges: [Range<UInt64>]) {
    expect(ranges.map { Int(clamping: $0.lowerBound)..<Int(clamping: $0.upperBound) })
  }

  private func expect(_ ranges: [Range<Int>]) {
    var wanted = ByteRangeSet()
    for range in ranges { wanted.insert(range) }
    var pieces: [Range<Int>] = []
    for range in wanted.ranges {
      if let last = pieces.last, range.lowerBound - last.upperBound < MirroredObject.leastBytes,
        range.upperBound - last.lowerBound <= MirroredObject.pieceBytes
      {
        pieces[pieces.count - 1] = last.lowerBound..<range.upperBound
        continue
      }
      for start in stride(from: range.lowerBound, to: range.upperBound, by: MirroredObject.pieceBytes) {
        pieces.append(start..<min(start + MirroredObject.pieceBytes, range.upperBound))
      }
    }
    queue.add(pieces, of: self)
  }

  /// Fetches what of a range is neither here nor coming. A failure shows when the bytes are needed.
  func fetchAhead(_ range: Range<Int>) {
    while case .fetch(let piece) = next(of: range) {
      do throws(ObjectStoreError) {
        try fetch(piece)
      } catch {
        return
      }
    }
  }

  private enum Step {
    case nothing
    case fetch(Range<Int>)
    case wait(DispatchSemaphore)
  }

  /// What is to be done for a range to be here. What is to be fetched is noted as coming.
  private func next(of range: Range<Int>) -> Step {
    state.withLock { state in
      let missing = state.present.missing(from: range)
      guard let first = missing.first else { return .nothing }
      var known = state.present
      for range in state.coming { known.insert(range) }
      guard let free = known.missing(from: range).first else {
        let arrival = DispatchSemaphore(value: 0)
        state.waiting.append(arrival)
        return first.isEmpty ? .nothing : .wait(arrival)
      }
      var piece = free.lowerBound..<min(free.upperBound, free.lowerBound + MirroredObject.pieceBytes)
      if piece.count < MirroredObject.leastBytes {
        let start = piece.lowerBound / MirroredObject.leastBytes * MirroredObject.leastBytes
        let widened = start..<min(max(start + MirroredObject.leastBytes, piece.upperBound), size)
        piece = known.missing(from: widened).first { $0.overlaps(piece) } ?? piece
      }
      state.coming.append(piece)
      return .fetch(piece)
    }
  }

  private func fetch(_ piece: Range<Int>) throws(ObjectStoreError) {
    var failure: ObjectStoreError?
    if isUnchanged {
      do throws(ObjectStoreError) {
        try store.get(object, of: bucket, range: piece, into: path)
      } catch {
        failure = error
      }
    } else {
      failure = ObjectStoreError(.changed, "\(object.key) changed since it was listed")
    }
    let waiting = state.withLock { state in
      state.coming.removeAll { $0 == piece }
      if failure == nil { state.present.insert(piece) }
      if failure?.kind == .changed || failure?.kind == .missing { state.hasChanged = true }
      defer { state.waiting = [] }
      return state.waiting
    }
    for arrival in waiting { arrival.signal() }
    if let failure { throw failure }
  }
}
