import Loader
import Platform

/// A revision of a repository as the Hub's clients name it: `main`, or `mpM`, each with parameters of the partition after `-`.
///
/// `mp4-bfloat16-int8` is a dtype and a quantization by their values alone; any other parameter is `name=value`, as in
/// `mp4-int8-groups=32`.
struct HubRevision: Hashable, Sendable {
  /// The text.
  let text: String
  /// The partition of rank 0, under Hugging Face's names.
  let parameters: PartitionParameters
  /// Whether it is one file of the whole model, by the name that every loader looks for.
  let isWhole: Bool

  /// The branch that clients ask for where a person names none.
  static let main = "main"
  /// Most bytes that a revision has: clients make a file of its name.
  static let lengthLimit = 255

  /// Reads a revision.
  /// - Throws: `invalidArgument` that says what is no parameter.
  init(_ text: String) throws(LoaderError) {
    guard text.utf8.count <= HubRevision.lengthLimit else {
      throw LoaderError(.invalidArgument, "the revision has more than \(HubRevision.lengthLimit) bytes")
    }
    let parts = text.split(separator: "-", omittingEmptySubsequences: false).map(String.init)
    let first = parts.first ?? ""
    isWhole = first == HubRevision.main
    guard isWhole || first.hasPrefix("mp") else {
      throw LoaderError(
        .invalidArgument,
        "revision \(text.escaped) is neither main nor mpM, which parameters may follow as in mp4-bfloat16")
    }
    var pairs = [
      (name: "rank", value: "0"), (name: "mp", value: isWhole ? "1" : String(first.dropFirst(2))),
      (name: "names", value: PartitionParameters.Names.huggingFace.rawValue),
    ]
    for part in parts.dropFirst() { pairs.append(try HubRevision.pair(part)) }
    self.text = text
    parameters = try PartitionParameters(pairs)
  }

  private static func pair(_ part: String) throws(LoaderError) -> (name: String, value: String) {
    if let equals = part.firstIndex(of: "=") {
      return (String(part[..<equals]), String(part[part.index(after: equals)...]))
    }
    if PartitionParameters.Quantization(rawValue: part) != nil { return ("quantize", part) }
    if PartitionParameters.dtypeNames.contains(part) { return ("dtype", part) }
    throw LoaderError(
      .invalidArgument,
      "\(part.escaped) in a revision is no dtype (\(PartitionParameters.dtypeNames.joined(separator: ", "))), no quantization"
        + " (int8, int4), and not name=value")
  }

  // MARK: Files

  /// The files of weights, one a rank.
  var weights: [String] {
    if isWhole { return ["model.safetensors"] }
    return (0..<parameters.mp).map { "rank-\($0)-of-\(parameters.mp).safetensors" }
  }

  /// The partition that a file is; nil where it is none of the weights.
  func partition(_ file: String) -> PartitionParameters? {
    guard let rank = weights.firstIndex(of: file) else { return nil }
    var parameters = parameters
    parameters.rank = rank
    return parameters
  }

  // MARK: Commits

  /// The commit id of this revision: 40 hexadecimal digits, the head of the SHA-256 of the manifest's revision and this text.
  func commit(of manifestRevision: String) -> String {
    SHA256.digest(of: Array((manifestRevision + text).utf8)).prefix(20).hexadecimal
  }

  /// Whether a revision is a commit id.
  static func isCommit(_ text: String) -> Bool {
    text.utf8.count == 40 && text.utf8.allSatisfy { ($0 >= 0x30 && $0 <= 0x39) || ($0 >= 0x61 && $0 <= 0x66) }
  }

  /// The revisions that are likely to be asked for at some degrees: every dtype and quantization.
  static func likely(degrees: [Int]) -> [HubRevision] {
    let dtypes = [""] + PartitionParameters.dtypeNames.map { "-\($0)" }
    let schemes = ["", "-int8", "-int4"]
    return ([main] + degrees.map { "mp\($0)" }).flatMap { branch in
      dtypes.flatMap { dtype in schemes.compactMap { try? HubRevision(branch + dtype + $0) } }
    }
  }
}
