// swift-tools-version: 6.2

import PackageDescription

let package = Package(
  name: "weight-server-fuzz",
  dependencies: [.package(name: "weight-server", path: "../..")],
  targets: [
    .systemLibrary(name: "CLibFuzzer"),
    .executableTarget(
      name: "fuzz",
      dependencies: [
        "CLibFuzzer", .product(name: "WeightLoader", package: "weight-server"),
        .product(name: "WeightServerClient", package: "weight-server"),
      ],
      path: "Sources/Fuzz",
      swiftSettings: [.swiftLanguageMode(.v6), .enableUpcomingFeature("ExistentialAny")]),
  ]
)
