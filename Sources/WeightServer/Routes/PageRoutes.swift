import Loader
import Transport

/// `/page/FILE`: what the page for people names. None of it tells of a checkpoint, so that a browser gets it without a token; the page
/// asks for one where the server wants it.
struct PageRoutes: RouteGroup {
  func routes(at path: [String]) -> [Route] {
    guard path.count == 2, path[0] == "page", let asset = Page.assets[path[1]] else { return [] }
    return [
      .reading(scope: .open, work: .prompt) { (request) throws(StatusError) in
        try request.refuseQuery()
        return asset.response(to: request.head)
      }
    ]
  }
}
