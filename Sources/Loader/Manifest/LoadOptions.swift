public import Platform

/// How a checkpoint is loaded.
public struct LoadOptions: Sendable {
  /// Folders beside the checkpoint's own that its files may lie in.
  public var roots = Roots()
  /// Whether the checkpoint itself must lie beneath `roots`; else its own folder is a root.
  public var staysInRoots = false
  /// The name to serve it by; nil takes the manifest's, the file's or the folder's.
  public var name: String?
  /// Globals of pickles that are allowed beyond the known ones, by dotted prefix.
  public var opaqueGlobals: [String] = []
  /// What a file's identity is made of.
  public var identity: Identity = .fast

  /// What a file's identity is made of.
  public enum Identity: String, Sendable, CaseIterable {
    /// Size, modification time, and the hash of its header, pickle and zip directory.
    case fast
    /// Its SHA-256: the manifest's, the Hub cache's, or computed.
    case content
  }

  /// The defaults.
  public init() {}
}
