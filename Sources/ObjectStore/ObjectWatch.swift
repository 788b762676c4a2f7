import Dispatch
import Synchronization

/// Lists the objects of a prefix again now and then while someone looks at them, and tells those that are others now.
final class ObjectWatch: Sendable {
  private struct Weak: Sendable {
    weak var object: MirroredObject?
  }

  private struct State {
    var objects: [Weak] = []
    var last = ContinuousClock.now
  }

  private let store: ObjectStore
  private let bucket: String
  private let prefix: String
  private let state = Mutex(State())

  /// How long objects are taken to be as they were before they are listed again.
  private static let interval = Duration.seconds(15)

  /// A watch over a prefix of a bucket.
  init(_ store: ObjectStore, bucket: String, prefix: String) {
    self.store = store
    self.bucket = bucket
    self.prefix = prefix
  }

  /// Watches one more object.
  func add(_ object: MirroredObject) {
    state.withLock { $0.objects.append(Weak(object: object)) }
  }

  /// Lists the objects in the background, unless that was done a short while ago.
  func look() {
    let now = ContinuousClock.now
    let isDue = state.withLock { state in
      guard now - state.last >= ObjectWatch.interval else { return false }
      state.last = now
      return true
    }
    guard isDue else { return }
    DispatchQueue(label: "weight-server.looking", qos: .utility).async { [self] in
      guard let listed = try? store.list(bucket, prefix: prefix) else { return }
      let byKey = Dictionary(listed.map { ($0.key, $0) }) { first, _ in first }
      for object in state.withLock({ $0.objects.compactMap(\.object) }) where byKey[object.object.key] != object.object
      {
        object.noteChange()
      }
    }
  }
}
