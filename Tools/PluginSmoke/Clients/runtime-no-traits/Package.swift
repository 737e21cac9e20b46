// swift-tools-version: 6.1
import PackageDescription

// Uses a library only, as the README recommends.
let package = Package(
    name: "runtime-no-traits",
    dependencies: [.package(name: "loopguard", path: "../../../..", traits: [])],
    targets: [.executableTarget(name: "App", dependencies: [.product(name: "LoopguardBus", package: "loopguard")])]
)
