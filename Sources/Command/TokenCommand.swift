import ArgumentParser
import Platform
import WeightServer

/// `weight-server token`: a new token for a client.
struct TokenCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "token",
    abstract: "Make a token that lets a client read, or change what is served.",
    discussion: """
      Prints two lines on standard output: the token, which is shown this once, and the line for the file that tokens.file names, \
      which holds only its SHA-256.
      """)

  @Option(help: ArgumentHelp("What it allows: read, admin or read,admin. admin includes read."))
  var scopes = "read"

  @Option(help: ArgumentHelp("Comma-separated patterns of the checkpoints it extends to.", valueName: "patterns"))
  var manifests: String?

  @Option(help: ArgumentHelp("When it ceases to count: 2027-01-31 or 2027-01-31T08:15:00Z, in UTC.", valueName: "date"))
  var expires: String?

  @Argument(help: ArgumentHelp("Who is to have it, for logs.", valueName: "name"))
  var name: String

  func run() throws {
    do throws(ConfigurationError) {
      let token = try NewToken(name: name, scopes: scopes, manifests: manifests, expires: expires)
      Terminal.write("\(token.text)\n\(token.line)\n", to: .output)
      guard Terminal.isTerminal(.output) else { return }
      Terminal.write("The first line is the token. Put the second into the file that tokens.file names.\n", to: .error)
    } catch {
      throw Failure(.usage, error.message)
    }
  }
}
