// swift-tools-version: 6.2

import PackageDescription

let package = Package(
  name: "FirstPartition",
  dependencies: [.package(name: "weight-server", path: "../..")],
  targets: [
    .executableTarget(
      name: "FirstPartition",
      dependencies: [.product(name: "WeightServerClient", package: "weight-server")],
      path: "Sources")
  ]
)
