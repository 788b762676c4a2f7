import ArgumentParser
import WeightServerClient

/// Whom the commands of the client trust over https, and what they show.
struct TrustOptions: ParsableArguments {
  @Option(
    name: .customLong("ca"),
    help: ArgumentHelp("PEM file or folder of the authorities to trust, in place of the system's.", valueName: "file"),
    completion: .file())
  var authority: String?

  @Option(
    name: .customLong("cert"), help: ArgumentHelp("PEM file of the certificate to show.", valueName: "file"),
    completion: .file())
  var certificate: String?

  @Option(
    help: ArgumentHelp("PEM file of its key, where the certificate's file does not hold it.", valueName: "file"),
    completion: .file())
  var key: String?

  func validate() throws {
    if key != nil, certificate == nil { throw ValidationError("--key belongs to a --cert, which is not given") }
  }

  /// The same for the client library.
  var trust: ClientConfiguration.Trust {
    var trust = ClientConfiguration.Trust()
    trust.authority = authority
    trust.certificate = certificate
    trust.key = key
    return trust
  }
}
