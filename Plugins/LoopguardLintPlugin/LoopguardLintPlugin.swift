import Foundation
import PackagePlugin

/// Shows what a target's own files give away, as warnings of the compiler, whenever the target is built.
///
/// It runs before the target is compiled, so it knows no index of these sources: calls that block are found where they stand,
/// not through other functions. The gate for the whole program is the command `swift package lint-handlers`.
@main
struct LoopguardLintPlugin: BuildToolPlugin {
    func createBuildCommands(context: PluginContext, target: any Target) throws -> [Command] {
        guard let module = target as? SwiftSourceModuleTarget else { return [] }
        let files = module.sourceFiles(withSuffix: "swift").map(\.url)
        guard !files.isEmpty else { return [] }
        let settings = context.package.directoryURL.appending(path: ".loopguard.yml")
        var inputs = files
        var arguments = ["--syntax-only", "--format", "xcode", "--fail-on", "never"]
        if FileManager.default.fileExists(atPath: settings.path) {
            inputs.append(settings)
            arguments += ["--config", settings.path]
        }
        return [
            .buildCommand(
                displayName: "Looking for blocking calls in \(target.name)",
                executable: try context.tool(named: "loopguard-lint-tool").url,
                arguments: arguments + ["--"] + files.map(\.path),
                inputFiles: inputs,
                // None: a stamp file would become a resource of the target, with a bundle and an accessor in the program.
                outputFiles: []
            )
        ]
    }
}
