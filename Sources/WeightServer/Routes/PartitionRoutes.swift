import HTTPTypes
import Loader
import Platform
import Transport

/// `/shard`, `/tensor` and `/plan`: what workers ask for.
struct PartitionRoutes: RouteGroup {
  let catalog: Catalog
  let cache: PartitionCache
  /// Whether an answer is for its client alone, and shared caches may not keep it.
  let isPrivate: Bool
  let transfers: Transfers
  /// What queries of partitions ask for.
  private let requests = Memo<String, PartitionRequest>(limit: 1024)

  init(catalog: Catalog, cache: PartitionCache, isPrivate: Bool = false, transfers: Transfers = Transfers()) {
    self.catalog = catalog
    self.cache = cache
    self.isPrivate = isPrivate
    self.transfers = transfers
  }

  func routes(at path: [String]) -> [Route] {
    switch path {
    case ["shard"]: [.reading(work: .awaiting(prepareShard), atOnce: shardHead, shard)]
    case ["tensor"]: [.reading(tensor)]
    case ["plan"]: [.reading(plan)]
    default: []
    }
  }

  /// The partition of a rank, a safetensors file.
  func shard(_ request: Request) throws(StatusError) -> Response {
    let wanted = try parse(request)
    let (loaded, plan) = try plan(wanted, for: request.access)
    let name = "\(loaded.checkpoint.name)-rank-\(plan.parameters.rank)-of-\(plan.parameters.mp).safetensors"
    var fields = commonFields(loaded, isPinned: wanted.revision != nil)
    fields[.contentDisposition] = "attachment; filename=\"\(name)\""
    var response = try answer(request, with: plan, of: loaded, fields: fields)
    let head = request.head
    if head.method == .head, !head.hasConditions, response.status == .ok, let query = head.target.query {
      requests[query] = wanted
      loaded.heads[query] = PartitionHead(response, identity: plan.identity)
    }
    cache.sharedMemory.attach(plan.identity, to: &response, for: request)
    return response
  }

  /// Answers a GET or HEAD with a partition's body.
  /// - Parameter fields: of the answer, besides those that say which bytes these are.
  /// - Throws: `resource_exhausted` where too much is being computed already.
  func answer(
    _ request: Request, with plan: PartitionPlan, of loaded: LoadedCheckpoint, fields: HTTPFields
  ) throws(StatusError) -> Response {
    let body = PartitionBody(plan, sources: loaded.sources)
    var fields = fields
    fields[.reprDigest] = cache.digests.digest(plan.identity).map(ReprDigestField.value)
    let isHead = request.head.method == .head
    let held = HeldUntilSent()
    if !isHead { held.hold(try cache.admit(plan, for: request)) }
    let representation = Representation(
      length: plan.length, entityTag: EntityTag(plan.identity), lastModified: loaded.lastModified, fields: fields
    ) { [cache] range in
      if isHead { return PartitionBodySource(body, range: range) }
      let source = cache.source(of: body, model: loaded.checkpoint.name, range: range)
      held.hold(source.hold)
      return source.source
    }
    var response = serve(representation, for: request.head)
    let isWhole = response.status == .ok && !isHead
    watch(&response, request, of: loaded, plan)
    let before = response.onDelivery
    response.onDelivery = { [cache] delivery in
      held.release()
      before?(delivery)
      guard isWhole, delivery.isComplete else { return }
      cache.wasSent(body)
      cache.reports.wasMade(body)
    }
    return response
  }

  /// The head of a partition that was asked for before, where nothing has to be opened, planned or waited for.
  private func shardHead(_ request: Request) -> Response? {
    guard request.head.method == .head, !request.head.hasConditions, !DescriptorWish.isMade(by: request),
      let query = request.head.target.query, let wanted = requests[query],
      let entry = try? catalog.find(wanted.model, for: request.access),
      case .ready(let loaded) = entry.state,
      let head = loaded.heads[query], loaded.wasCurrent(within: PartitionHead.lifetime),
      head.hasDigest || cache.digests.digest(head.identity) == nil
    else { return nil }
    return head.response
  }

  /// Waits for what a request for a partition wants to be there before it is answered: the partition in shared memory, its digest.
  private func prepareShard(_ request: Request, then: @escaping @Sendable () -> Void) {
    guard DescriptorWish.isMade(by: request), let wanted = try? parse(request),
      let (loaded, plan) = try? plan(wanted, for: request.access)
    else { return awaitDigest(request, then: then) }
    cache.sharedMemory.prepare(PartitionBody(plan, sources: loaded.sources)) { awaitDigest(request, then: then) }
  }

