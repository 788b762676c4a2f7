internal import Transport

/// Which partition is wanted: a rank of an mp, of one model, under the server's parameters.
///
/// The parameters go into the query in the order in which they were given. What they mean, and whether they fit, is the
/// server's to say: nothing is checked here twice.
public struct PartitionRequest: Sendable, Hashable {
  /// One name and value of the query.
  public struct Parameter: Sendable, Hashable {
    /// The name, as the server's documentation has it.
    public let name: String
    /// The value, not encoded.
    public let value: String

    /// A parameter.
    public init(name: String, value: String) {
      self.name = name
      self.value = value
    }
  }

  /// The worker's index, from 0.
  public var rank: Int
  /// The tensor-parallel degree of the worker group.
  public var mp: Int
  /// The manifest's name; may be nil where the server has one only.
  public var model: String?
  /// The revision to which the content is pinned; nil for the newest.
  public var revision: String?
  /// Further parameters (`dtype`, `quantize`, `tensors`, …), in order.
  public var parameters: [Parameter]

  /// A request.
  public init(
    rank: Int, mp: Int, model: String? = nil, revision: String? = nil,
    parameters: KeyValuePairs<String, String> = [:]
  ) {
    self.rank = rank
    self.mp = mp
    self.model = model
    self.revision = revision
    self.parameters = parameters.map { Parameter(name: $0.key, value: $0.value) }
  }

  /// The same request for another rank.
  public func forRank(_ rank: Int) -> PartitionRequest {
    var request = self
    request.rank = rank
    return request
  }

  /// The query of the request's URL, without `?`: rank, mp, model, revision, then the parameters.
  public var query: String {
    var fields = [Parameter(name: "rank", value: "\(rank)"), Parameter(name: "mp", value: "\(mp)")]
    if let model { fields.append(Parameter(name: "model", value: model)) }
    if let revision { fields.append(Parameter(name: "revision", value: revision)) }
    // What separates fields, and what some read as a space, is encoded; the rest stays readable (RFC 3986, section 3.4).
    let encode = { PercentEncoding.encode($0, leaving: ",*/:") }
    return (fields + parameters).map { "\(encode($0.name))=\(encode($0.value))" }.joined(separator: "&")
  }

  /// Whether the server casts or quantizes values for it.
  var isTransformed: Bool {
    parameters.contains {
      ($0.name == "dtype" && $0.value != "native") || ($0.name == "quantize" && $0.value != "none")
    }
  }

  /// The request's path and query below a server's base path.
  func target(_ path: String) -> String { "\(path)?\(query)" }
}
