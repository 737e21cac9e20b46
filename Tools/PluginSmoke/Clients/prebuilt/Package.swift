// swift-tools-version: 6.1
import PackageDescription

// Both plugins, with the prebuilt linter of Tools/make-bundle.
let package = Package(
    name: "prebuilt",
    dependencies: [.package(path: "../../../../.build/bundle/loopguard-lint-plugin")],
    targets: [
        .target(name: "App", plugins: [.plugin(name: "LoopguardLintPlugin", package: "loopguard-lint-plugin")]),
        .target(name: "Quiet"),
        .testTarget(name: "AppTests", dependencies: ["App", "Quiet"]),
    ]
)
