// swift-tools-version: 6.2
import PackageDescription

// A package of its own, that uses Loopguard as any other does. (Its folder must not be named `hummingbird`: that would be the
// identity of the dependency.)
let package = Package(
    name: "hummingbird-app",
    dependencies: [
        .package(url: "https://github.com/hummingbird-project/hummingbird.git", from: "2.28.1"),
        .package(url: "https://github.com/apple/swift-http-types.git", from: "1.0.0"),
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.2"),
        .package(name: "loopguard", path: "../../..", traits: []),
    ],
    targets: [
        .target(
            name: "Application",
            dependencies: [
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Loopguard", package: "loopguard"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ]
        ),
        .executableTarget(name: "app", dependencies: ["Application"]),
        .testTarget(
            name: "ApplicationTests",
            dependencies: [
                "Application",
                .product(name: "HummingbirdTesting", package: "hummingbird"),
                .product(name: "Loopguard", package: "loopguard"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ]
        ),
    ]
)
