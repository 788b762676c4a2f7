// swift-tools-version: 6.2

import PackageDescription

let package = Package(
  name: "weight-server-benchmarks",
  dependencies: [.package(name: "weight-server", path: "../")],
  targets: [
    .executableTarget(
      name: "IndexBenchmark", dependencies: [.product(name: "WeightLoader", package: "weight-server")],
      swiftSettings: [.swiftLanguageMode(.v6)])
  ]
)
