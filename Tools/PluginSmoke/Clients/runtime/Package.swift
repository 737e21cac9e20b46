// swift-tools-version: 6.1
import PackageDescription

// Uses a library only, and says nothing of traits.
let package = Package(
    name: "runtime",
    dependencies: [.package(name: "loopguard", path: "../../../..")],
    targets: [
        .executableTarget(name: "App", dependencies: [.product(name: "LoopguardBus", package: "loopguard")]),
        .testTarget(name: "AppTests", dependencies: ["App"]),
    ]
)
