/// Finds out what is whole in a watched folder, from how it looks time after time: by values, with no file and no clock.
struct WatchState: Sendable {
  /// How something in the folder looks.
  struct Sighting: Hashable, Sendable {
    /// Equal as long as no file of it was written, came or went.
    var stamp: [UInt8]
    /// Whether a name in it says that someone is still writing.
    var isUnfinished: Bool
    /// How long ago anything of it changed, as far as the file system knows.
    var age: Duration
  }

  /// What has become of something in the folder.
  enum Event: Hashable, Sendable {
    /// It is whole, and was not here before.
    case appeared(String)
    /// It is whole again, and another than before.
    case changed(String)
    /// It is gone.
    case vanished(String)
  }

  /// What is known of a thing by its name.
  private struct Known: Sendable {
    var stamp: [UInt8]
    /// Since when it has looked like that.
    var since: Duration
    /// How it looked when it was last told of.
    var told: [UInt8]?
    var isUnfinished: Bool
  }

  private let quiet: Duration
  private var known: [String: Known] = [:]
  private var hasLooked = false

  /// Nothing was seen yet.
  /// - Parameter quiet: how long nothing of a thing may have changed before it counts as whole.
  init(quiet: Duration) {
    self.quiet = quiet
  }

  /// Takes in how everything looks at a time that only grows.
  /// - Returns: what is to be done, by name.
  mutating func look(_ sightings: [String: Sighting], at now: Duration) -> [Event] {
    var events: [Event] = []
    for (name, before) in known.sorted(by: { $0.key < $1.key }) where sightings[name] == nil {
      known[name] = nil
      if before.told != nil { events.append(.vanished(name)) }
    }
    for (name, sighting) in sightings.sorted(by: { $0.key < $1.key }) {
      // What lay here before the first look was quiet meanwhile; later, only what was seen counts, whatever times files bring along.
      let since = hasLooked ? now : now - max(sighting.age, .zero)
      var thing =
        known[name] ?? Known(stamp: sighting.stamp, since: since, told: nil, isUnfinished: sighting.isUnfinished)
      if thing.stamp != sighting.stamp { (thing.stamp, thing.since) = (sighting.stamp, now) }
      thing.isUnfinished = sighting.isUnfinished
      if thing.told != thing.stamp, !thing.isUnfinished, now - thing.since >= quiet {
        events.append(thing.told == nil ? .appeared(name) : .changed(name))
        thing.told = thing.stamp
      }
      known[name] = thing
    }
    hasLooked = true
    return events
  }

  /// How long to wait before the next look, while something may soon be whole; nil where nothing is.
  var patience: Duration? {
    let isWaiting = known.values.contains { $0.told != $0.stamp && !$0.isUnfinished }
    return isWaiting ? min(max(quiet / 4, .milliseconds(20)), .seconds(1)) : nil
  }
}
