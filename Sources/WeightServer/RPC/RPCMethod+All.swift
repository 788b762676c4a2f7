import HTTPTypes
import Platform
import RPCMessages
import Transport

extension RPCMethod {
  /// The service.
  static let service = "weightserver.v1.WeightService"

  /// Its calls.
  static let all: [RPCMethod] = [
    RPCMethod(
      "ListManifests", Weightserver_V1_ListManifestsRequest.self, Weightserver_V1_ListManifestsResponse.self,
      member: { _ in "manifests" }
    ) { _ in InnerRequest(path: ["manifests"]) },
    RPCMethod(
      "GetManifest", Weightserver_V1_GetManifestRequest.self, Weightserver_V1_GetManifestResponse.self,
      member: { _ in "manifest" }
    ) { (message) throws(StatusError) in InnerRequest(path: ["manifests", try named(message.name)]) },
    RPCMethod(
      "PlanPartition", Weightserver_V1_PlanPartitionRequest.self, Weightserver_V1_PlanPartitionResponse.self,
      member: { $0.hasRank ? "partition" : "degree" },
      dryRun: { $0.hasRank ? InnerRequest(path: ["plan"], query: $0.query(withRank: false)) : nil }
    ) { InnerRequest(path: ["plan"], query: $0.query(withRank: true)) },
    RPCMethod(
      "PutManifest", Weightserver_V1_PutManifestRequest.self, Weightserver_V1_PutManifestResponse.self, scope: .admin,
      member: { _ in "manifest" }, request: put),
    RPCMethod(
      "DeleteManifest", Weightserver_V1_DeleteManifestRequest.self, Weightserver_V1_DeleteManifestResponse.self,
      scope: .admin, member: { _ in nil }
    ) { (message) throws(StatusError) in
      InnerRequest(method: .delete, path: ["manifests", try named(message.name)])
    },
    RPCMethod(
      "ReloadManifest", Weightserver_V1_ReloadManifestRequest.self, Weightserver_V1_ReloadManifestResponse.self,
      scope: .admin, member: { _ in "manifest" }
    ) { (message) throws(StatusError) in
      InnerRequest(
        method: .post, path: ["manifests", try named(message.name), "reload"],
        query: waiting(message.hasWait ? message.wait : nil))
    },
    RPCMethod(
      "GetStats", Weightserver_V1_GetStatsRequest.self, Weightserver_V1_GetStatsResponse.self, member: { _ in "stats" }
    ) { _ in InnerRequest(path: ["stats"]) },
  ]

  @Sendable private static func put(
    _ message: Weightserver_V1_PutManifestRequest
  ) throws(StatusError) -> InnerRequest {
    let body: [UInt8]
    switch message.source {
    case .manifest(let text): body = Array(text.utf8)
    case .path(let path):
      var json = JSONWriter()
      json.object { $0.member("path", path) }
      body = json.bytes
    case nil: throw StatusError(.invalidArgument, "one of path and manifest is required")
    }
    return InnerRequest(
      method: .put, path: ["manifests", try named(message.name)], query: waiting(message.hasWait ? message.wait : nil),
      body: body)
  }

  private static func named(_ name: String) throws(StatusError) -> String {
    guard !name.isEmpty else { throw StatusError(.invalidArgument, "name is required: the checkpoint's") }
    return name
  }

  private static func waiting(_ waits: Bool?) -> [QueryItems.Item] {
    waits.map { [.init(name: "wait", value: String($0))] } ?? []
  }
}

extension Weightserver_V1_PlanPartitionRequest {
  /// The parameters of `/plan`: those that are there.
  func query(withRank: Bool) -> [QueryItems.Item] {
    let fields: [(name: String, value: String?)] = [
      ("model", hasModel ? model : nil), ("revision", hasRevision ? revision : nil), ("mp", hasMp ? String(mp) : nil),
      ("rank", hasRank && withRank ? String(rank) : nil), ("names", hasNames ? names : nil),
      ("dtype", hasDtype ? dtype : nil), ("quantize", hasQuantize ? quantize : nil),
      ("groups", hasGroups ? String(groups) : nil), ("group_size", hasGroupSize ? String(groupSize) : nil),
      ("mlp_extra_grouping", hasMlpExtraGrouping ? String(mlpExtraGrouping) : nil), ("pp", hasPp ? String(pp) : nil),
      ("pp_rank", hasPpRank ? String(ppRank) : nil), ("ep", hasEp ? String(ep) : nil),
      ("ep_rank", hasEpRank ? String(epRank) : nil), ("embeddings", hasEmbeddings ? embeddings : nil),
      ("vocab_multiple", hasVocabMultiple ? String(vocabMultiple) : nil),
      ("vocab_size", hasVocabSize ? String(vocabSize) : nil),
      ("tensors", tensors.isEmpty ? nil : tensors.joined(separator: ",")),
    ]
    return fields.compactMap { field in field.value.map { .init(name: field.name, value: $0) } }
  }
}
