import ArgumentParser
import Loader
import Platform
import WeightServerClient

/// `weight-server manifests`: what a server has.
struct ManifestsCommand: AsyncParsableCommand, TalkativeCommand {
  static let configuration = CommandConfiguration(
    commandName: "manifests", abstract: "List the checkpoints that a server has.")

  @OptionGroup var access: TokenOptions
  @OptionGroup(title: "Trust") var trust: TrustOptions

  @Flag(help: "Say more about errors.")
  var verbose = false

  @Argument(help: ArgumentHelp("http://HOST:PORT, https://HOST:PORT or unix:PATH.", valueName: "url"))
  var url: String

  func run() async throws {
    do throws(WeightClientError) {
      var configuration = ClientConfiguration()
      configuration.token = try access.token()
      configuration.trust = trust.trust
      let client = try WeightClient(url, configuration: configuration)
      defer { client.closeIdleConnections() }
      let manifests = try await client.manifests()
      Terminal.write(ManifestsCommand.table(manifests), to: .output)
    } catch {
      throw Failure(error)
    }
  }

  /// The list as aligned columns with a heading; a failed checkpoint's error in a line below it.
  static func table(_ manifests: [ManifestSummary]) -> String {
    var rows = [["NAME", "STATE", "TYPE", "FAMILY", "SOURCE MP", "TENSORS", "BYTES", "MP", "REVISION"]]
    for manifest in manifests {
      rows.append([
        manifest.name.escaped, manifest.state.description.escaped, manifest.type?.escaped ?? "-",
        manifest.family?.escaped ?? "-", manifest.sourceMP.map(String.init) ?? "-",
        manifest.tensorCount.map(String.init) ?? "-", manifest.byteCount.map { HumanText.bytes(Double($0)) } ?? "-",
        manifest.degrees.isEmpty ? "-" : manifest.degrees.map(String.init).joined(separator: ","),
        manifest.revision.map { String($0.escaped.prefix(12)) } ?? "-",
      ])
    }
    var text = ""
    for (index, line) in TextTable(rows: rows).lines.enumerated() {
      text += line + "\n"
      if index > 0, case .failed(let code, let message) = manifests[index - 1].state {
        text += "  \(code.escaped): \(message.escaped)\n"
      }
    }
    return text
  }
}
