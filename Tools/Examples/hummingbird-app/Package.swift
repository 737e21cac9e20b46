// swift-tools-version: 6.2
import PackageDescription

// An application of its own, that uses Loopguard as any other package does.
let package = Package(
    name: "hummingbird-example",
    dependencies: [
        .package(url: "https://github.com/hummingbird-project/hummingbird.git", from: "2.28.1"),
        .package(name: "loopguard", path: "../../.."),
    ],
    targets: [
        .target(
            name: "Application",
            dependencies: [
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "Loopguard", package: "loopguard"),
            ]
        ),
        .executableTarget(name: "app", dependencies: ["Application"]),
        .testTarget(
            name: "ApplicationTests",
            dependencies: [
                "Application",
                .product(name: "HummingbirdTesting", package: "hummingbird"),
                .product(name: "LoopguardTesting", package: "loopguard"),
            ]
        ),
    ]
)
