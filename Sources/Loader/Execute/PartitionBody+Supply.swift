import Platform

extension PartitionBody {
  /// Has all bytes that the partition is made of brought in the background, in the order in which they are needed: for files whose content
  /// lies elsewhere; nothing is done for others.
  public func expectSources() {
    guard sources.isRemote else { return }
    var wanted: [Int: [Range<UInt64>]] = [:]
    for segment in plan.segments {
      for (file, span) in segment.sourceSpans {
        guard sources.files.indices.contains(file), sources.files[file].file.supply != nil else { continue }
        let range = UInt64(clamping: span.lowerBound)..<UInt64(clamping: span.upperBound)
        let clamped = range.clamped(to: 0..<sources.files[file].file.size)
        if !clamped.isEmpty { wanted[file, default: []].append(clamped) }
      }
    }
    for (file, ranges) in wanted.sorted(by: { $0.key < $1.key }) { sources.files[file].file.supply?.expect(ranges) }
  }
}

extension Segment {
  /// The stretches of files that its bytes are read from, from the first byte of each to the last.
  var sourceSpans: [(file: Int, bytes: Range<Int>)] {
    switch content {
    case .literal, .zeros: return []
    case .run(let file, let offset): return [(file, offset..<offset + count)]
    case .transform(let transform): return transform.input.segments.flatMap(\.sourceSpans)
    case .gather(let gather):
      return gather.strips.compactMap { strip in
        guard let file = strip.file else { return nil }
        var last = strip.offset &+ strip.length
        for (count, stride) in zip(gather.counts, strip.strides) { last = last &+ (count - 1) &* stride }
        for loop in strip.repeats { last = last &+ (loop.count - 1) &* loop.stride }
        return last >= strip.offset ? (file, strip.offset..<last) : nil
      }
    }
  }
}
