/// Finds what someone meant who wrote a name that is not known.
enum NearestName {
  /// The known name with the fewest insertions, deletions and replacements, where they are few enough to be a slip.
  static func nearest(to name: String, among known: [String]) -> String? {
    let best = known.map { (name: $0, distance: distance(name, $0)) }.min { $0.distance < $1.distance }
    guard let best, best.distance <= max(2, name.count / 2) else { return nil }
    return best.name
  }

  /// Levenshtein's distance, of the first 100 characters.
  static func distance(_ one: String, _ other: String) -> Int {
    let one = Array(one.unicodeScalars.prefix(100))
    let other = Array(other.unicodeScalars.prefix(100))
    var row = Array(0...other.count)
    for (index, scalar) in one.enumerated() {
      var diagonal = row[0]
      row[0] = index + 1
      for (column, candidate) in other.enumerated() {
        let replaced = diagonal + (scalar == candidate ? 0 : 1)
        diagonal = row[column + 1]
        row[column + 1] = min(replaced, row[column] + 1, diagonal + 1)
      }
    }
    return row[other.count]
  }
}
