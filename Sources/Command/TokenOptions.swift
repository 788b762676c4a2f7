import ArgumentParser
import Platform
import WeightServer
import WeightServerClient

/// The token of a command that asks a server. It is never an argument itself: those show in the list of processes.
struct TokenOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "A file that holds the token to show to the server; else WEIGHT_SERVER_TOKEN.", valueName: "file"))
  var tokenFile: String?

  /// The token, where there is one.
  func token() throws(WeightClientError) -> BearerToken? {
    if let tokenFile { return try BearerToken(file: tokenFile) }
    guard let text = ProcessEnvironment.variables[WeightServer.Configuration.clientTokenVariable], !text.isEmpty else {
      return nil
    }
    do throws(WeightClientError) {
      return try BearerToken(text)
    } catch {
      throw WeightClientError(
        error.origin, error.code, "\(WeightServer.Configuration.clientTokenVariable): \(error.message)")
    }
  }
}
