// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "loopguard",
    products: [
        .executable(name: "loopguard-server", targets: ["loopguard-server"]),
        .library(name: "Loopguard", targets: ["Loopguard"]),
        .library(name: "LoopguardWebSocket", targets: ["LoopguardWebSocket"]),
        .library(name: "LoopguardBus", targets: ["LoopguardBus"]),
        .library(name: "LoopguardRedis", targets: ["LoopguardRedis"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl.git", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-log.git", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-collections.git", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-crypto.git", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-configuration.git", from: "1.4.0"),
        .package(url: "https://github.com/vapor/jwt-kit.git", from: "5.7.1"),
    ],
    targets: [
        // System libraries: `Tools/setup` installs them.
        .systemLibrary(name: "CHiredis", providers: [.apt(["libhiredis-dev"])]),
        // No pkg-config: `libunwind.pc` would link `unwind`, which replaces the process' C++ exception unwinder, and SwiftPM
        // warns of a flag in `hiredis.pc`. The module maps name the libraries.
        .systemLibrary(name: "CUnwind", providers: [.apt(["libunwind-dev"])]),
        .systemLibrary(name: "CDwarf", providers: [.apt(["libdw-dev"])]),

        // Thread slots and marks, our epoll_wait, the signal handler, the remote-unwind accessors.
        .target(name: "CLoopguard", dependencies: ["CUnwind"]),

        // Pure: decides, counts, groups, renders. No NIO, no C, no I/O.
        .target(
            name: "LoopguardCore",
            dependencies: []
        ),
        // Takes stacks of stalled threads and names their frames.
        .target(
            name: "LoopguardCapture",
            dependencies: ["LoopguardCore", "CLoopguard", "CUnwind", "CDwarf"]
        ),
        // The front door: guarded loops, executors, the watchdog service, offload, reporters, debug endpoints.
        .target(
            name: "Loopguard",
            dependencies: [
                "LoopguardCore", "LoopguardCapture", "CLoopguard",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "Logging", package: "swift-log"),
            ]
        ),
        // Topic messages between connections and workers; the in-memory bus; gap repair. Pure.
        .target(
            name: "LoopguardBus",
            dependencies: [.product(name: "DequeModule", package: "swift-collections")]
        ),
        .target(
            name: "LoopguardRedis",
            dependencies: [
                "LoopguardBus", "CHiredis",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "DequeModule", package: "swift-collections"),
            ]
        ),
        .target(
            name: "LoopguardWebSocket",
            dependencies: [
                "Loopguard", "LoopguardBus",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "DequeModule", package: "swift-collections"),
            ]
        ),
        .executableTarget(
            name: "loopguard-server",
            dependencies: [
                "LoopguardCore", "Loopguard", "LoopguardWebSocket", "LoopguardBus", "LoopguardRedis",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Configuration", package: "swift-configuration"),
                .product(name: "JWTKit", package: "jwt-kit"),
            ]
        ),
        // The README's program. No product: users never build it.
        .executableTarget(
            name: "hello", dependencies: ["Loopguard", "LoopguardWebSocket"], path: "Tools/Examples/hello"),

        .testTarget(name: "LoopguardCoreTests", dependencies: ["LoopguardCore"]),
        .testTarget(name: "LoopguardCaptureTests", dependencies: ["LoopguardCapture", "LoopguardCore", "CLoopguard"]),
        .testTarget(
            name: "LoopguardTests",
            dependencies: [
                "Loopguard", "LoopguardCore", "LoopguardCapture", "CLoopguard",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "Logging", package: "swift-log"),
            ]
        ),
        .testTarget(name: "LoopguardBusTests", dependencies: ["LoopguardBus"]),
        .testTarget(
            name: "LoopguardRedisTests",
            dependencies: [
                "LoopguardRedis", "LoopguardBus",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
                .product(name: "Logging", package: "swift-log"),
            ]
        ),
        .testTarget(
            name: "LoopguardWebSocketTests",
            dependencies: [
                "LoopguardWebSocket", "Loopguard", "LoopguardCore", "LoopguardBus",
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "Logging", package: "swift-log"),
            ]
        ),
        .testTarget(
            name: "ServerTests",
            dependencies: [
                "loopguard-server", "LoopguardCore", "Loopguard", "LoopguardWebSocket", "LoopguardBus",
                .product(name: "JWTKit", package: "jwt-kit"),
                .product(name: "Logging", package: "swift-log"),
            ]
        ),
        // Rules of the repository itself: allowed imports, banned calls, SAFETY comments.
        .testTarget(name: "TidyTests"),
    ],
    cLanguageStandard: .gnu11
)

// One place for the settings that every Swift target shares.
for target in package.targets where target.type != .system && target.name != "CLoopguard" {
    target.swiftSettings = [
        .swiftLanguageMode(.v6),
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
    ]
}
