import Testing

@testable import WeightServer

@Suite struct RouteNameTests {
  @Test(arguments: [
    ([], RouteName.index), (["shard"], .shard), (["shard", "x"], .other), (["manifests"], .manifests),
    (["manifests", "a"], .manifest), (["manifests", "a", "reload"], .reload), (["manifests", "a", "b"], .other),
    (["healthz"], .health), (["hub"], .other), (["rpc"], .other), (["nothing"], .other), ([""], .other),
    (["api", "models", "a"], .hub), (["a", "resolve", "main", "config.json"], .hub), (["page", "page.css"], .page),
    (["weightserver.v1.WeightService", "ListManifests"], .rpc),
  ])
  func aPathHasTheNameOfItsKind(path: [String], name: RouteName) {
    #expect(RouteName(path: path) == name)
  }
}
