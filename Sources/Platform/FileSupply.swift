/// Brings the bytes of a file whose content lies elsewhere to this host before they are read.
///
/// The file here is as long as the other, and has no bytes until they were brought.
public protocol FileSupply: AnyObject, Sendable {
  /// When the content was modified, in nanoseconds since 1970.
  var modified: Int64 { get }
  /// False once the content was seen to be another than when the supply began.
  var isUnchanged: Bool { get }
  /// Returns when the bytes of a range that lies within the file are there.
  func bring(_ range: Range<UInt64>) throws(SystemError)
  /// Has ranges brought in the background, in order.
  func expect(_ ranges: [Range<UInt64>])
  /// Has the content looked at again in the background, unless that was done a short while ago.
  func look()
}

/// A folder on this host that stands for one elsewhere.
public protocol SuppliedFolder: AnyObject, Sendable {
  /// Its absolute path, every link resolved.
  var path: String { get }
  /// What brings the bytes of a file beneath it, by the file's absolute path; nil where all of it is here.
  func supply(of path: String) -> (any FileSupply)?
}
