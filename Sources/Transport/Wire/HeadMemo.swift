import HTTPTypes
import Platform

/// Heads that were read lately, by their very bytes: monitors, and workers that ask again and again, send the same ones each time, and
/// what a head means depends on its bytes alone.
struct HeadMemo {
  private struct Entry {
    let bytes: [UInt8]
    let head: RequestHead
  }

  /// Heads that are kept.
  private static let capacity = 8
  /// Bytes of a head that is kept, at most.
  private static let lengthLimit = 1024

  private var entries: [Entry] = []
  private var next = 0

  /// The head that these bytes are, if they were read before.
  func head(of bytes: ArraySlice<UInt8>) -> RequestHead? {
    entries.first { $0.bytes.hasSameBytes(as: bytes) }?.head
  }

  /// Keeps a head that has no body, in the place of the one that is kept longest. One with a secret is not kept: how long others' bytes are
  /// held against it would tell of it.
  mutating func insert(_ head: RequestHead, of bytes: ArraySlice<UInt8>) {
    guard bytes.count <= HeadMemo.lengthLimit, head.framing == .none, head.fields[.authorization] == nil else { return }
    let entry = Entry(bytes: Array(bytes), head: head)
    if entries.count < HeadMemo.capacity {
      entries.append(entry)
    } else {
      entries[next] = entry
      next = (next + 1) % HeadMemo.capacity
    }
  }
}
