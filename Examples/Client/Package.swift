// swift-tools-version: 6.2

import PackageDescription

/// One program each: `swift run --package-path Examples/Client NAME URL`.
let programs = ["FirstPartition", "LoadTest", "PlanOnly", "ResumeDownload", "Snippets", "StreamToAccelerator"]

let package = Package(
  name: "ClientExamples",
  dependencies: [.package(name: "weight-server", path: "../..")],
  targets: programs.map { name in
    .executableTarget(
      name: name, dependencies: [.product(name: "WeightServerClient", package: "weight-server")],
      swiftSettings: [.swiftLanguageMode(.v6), .strictMemorySafety(), .treatAllWarnings(as: .error)])
  }
)
