// swift-tools-version: 6.2

import PackageDescription

let loader = Target.Dependency.product(name: "WeightLoader", package: "weight-server")
let client = Target.Dependency.product(name: "WeightServerClient", package: "weight-server")

let package = Package(
  name: "weight-server-benchmarks",
  dependencies: [.package(name: "weight-server", path: "../")],
  targets: [
    .executableTarget(name: "IndexBenchmark", dependencies: [loader], swiftSettings: [.swiftLanguageMode(.v6)]),
    .executableTarget(name: "ExecuteBenchmark", dependencies: [loader], swiftSettings: [.swiftLanguageMode(.v6)]),
    .executableTarget(name: "ClientBenchmark", dependencies: [client], swiftSettings: [.swiftLanguageMode(.v6)]),
    .executableTarget(name: "URLSessionBenchmark", swiftSettings: [.swiftLanguageMode(.v6)]),
    .executableTarget(
      name: "Receive", cSettings: [.unsafeFlags(["-O2"])],
      linkerSettings: [.linkedLibrary("ssl"), .linkedLibrary("crypto")]),
  ]
)
