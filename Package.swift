// swift-tools-version: 6.2

import PackageDescription

/// One set of settings for every Swift target of ours: Swift 6 mode, every unsafe construct marked, no warning tolerated.
let settings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .strictMemorySafety(),
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

let package = Package(
  name: "weight-server",
  products: [
    .executable(name: "weight-server", targets: ["Command"]),
    .library(name: "WeightServerClient", targets: ["WeightServerClient"]),
    .library(name: "WeightLoader", targets: ["Loader"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
    .package(url: "https://github.com/apple/swift-http-types", exact: "1.8.0"),
    .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
    .package(url: "https://github.com/apple/swift-protobuf", exact: "1.39.0"),
    .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
  ],
  targets: [
    .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .target(name: "CLinux"),
    .target(name: "CKernels"),
    .target(name: "Platform", dependencies: ["COpenSSL", "CZlib", "CLinux"]),
    .target(name: "Loader", dependencies: ["Platform", "CKernels"]),
    .target(
      name: "Transport",
      dependencies: ["Platform", .product(name: "HTTPTypes", package: "swift-http-types")]),
    .target(
      name: "WeightServerClient",
      dependencies: ["Platform", "Loader", "Transport", .product(name: "HTTPTypes", package: "swift-http-types")],
      path: "Sources/Client"),
    // Made from proto/ by Scripts/generate_protos: our settings are not for what others' programs write.
    .target(name: "RPCMessages", dependencies: [.product(name: "SwiftProtobuf", package: "swift-protobuf")]),
    .target(
      name: "ObjectStore",
      dependencies: [
        "Platform", "Loader", "Transport", "WeightServerClient",
        .product(name: "HTTPTypes", package: "swift-http-types"),
      ]),
    .target(
      name: "WeightServer",
      dependencies: [
        "Platform", "Loader", "Transport", "ObjectStore", "RPCMessages", "Yams",
        .product(name: "SwiftProtobuf", package: "swift-protobuf"),
        .product(name: "HTTPTypes", package: "swift-http-types"),
        .product(name: "Logging", package: "swift-log"),
      ],
      resources: ["page.html", "page.css", "page.js", "ask.js", "dom.js", "split.js", "icon.svg"].map {
        .embedInCode("Page/\($0)")
      }),
    .executableTarget(
      name: "Command",
      dependencies: [
        "Platform", "Loader", "Transport", "ObjectStore", "WeightServer", "WeightServerClient",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Logging", package: "swift-log"),
      ]),
    // Built by `make interop` alone: no product of ours.
    .executableTarget(
      name: "http-heads",
      dependencies: ["Platform", "Transport", .product(name: "HTTPTypes", package: "swift-http-types")],
      path: "Tests/HTTPHeads"),
    .systemLibrary(
      name: "CCurl", path: "Tests/CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
    .target(name: "TestSupport", path: "Tests/TestSupport"),
    .testTarget(name: "PlatformTests", dependencies: ["Platform", "TestSupport"]),
    .testTarget(name: "LoaderTests", dependencies: ["Loader", "Platform", "CKernels", "TestSupport"]),
    .testTarget(
      name: "TransportTests",
      dependencies: [
        "Transport", "Platform", "TestSupport", .product(name: "HTTPTypes", package: "swift-http-types"),
      ]),
    .testTarget(name: "ClientTests", dependencies: ["WeightServerClient", "Transport", "Platform"]),
    .testTarget(
      name: "ObjectStoreTests", dependencies: ["ObjectStore", "Platform", "TestSupport", "WeightServerClient"]),
    .testTarget(name: "CommandTests", dependencies: ["Command", "WeightServerClient"]),
    .testTarget(
      name: "WeightServerTests",
      dependencies: [
        "WeightServer", "Loader", "Transport", "Platform", "TestSupport",
        .product(name: "HTTPTypes", package: "swift-http-types"), .product(name: "Logging", package: "swift-log"),
      ]),
    .testTarget(name: "EndToEndTests", dependencies: ["CCurl", "Command", "Platform", "TestSupport"]),
  ],
  cLanguageStandard: .c11
)

for target in package.targets
where ![.system, .plugin, .binary].contains(target.type)
  && !["CLinux", "CKernels", "RPCMessages"].contains(target.name)
{
  target.swiftSettings = (target.swiftSettings ?? []) + settings
}