  /// Waits for the digest of the partition that `/shard` is asked for, where the client wants it; then calls `then`. A request that is
  /// wrong is not waited for: its answer says what is wrong. How long the client waits is seen to by the connection.
  func awaitDigest(_ request: Request, then: @escaping @Sendable () -> Void) {
    guard let wish = request.head.fields[.wantReprDigest], ReprDigestField.wantsSHA256(wish),
      let wanted = try? parse(request), let (loaded, plan) = try? plan(wanted, for: request.access)
    else { return then() }
    let body = PartitionBody(plan, sources: loaded.sources)
    cache.findDigest(of: body, model: loaded.checkpoint.name, then: then)
  }

  /// One tensor's bytes of a partition.
  func tensor(_ request: Request) throws(StatusError) -> Response {
    let wanted = try parse(request, takesName: true)
    let (loaded, plan) = try plan(wanted, for: request.access)
    let name = wanted.tensor ?? ""
    guard let tensor = plan.tensors.first(where: { $0.name == name }) else {
      let nearest = NearestName.nearest(to: name, among: plan.tensors.map(\.name))
      throw StatusError(
        .notFound,
        "this partition has no tensor \(name.escaped)\(nearest.map { "; did you mean \($0.escaped)?" } ?? "")")
    }
    let body = PartitionBody(plan, sources: loaded.sources)
    let tag = SHA256.digest(of: Array("\(plan.identity) \(name)".utf8)).prefix(16).hexadecimal
    var fields = commonFields(loaded, isPinned: wanted.revision != nil)
    fields[.tensorDType] = tensor.dtype.rawValue
    fields[.tensorShape] = "[" + tensor.shape.map(String.init).joined(separator: ",") + "]"
    let representation = Representation(
      length: tensor.range.count, entityTag: EntityTag(tag), lastModified: loaded.lastModified, fields: fields
    ) { range in
      let start = tensor.range.lowerBound
      return PartitionBodySource(body, range: start + range.lowerBound..<start + range.upperBound)
    }
    let permit = try cache.admit(plan, for: request)
    var response = serve(representation, for: request.head)
    watch(&response, request, of: loaded, plan)
    let before = response.onDelivery
    response.onDelivery = { delivery in
      before?(delivery)
      withExtendedLifetime(permit) {}
    }
    return response
  }

  /// Has the answer shown among the transfers while it is sent, and counted for its checkpoint.
  private func watch(
    _ response: inout Response, _ request: Request, of loaded: LoadedCheckpoint, _ plan: PartitionPlan
  ) {
    guard request.head.method == .get, case .source(let length, _) = response.body else { return }
    let transfer = Transfers.Transfer(
      id: request.id, remote: request.remoteAddress, model: loaded.checkpoint.name, rank: plan.parameters.rank,
      mp: plan.parameters.mp, parameters: plan.parameters.canonical, bytes: length)
    let key = transfers.begin(transfer)
    response.meter = transfer.meter
    response.onDelivery = { [transfers] delivery in
      transfers.end(key)
      loaded.sent.count(delivery.bytesSent)
    }
  }

  /// The plan of a partition, or the dry run for all ranks.
  func plan(_ request: Request) throws(StatusError) -> Response {
    let wanted = try parse(request, needsRank: false)
    let json: JSONWriter
    if wanted.hasRank {
      let (loaded, plan) = try plan(wanted, for: request.access)
      let serving = cache.serving(PartitionBody(plan, sources: loaded.sources))
      json =
        PlanDescription(
          plan, of: loaded.checkpoint, serving: serving, report: cache.reports[plan.identity]
        ).json
    } else {
      let loaded = try wanted.checkpoint(in: catalog, for: request.access)
      json = DryRunDescription(loaded, wanted.parameters).json
    }
    return Response(json: json).answering(request)
  }

  private func parse(
    _ request: Request, needsRank: Bool = true, takesName: Bool = false
  ) throws(StatusError) -> PartitionRequest {
    let query = try request.head.target.queryItems()
    do throws(LoaderError) {
      return try PartitionRequest(query, needsRank: needsRank, takesName: takesName)
    } catch {
      throw StatusError(error)
    }
  }

  private func plan(
    _ wanted: PartitionRequest, for access: Access
  ) throws(StatusError) -> (loaded: LoadedCheckpoint, plan: PartitionPlan) {
    let loaded = try wanted.checkpoint(in: catalog, for: access)
    do throws(LoaderError) {
      return (loaded, try loaded.plan(wanted.parameters))
    } catch {
      throw StatusError(error)
    }
  }

  /// The fields of every answer with bytes of a checkpoint.
  func commonFields(_ loaded: LoadedCheckpoint, isPinned: Bool) -> HTTPFields {
    var fields = HTTPFields()
    fields[.contentType] = "application/octet-stream"
    fields[.manifestRevision] = loaded.checkpoint.revision
    // A cache that several people share must not take one's answer for another's.
    if isPrivate { fields[.vary] = "Authorization" }
    fields[.cacheControl] =
      isPinned ? "\(isPrivate ? "private" : "public"), max-age=31536000, immutable" : "no-cache"
    return fields
  }
}
