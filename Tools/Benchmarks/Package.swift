// swift-tools-version: 6.2
import PackageDescription

// A package of its own, so that nobody who depends on Loopguard ever resolves it.
let package = Package(
    name: "loopguard-benchmarks",
    dependencies: [
        .package(name: "loopguard", path: "../.."),
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-log.git", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.2"),
    ],
    targets: [
        .target(name: "CBench"),
        .executableTarget(
            name: "loopguard-bench",
            dependencies: [
                "CBench",
                .product(name: "Loopguard", package: "loopguard"),
                .product(name: "LoopguardWebSocket", package: "loopguard"),
                .product(name: "LoopguardBus", package: "loopguard"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOWebSocket", package: "swift-nio"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: [
                .swiftLanguageMode(.v6),
                .enableUpcomingFeature("ExistentialAny"),
                .enableUpcomingFeature("InternalImportsByDefault"),
                .enableUpcomingFeature("MemberImportVisibility"),
            ]
        ),
    ]
)
