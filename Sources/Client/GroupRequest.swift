/// Which partitions a worker group wants: some or all ranks of an mp, all of one revision.
public struct GroupRequest: Sendable, Hashable {
  /// The ranks, in order.
  public var ranks: [Int]
  /// What is asked of each rank; its own rank is not looked at.
  public var partition: PartitionRequest

  /// All ranks of an mp, or those given.
  public init(
    mp: Int, ranks: Range<Int>? = nil, model: String? = nil, revision: String? = nil,
    parameters: KeyValuePairs<String, String> = [:]
  ) {
    self.ranks = Array(ranks ?? 0..<max(mp, 0))
    partition = PartitionRequest(rank: 0, mp: mp, model: model, revision: revision, parameters: parameters)
  }
}

/// What a fetch of a group has brought.
public struct GroupResult: Sendable, Hashable {
  /// One rank's file.
  public struct File: Sendable, Hashable {
    /// The rank.
    public let rank: Int
    /// The file's path.
    public let path: String
    /// What its fetch has brought.
    public let result: FetchResult
  }

  /// The revision that all files are of.
  public let revision: String
  /// The files, in the order of the ranks asked for.
  public let files: [File]
}

/// How the files of a group are named: `{rank}`, `{mp}` and `{model}` stand for their values.
public struct FileTemplate: Sendable, Hashable {
  /// The text with its placeholders.
  public let text: String

  /// A template. It needs `{rank}` where there are several ranks.
  public init(_ text: String) {
    self.text = text
  }

  /// The path for a rank; `model` stands for the model's name where the request has none.
  public func path(rank: Int, mp: Int, model: String?) -> String {
    var result = ""
    var rest = text[...]
    while let open = rest.firstIndex(of: "{") {
      result += rest[..<open]
      rest = rest[open...]
      if let (placeholder, value) = [("{rank}", "\(rank)"), ("{mp}", "\(mp)"), ("{model}", model ?? "model")]
        .first(where: { rest.hasPrefix($0.0) })
      {
        result += value
        rest = rest.dropFirst(placeholder.count)
      } else {
        result.append("{")
        rest = rest.dropFirst()
      }
    }
    return result + rest
  }
}
