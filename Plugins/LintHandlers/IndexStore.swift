import Foundation
import PackagePlugin

/// Where the build left its index, and what reads it. The plugin interface knows neither.
enum IndexStore {
    /// The package's build folder, whatever `--scratch-path` said: `<scratch>/plugins/<plugin>/outputs` is the plugin's.
    static func scratchFolder(of workFolder: URL) -> URL {
        workFolder.deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    }

    /// The store that the debug build wrote last.
    ///
    /// The native build system has it beside its products, `--build-system swiftbuild` in `<scratch>/out`.
    static func find(in scratch: URL, artifacts: [URL]) -> URL? {
        let triples = (try? FileManager.default.contentsOfDirectory(atPath: scratch.path)) ?? []
        var candidates = artifacts.map { $0.deletingLastPathComponent().appending(path: "index/store") }
        candidates += (["."] + triples.sorted()).map { scratch.appending(path: "\($0)/debug/index/store") }
        candidates.append(scratch.appending(path: "out"))
        // Both may be there. A build that had nothing to do leaves no trace in time, but says what it would have built.
        let out = scratch.appending(path: "out").path + "/"
        if let first = artifacts.first {
            candidates.removeAll { $0.path.hasPrefix(out.dropLast()) != first.path.hasPrefix(out) }
        }
        return candidates.map { ($0, lastWrite(in: $0)) }.filter { $0.1 != nil }
            .max { ($0.1 ?? .distantPast) < ($1.1 ?? .distantPast) }?.0
    }

    private static func lastWrite(in store: URL) -> Date? {
        let units = store.appending(path: "v5/units").path
        return (try? FileManager.default.attributesOfItem(atPath: units))?[.modificationDate] as? Date
    }

    /// The library of the toolchain that builds the package: beside its compiler.
    static func library(besides context: PluginContext) -> URL? {
        guard let compiler = try? context.tool(named: "swift-frontend").url else { return nil }
        let folder = compiler.resolvingSymlinksInPath().deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "lib")
        return ["libIndexStore.so", "libIndexStore.dylib"].map { folder.appending(path: $0) }
            .first { FileManager.default.fileExists(atPath: $0.path) }
    }
}
