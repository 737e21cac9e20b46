// swift-tools-version: 6.1
import PackageDescription

// Both plugins, with the linter built from its sources.
let package = Package(
    name: "linted",
    dependencies: [.package(name: "loopguard", path: "../../../..")],
    targets: [
        .target(name: "App", plugins: [.plugin(name: "LoopguardLintPlugin", package: "loopguard")]),
        .target(name: "Quiet"),
        .testTarget(name: "AppTests", dependencies: ["App", "Quiet"]),
    ]
)
