/// What a server says of one checkpoint when it is asked for it alone.
public struct ManifestDetail: Sendable, Hashable {
  /// What the list says too.
  public let summary: ManifestSummary
  /// The key under which the tensors stood in the checkpoint's files, if there was one.
  public let moduleKey: String?
  /// The names of the checkpoint's files.
  public let files: [String]
  /// What is odd about the checkpoint.
  public let warnings: [String]

  /// The answer of `GET /manifests/NAME`.
  init(parsing bytes: [UInt8]) throws(WeightClientError) {
    let decoder = try AnswerDecoder(parsing: bytes, subject: "/manifests/NAME")
    summary = try ManifestSummary(decoder)
    moduleKey = decoder.member("module_key")?.label()
    var files: [String] = []
    for file in try decoder.member("files")?.elements() ?? [] {
      if let name = file.label() { files.append(name) } else { files.append(try file.required("name").text()) }
    }
    self.files = files
    warnings = try decoder.member("warnings")?.texts() ?? []
  }
}
