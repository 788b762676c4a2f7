/// What a server says of one checkpoint in its list.
public struct ManifestSummary: Sendable, Hashable {
  /// Whether it can be served.
  public enum State: Sendable, Hashable {
    /// Its files are being read.
    case loading
    /// It is served.
    case ready
    /// It could not be loaded: the canonical code, and why.
    case failed(code: String, message: String)
    /// Its files changed since it was loaded.
    case stale
    /// A state that this client does not know.
    case other(String)
  }

  /// The name by which it is asked for.
  public let name: String
  /// Whether it can be served.
  public let state: State
  /// The identity of its content; nil while it is not loaded.
  public let revision: String?
  /// The manifest's type.
  public let type: String?
  /// The model's family.
  public let family: String?
  /// How the source is split: `tp` or `pp`.
  public let parallelization: String?
  /// The tensor-parallel degree of the source.
  public let sourceMP: Int?
  /// The checkpoint's version.
  public let version: String?
  /// Tensors of the whole model.
  public let tensorCount: Int?
  /// Bytes of the whole model.
  public let byteCount: Int?
  /// The degrees at which it can be served.
  public let degrees: [Int]

  init(_ decoder: AnswerDecoder) throws(WeightClientError) {
    name = try decoder.required("name").text()
    let failure = decoder.member("error")
    switch try decoder.required("state").text() {
    case "loading": state = .loading
    case "ready": state = .ready
    case "stale": state = .stale
    case "failed":
      state = .failed(
        code: failure?.member("code")?.label() ?? "unknown", message: failure?.member("message")?.label() ?? "")
    case let other: state = .other(other)
    }
    revision = try decoder.member("revision")?.text()
    type = decoder.member("type")?.label()
    family = decoder.member("family")?.label()
    parallelization = decoder.member("parallelization")?.label()
    sourceMP = try decoder.member("source_mp")?.count()
    version = decoder.member("version")?.label()
    tensorCount = try decoder.member("tensor_count")?.count()
    byteCount = try decoder.member("bytes")?.count()
    degrees = try decoder.member("mp_degrees")?.counts() ?? []
  }

  /// The list that `GET /manifests` answers: `{"manifests": […]}`, or the array alone.
  static func list(_ bytes: [UInt8]) throws(WeightClientError) -> [ManifestSummary] {
    let decoder = try AnswerDecoder(parsing: bytes, subject: "/manifests")
    var summaries: [ManifestSummary] = []
    for element in try (decoder.member("manifests") ?? decoder).elements() {
      summaries.append(try ManifestSummary(element))
    }
    return summaries
  }
}

extension ManifestSummary.State: CustomStringConvertible {
  /// The state's name.
  public var description: String {
    switch self {
    case .loading: "loading"
    case .ready: "ready"
    case .failed: "failed"
    case .stale: "stale"
    case .other(let name): name
    }
  }
}
