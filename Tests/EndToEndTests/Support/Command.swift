/// A run of `weight-server` that ends by itself.
struct Command {
  let status: Int32
  let output: String
  let errors: String

  init(_ arguments: String..., environment: [String: String] = [:], workingFolder: String? = nil) throws {
    let process = try ChildProcess(arguments, environment: environment, workingFolder: workingFolder)
    status = try process.exitStatus()
    output = try process.wholeOutput()
    errors = process.errors
  }

  /// Standard error's lines.
  var errorLines: [String] { errors.split(separator: "\n").map(String.init) }
}
