import Loader

/// Which positions of an axis a rank holds, by moving the positions themselves one by one: no intervals, no arithmetic on lengths.
/// It is what the algebra is compared with, and shares none of its code. Nil is a row of zeros.
enum NaiveDeal {
  /// What a rank holds, in order; nil where the axis cannot be dealt so.
  static func held(_ form: AxisForm, rank: Int, mp: Int, of positions: [Int?]) -> [Int?]? {
    switch form {
    case .whole:
      return positions
    case .units(let length, let within):
      guard let units = chunks(positions, length) else { return nil }
      if units.count % mp == 0 {
        return units.indices.filter { $0 / max(units.count / mp, 1) == rank }.flatMap { units[$0] }
      }
      guard let within, mp % units.count == 0 else { return nil }
      let sharers = mp / units.count
      return held(within, rank: rank % sharers, mp: sharers, of: units[rank / sharers])
    case .parts(let parts):
      var rest = positions[...]
      var result: [Int?] = []
      for part in parts {
        guard part.extent <= rest.count,
          let piece = held(part.form, rank: rank, mp: mp, of: Array(rest.prefix(part.extent)))
        else { return nil }
        result += piece
        rest = rest.dropFirst(part.extent)
      }
      return rest.isEmpty ? result : nil
    case .each(let count, let inner):
      guard positions.count % count == 0 else { return nil }
      if positions.isEmpty { return [] }
      var result: [Int?] = []
      for group in chunks(positions, positions.count / count) ?? [] {
        guard let piece = held(inner, rank: rank, mp: mp, of: group) else { return nil }
        result += piece
      }
      return result
    case .padded(let multiple):
      var padded = positions
      while padded.count % (mp * multiple) != 0 { padded.append(nil) }
      return padded.indices.filter { $0 * mp / max(padded.count, 1) == rank }.map { padded[$0] }
    case .section(let start, let count):
      guard start >= 0, count >= 0, start + count <= positions.count else { return nil }
      return Array(positions[start..<start + count])
    case .aligned(let block, let inner):
      return wholeBlocks(inner, block, rank: rank, mp: mp, of: positions)
    case .blocks(let block, let extent, let inner):
      guard let fine = wholeBlocks(inner, block, rank: rank, mp: mp, of: Array(0..<extent)) else { return nil }
      var result: [Int?] = []
      for position in fine {
        guard let position else { return nil }
        let scale = positions[position / block]
        if result.isEmpty || result[result.count - 1] != scale { result.append(scale) }
      }
      return result
    }
  }

  /// What a rank holds where it holds all or nothing of each block.
  private static func wholeBlocks(
    _ form: AxisForm, _ block: Int, rank: Int, mp: Int, of positions: [Int?]
  ) -> [Int?]? {
    guard let result = held(form, rank: rank, mp: mp, of: positions) else { return nil }
    for other in 0..<mp where !keepsBlocks(form, block, rank: other, mp: mp, of: positions) { return nil }
    return result
  }

  private static func keepsBlocks(
    _ form: AxisForm, _ block: Int, rank: Int, mp: Int, of positions: [Int?]
  ) -> Bool {
    guard let result = held(form, rank: rank, mp: mp, of: positions) else { return false }
    let kept = Set(result.compactMap { $0 })
    return stride(from: 0, to: positions.count, by: block).allSatisfy { first in
      let all = positions[first..<min(first + block, positions.count)]
      let count = all.count { kept.contains($0 ?? -1) }
      return count == 0 || count == all.count
    }
  }

  /// How many ranks hold each position, as the form's words say.
  static func holders(_ form: AxisForm, mp: Int, extent: Int) -> [Int] {
    switch form {
    case .whole:
      return Array(repeating: mp, count: extent)
    case .units(let length, let within):
      let count = extent / length
      if count % mp == 0 { return Array(repeating: 1, count: extent) }
      return (0..<count).flatMap { _ in holders(within ?? .whole, mp: mp / count, extent: length) }
    case .parts(let parts):
      return parts.flatMap { holders($0.form, mp: mp, extent: $0.extent) }
    case .each(let count, let inner):
      return (0..<count).flatMap { _ in holders(inner, mp: mp, extent: extent / count) }
    case .padded:
      return Array(repeating: 1, count: extent)
    case .section(let start, let count):
      return (0..<extent).map { $0 >= start && $0 < start + count ? mp : 0 }
    case .aligned(_, let inner):
      return holders(inner, mp: mp, extent: extent)
    case .blocks(let block, let fine, let inner):
      let each = holders(inner, mp: mp, extent: fine)
      return stride(from: 0, to: fine, by: block).map { each[$0] }
    }
  }

  private static func chunks(_ positions: [Int?], _ length: Int) -> [[Int?]]? {
    guard length > 0, positions.count % length == 0 else { return nil }
    return stride(from: 0, to: positions.count, by: length).map { Array(positions[$0..<$0 + length]) }
  }
}

extension [AxisInterval] {
  /// The positions one by one; nil for zeros.
  var positions: [Int?] {
    flatMap { interval -> [Int?] in
      (0..<interval.count).map { offset in interval.start.map { $0 + offset } }
    }
  }
}
