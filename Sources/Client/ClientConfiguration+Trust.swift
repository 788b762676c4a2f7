extension ClientConfiguration {
  /// Whom a client trusts over https, and what it shows of itself. All files are PEM.
  public struct Trust: Sendable, Hashable {
    /// A file of the authorities' certificates that sign servers', or a folder of such files by their hashes (`openssl rehash`);
    /// nil for the system's.
    public var authority: String?
    /// The file of the client's certificate, and behind it those that sign it; nil to show none.
    public var certificate: String?
    /// The file of its key, without a passphrase; nil where the certificate's file holds it.
    public var key: String?

    /// The system's authorities, and no certificate.
    public init() {}
  }
}
