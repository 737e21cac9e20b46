// swift-tools-version: 6.0
import PackageDescription

// The linter's plugins with a prebuilt program; made by Tools/make-bundle of Loopguard. Other names for the targets than in the
// package loopguard: a program may depend on both.
let package = Package(
    name: "loopguard-lint-plugin",
    products: [
        .plugin(name: "LintHandlers", targets: ["LintHandlersPrebuilt"]),
        .plugin(name: "LoopguardLintPlugin", targets: ["LoopguardLintPluginPrebuilt"]),
    ],
    targets: [
        .binaryTarget(name: "loopguard-lint-prebuilt", path: "loopguard-lint.artifactbundle"),
        .plugin(
            name: "LintHandlersPrebuilt",
            capability: .command(
                intent: .custom(
                    verb: "lint-handlers",
                    description: "Builds, then finds calls that block an event loop, through the whole program.")),
            dependencies: ["loopguard-lint-prebuilt"],
            path: "Plugins/LintHandlers"
        ),
        .plugin(
            name: "LoopguardLintPluginPrebuilt",
            capability: .buildTool,
            dependencies: ["loopguard-lint-prebuilt"],
            path: "Plugins/LoopguardLintPlugin"
        ),
    ]
)
