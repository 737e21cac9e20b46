import Foundation
import PackagePlugin

/// `swift package lint-handlers [--target NAME]... [--skip-build] [options of loopguard-lint] [-- PATH...]`
///
/// Builds the package with its tests for debugging, which fills the compiler's index, and has the linter judge the whole
/// program. Standard output is the linter's alone, so that `--format sarif` can be redirected into a file. SwiftPM knows two
/// exit codes for plugins: 0, and 1 for findings and for everything that went wrong.
@main
struct LintHandlers: CommandPlugin {
    func performCommand(context: PluginContext, arguments: [String]) throws {
        let request = try Request(arguments, in: context.package)
        let linter = Linter(executable: try context.tool(named: "loopguard-lint-tool").url)
        if request.onlyAsks { return try linter.run(request.options).report() }

        // Before the build, which takes its time: would the linter take these options, and can it parse at all?
        let trial = try linter.run(request.options + ["--list-rules"], discardsOutput: true)
        guard trial.code == 0 else { return trial.report() }

        var artifacts: [URL] = []
        if !request.skipsBuild {
            let build = try packageManager.build(
                .all(includingTests: true), parameters: .init(configuration: .debug, logging: .concise))
            guard build.succeeded else {
                FileHandle.standardError.write(Data(build.logText.utf8))
                return Diagnostics.error("the package does not build, so there is no index to judge it by")
            }
            artifacts = build.builtArtifacts.map(\.url)
        }
        var options = request.options
        if !request.names("--index-store") {
            let scratch = IndexStore.scratchFolder(of: context.pluginWorkDirectoryURL)
            guard let store = IndexStore.find(in: scratch, artifacts: artifacts) else {
                return Diagnostics.error(
                    "no index in \(scratch.path): a debug build writes it, unless --disable-index-store or "
                        + "-index-store-path say otherwise; name it with --index-store")
            }
            options += ["--index-store", store.path]
        }
        if !request.names("--index-library"), let library = IndexStore.library(besides: context) {
            options += ["--index-library", library.path]
        }
        try linter.run(options + ["--"] + request.paths).report()
    }
}
