import HTTPTypes
import Loader
import Platform
import Transport

extension HubRoutes {
  /// Entries of a page where the client does not say how many: each partition of it must be planned for its size.
  private static let pageSize = 100
  /// Most entries of a page.
  private static let pageLimit = 1000

  /// A file or a folder of a listing.
  private struct Entry: Hashable {
    let path: String
    let isFolder: Bool
  }

  /// The files and folders in a folder of a repository, a page of them; the empty path is the repository itself.
  func tree(_ snapshot: HubSnapshot, _ folder: String, _ request: Request) throws(StatusError) -> Response {
    try snapshot.check()
    let query = try request.head.target.queryItems()
    let isRecursive = HubRoutes.isTrue(query.values(of: "recursive").first)
    let isExpanded = HubRoutes.isTrue(query.values(of: "expand").first)
    let all = HubRoutes.entries(of: snapshot.paths, in: folder, isRecursive: isRecursive)
    guard folder.isEmpty || !all.isEmpty else {
      throw .hub(
        .entry,
        "\(snapshot.loaded.checkpoint.name) at \(snapshot.revision.text.escaped) has no folder \(folder.escaped)")
    }
    let size = try HubRoutes.pageSize(query)
    let cursor = query.values(of: "cursor").first ?? ""
    let rest = all.filter { cursor.isEmpty || cursor < $0.path }
    let page = rest.prefix(size)
    var json = JSONWriter()
    try write(page, of: snapshot, isExpanded: isExpanded, to: &json)
    var response = answer(snapshot, json)
    if rest.count > page.count, let last = page.last {
      response.fields[.link] = HubRoutes.link(after: last.path, size: size, query, request)
    }
    return response
  }

  /// What is known of the files and folders that the body names; of those that are not there nothing.
  func paths(_ snapshot: HubSnapshot, _ request: Request) throws(StatusError) -> Response {
    try snapshot.check()
    let (wanted, isExpanded) = try HubRoutes.wanted(request)
    let all = Set(HubRoutes.entries(of: snapshot.paths, in: "", isRecursive: true))
    let entries = wanted.flatMap { path in
      [Entry(path: path, isFolder: false), Entry(path: path, isFolder: true)].filter(all.contains)
    }
    var json = JSONWriter()
    try write(entries[...], of: snapshot, isExpanded: isExpanded, to: &json)
    return answer(snapshot, json)
  }

  private func write(
    _ entries: ArraySlice<Entry>, of snapshot: HubSnapshot, isExpanded: Bool, to json: inout JSONWriter
  ) throws(StatusError) {
    let description = HubDescription(snapshot)
    try json.array { (json) throws(StatusError) in
      for entry in entries {
        if entry.isFolder {
          description.write(folder: entry.path, isExpanded: isExpanded, to: &json)
        } else if let file = try snapshot.file(entry.path) {
          description.write(file, isExpanded: isExpanded, to: &json)
        }
      }
    }
  }

  /// The entries in a folder in the order of their paths; below it too, where that is wanted.
  private static func entries(of paths: [String], in folder: String, isRecursive: Bool) -> [Entry] {
    var entries: Set<Entry> = []
    let prefix = folder.isEmpty ? "" : folder + "/"
    for path in paths where path.hasPrefix(prefix) {
      var parts = path.dropFirst(prefix.count).split(separator: "/").map(String.init)
      if isRecursive || parts.count == 1 { entries.insert(Entry(path: path, isFolder: false)) }
      while parts.count > 1 {
        parts.removeLast()
        if isRecursive || parts.count == 1 {
          entries.insert(Entry(path: prefix + parts.joined(separator: "/"), isFolder: true))
        }
      }
    }
    return entries.sorted { $0.path < $1.path }
  }

  private static func pageSize(_ query: QueryItems) throws(StatusError) -> Int {
    guard let text = query.values(of: "limit").first else { return pageSize }
    guard let size = Int(text), size > 0 else {
      throw StatusError(.invalidArgument, "limit=\(text.escaped) is not a number of entries from 1 up")
    }
    return min(size, pageLimit)
  }

  /// The field that names the next page. Clients want it absolute; a server behind a proxy knows no more than what it was called by.
  private static func link(after path: String, size: Int, _ query: QueryItems, _ request: Request) -> String? {
    guard let host = request.head.fields[.hostName] else { return nil }
    let origin = "\(request.peer.isEncrypted ? "https" : "http")://\(host)"
    let kept = query.items.filter { $0.name != "cursor" && $0.name != "limit" }
    let items = kept + [.init(name: "limit", value: String(size)), .init(name: "cursor", value: path)]
    return "<\(origin)\(request.head.target.path)?\(QueryItems(items).encoded)>; rel=\"next\""
  }

  /// The paths of a form or of a JSON object, as the clients of two languages send them.
  private static func wanted(_ request: Request) throws(StatusError) -> (paths: [String], isExpanded: Bool) {
    let type = request.head.fields[.contentType] ?? ""
    guard type.hasPrefix("application/json") else {
      let form = try QueryItems(parsing: String(decoding: request.body, as: UTF8.self))
      return (form.values(of: "paths"), isTrue(form.values(of: "expand").first))
    }
    guard let value = try? JSONValue(parsing: request.body), let object = value.asObject,
      let paths = object["paths"]?.asArray
    else {
      throw StatusError(.invalidArgument, "the body is not {\"paths\": [...]}")
    }
    return (paths.compactMap(\.asText), object["expand"]?.asBoolean ?? false)
  }
}
