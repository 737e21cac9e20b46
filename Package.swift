// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "loopguard",
    products: [
        .executable(name: "loopguard-server", targets: ["loopguard-server"]),
        .library(name: "Loopguard", targets: ["Loopguard", "LoopguardCore"]),
        .library(name: "LoopguardWebSocket", targets: ["LoopguardWebSocket"]),
        .library(name: "LoopguardBus", targets: ["LoopguardBus"]),
        .library(name: "LoopguardRedis", targets: ["LoopguardRedis"]),
        // For users' test targets.
        .library(name: "LoopguardTesting", targets: ["LoopguardTesting"]),
        // Linking it interposes the blocking calls of the C library.
        .library(name: "LoopguardStrict", targets: ["LoopguardStrict"]),
        // The same for a program that was not built with us: LD_PRELOAD.
        .library(name: "loopguard-preload", type: .dynamic, targets: ["CLoopguardPreload"]),
        .executable(name: "loopguard-symbolicate", targets: ["loopguard-symbolicate"]),
        .executable(name: "loopguard-lint", targets: ["loopguard-lint"]),
        .library(name: "LoopguardLint", targets: ["LoopguardLint"]),
        // `swift package lint-handlers`
        .plugin(name: "LintHandlers", targets: ["LintHandlers"]),
        // Warnings in `swift build`.
        .plugin(name: "LoopguardLintPlugin", targets: ["LoopguardLintPlugin"]),
    ],
    traits: [
        // What parses Swift: a release build of swift-syntax takes six minutes. Whoever wants the runtime only says
        // `traits: []`, and does not even fetch it; so do our own builds of the server (Tools/lib/common.sh).
        .trait(name: "Lint", description: "The linter, with swift-syntax and Yams"),
        .default(enabledTraits: ["Lint"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl.git", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-log.git", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics.git", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-distributed-tracing.git", from: "1.7.3"),
        .package(url: "https://github.com/apple/swift-collections.git", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-crypto.git", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-configuration.git", from: "1.4.0"),
        .package(url: "https://github.com/vapor/jwt-kit.git", from: "5.7.1"),
        // With the trait Lint only.
        .package(url: "https://github.com/swiftlang/swift-syntax.git", "600.0.1"..<"604.0.0"),
        .package(url: "https://github.com/jpsim/Yams.git", from: "6.2.2"),
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
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "Tracing", package: "swift-distributed-tracing"),
            ]
        ),
        // Strict mode: wrappers of blocking calls, bound at link time; silent until switched on.
        .target(name: "CLoopguardStrict", dependencies: ["CLoopguard"]),
        .target(
            name: "LoopguardStrict",
            dependencies: [
                "CLoopguardStrict", "CLoopguard", "LoopguardCore", "LoopguardCapture", "Loopguard",
                .product(name: "Logging", package: "swift-log"),
            ]
        ),
        // Strict mode without our runtime, in a shared library of its own.
        .target(name: "CLoopguardPreload"),
        // Expectations, stall injector and virtual clock for users' tests.
        .target(
            name: "LoopguardTesting",
            dependencies: [
                "LoopguardCore", "Loopguard", "LoopguardStrict",
                .product(name: "NIOCore", package: "swift-nio"),
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
                "LoopguardCore", "Loopguard", "LoopguardStrict", "LoopguardWebSocket", "LoopguardBus",
                "LoopguardRedis",
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

        // A server on plain NIO, to try the preload library on; it must not depend on any module of ours. No product.
        .executableTarget(
            name: "preload-nio",
            dependencies: [
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ],
            path: "Tools/Examples/preload-nio"
        ),

        // Names the frames of a stripped program's reports from its unstripped twin.
        .executableTarget(
            name: "loopguard-symbolicate",
            dependencies: [
                "LoopguardCore", "LoopguardCapture",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]
        ),
        // Measures how well the watchdog sees; `Tools/Accuracy/run`. No product.
        .target(name: "CAccuracy", path: "Tools/Accuracy/Sources/CAccuracy"),
        .executableTarget(
            name: "loopguard-accuracy",
            dependencies: [
                "CAccuracy", "LoopguardCore", "LoopguardCapture", "CLoopguard", "Loopguard",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Tools/Accuracy/Sources/loopguard-accuracy"
        ),
        // Measures what it costs; `Tools/Benchmarks/run`. No product.
        .target(name: "CBench", path: "Tools/Benchmarks/Sources/CBench"),
        .executableTarget(
            name: "loopguard-bench",
            dependencies: [
                "CBench", "Loopguard", "LoopguardCore", "LoopguardCapture", "LoopguardStrict", "LoopguardWebSocket",
                "LoopguardBus",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOWebSocket", package: "swift-nio"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Tools/Benchmarks/Sources/loopguard-bench"
        ),

        // The linter: imports nothing of the runtime. Its tests are a package of their own, Tools/LintTests: in this one they
        // would make every build of the server's tests compile swift-syntax.
        .target(name: "CIndexStore"),
        .target(
            name: "LoopguardLint",
            dependencies: [
                "CIndexStore",
                .product(name: "SwiftSyntax", package: "swift-syntax", condition: .when(traits: ["Lint"])),
                .product(name: "SwiftParser", package: "swift-syntax", condition: .when(traits: ["Lint"])),
                .product(name: "SwiftDiagnostics", package: "swift-syntax", condition: .when(traits: ["Lint"])),
                .product(name: "SwiftParserDiagnostics", package: "swift-syntax", condition: .when(traits: ["Lint"])),
                .product(name: "Yams", package: "Yams", condition: .when(traits: ["Lint"])),
            ],
            resources: [.embedInCode("Catalogue/Data"), .embedInCode("Rules/Pages")]
        ),
        .executableTarget(
            name: "loopguard-lint",
            dependencies: [
                "LoopguardLint", .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Tools/loopguard-lint"
        ),
        // The same program for the plugins. SwiftPM builds what a plugin runs, with all below it, apart from what a program or a
        // test uses: with one target for both, whoever depends on loopguard-lint (Tools/LintTests) compiles swift-syntax twice.
        .executableTarget(
            name: "loopguard-lint-tool",
            dependencies: [
                "LoopguardLint", .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Plugins/LintTool"
        ),
        // Without permissions: SwiftPM would refuse to run it in CI unless told to allow them.
        .plugin(
            name: "LintHandlers",
            capability: .command(
                intent: .custom(
                    verb: "lint-handlers",
                    description: "Builds, then finds calls that block an event loop, through the whole program.")),
            dependencies: ["loopguard-lint-tool"]
        ),
        .plugin(name: "LoopguardLintPlugin", capability: .buildTool, dependencies: ["loopguard-lint-tool"]),
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
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "MetricsTestKit", package: "swift-metrics"),
                .product(name: "Tracing", package: "swift-distributed-tracing"),
                .product(name: "InMemoryTracing", package: "swift-distributed-tracing"),
            ]
        ),
        .testTarget(
            name: "LoopguardStrictTests",
            dependencies: [
                "LoopguardStrict", "CLoopguardStrict", "CLoopguard", "Loopguard", "LoopguardCore",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "Logging", package: "swift-log"),
            ]
        ),
        .testTarget(
            name: "LoopguardTestingTests",
            dependencies: [
                "LoopguardTesting", "Loopguard", "LoopguardCore",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "Logging", package: "swift-log"),
            ]
        ),
        .testTarget(
            name: "SymbolicateTests",
            dependencies: ["loopguard-symbolicate", "LoopguardCapture", "LoopguardCore", "CLoopguard"]),
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
                "LoopguardRedis",
                .product(name: "JWTKit", package: "jwt-kit"),
                .product(name: "Logging", package: "swift-log"),
            ]
        ),
        .testTarget(
            name: "AccuracyTests", dependencies: ["loopguard-accuracy", "CAccuracy", "Loopguard", "LoopguardCore"]),
        // Rules of the repository itself: allowed imports, banned calls, SAFETY comments.
        .testTarget(name: "TidyTests"),
    ],
    cLanguageStandard: .gnu11
)

// One place for the settings that every Swift target shares.
let cTargets: Set<String> = [
    "CLoopguard", "CLoopguardStrict", "CLoopguardPreload", "CAccuracy", "CBench", "CIndexStore",
]
for target in package.targets where ![.system, .plugin].contains(target.type) && !cTargets.contains(target.name) {
    target.swiftSettings = [
        .swiftLanguageMode(.v6),
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
    ]
}
