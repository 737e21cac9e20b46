// swift-tools-version: 6.2
import PackageDescription

// The linter's tests: a package of their own, so that the server's tests never compile swift-syntax. `Tools/lint-test`.
let package = Package(
    name: "lint-tests",
    dependencies: [.package(name: "loopguard", path: "../..")],
    targets: [
        .testTarget(
            name: "LoopguardLintTests",
            dependencies: [
                .product(name: "LoopguardLint", package: "loopguard"),
                .product(name: "loopguard-lint", package: "loopguard"),
            ]
        )
    ]
)

for target in package.targets {
    target.swiftSettings = [
        .swiftLanguageMode(.v6),
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
    ]
}
