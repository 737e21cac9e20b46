import Glibc
import LoopguardCapture
import LoopguardCore

/// Finds the file that describes a module. One thread only.
final class Catalogue {
    struct Answer {
        var frames: [StackFrame]
        /// The file has debug information, so a missing line is one that the program really lacks.
        var hasLines: Bool
    }

    private struct Module: Hashable {
        var name: String
        var buildID: String?
    }

    private let binaries: [SymbolFile]
    private let directories: [String]
    private var found: [Module: SymbolFile?] = [:]
    /// One sentence each, about files that could not be used.
    private(set) var warnings: [String] = []

    /// - Throws: `.unreadableBinary` when one of `binaries` is none.
    init(binaries: [String], directories: [String]) throws(SymbolicateError) {
        var opened: [SymbolFile] = []
        for path in binaries {
            do { opened.append(try SymbolFile(path: path)) } catch {
                throw SymbolicateError(.unreadableBinary, error.message)
            }
        }
        self.binaries = opened
        self.directories = directories + ["/usr/lib/debug"]
    }

    /// Nil when there is no file for the frame's module.
    func frames(for request: FrameRequest) -> Answer? {
        let module = Module(name: request.module, buildID: request.buildID)
        let file: SymbolFile?
        if let known = found[module] {
            file = known
        } else {
            file = find(module)
            found[module] = .some(file)
        }
        guard let file else { return nil }
        return Answer(
            frames: file.frames(at: request.offset, kind: request.kind, shownAddress: request.address),
            hasLines: file.hasLines || FrameOrigin.isRuntime(module: request.module, function: nil))
    }

    private func find(_ module: Module) -> SymbolFile? {
        let given = binaries.filter { $0.buildID != nil && $0.buildID == module.buildID }
        // A stripped twin has the same build-id.
        if let match = given.first(where: \.hasLines) ?? given.first { return adopt(match.path, module) }
        for file in binaries where file.module == module.name {
            if let wanted = module.buildID, let has = file.buildID {
                warn(
                    "\(file.path) is another build of \(module.name): its build-id is \(has), the report's is \(wanted)"
                )
            } else {
                warn(
                    "\(file.path) is taken for \(module.name) by its name alone: "
                        + (module.buildID == nil ? "the report has no build-id" : "the file has no build-id"))
                return adopt(file.path, module)
            }
        }
        return searched(module)
    }

    /// The folders, in order: what a distribution or `objcopy` would have put there.
    private func searched(_ module: Module) -> SymbolFile? {
        // A name from a report is not a path.
        let name = module.name.contains("/") || module.name.hasPrefix(".") ? nil : module.name
        var stripped: SymbolFile?
        for directory in directories {
            var paths: [String] = []
            if let id = module.buildID, id.utf8.count > 2, id.allSatisfy(\.isHexDigit) {
                let rest = "\(directory)/.build-id/\(id.prefix(2))/\(id.dropFirst(2))"
                paths += [rest + ".debug", rest]
            }
            if let name { paths += ["\(directory)/\(name).debug", "\(directory)/\(name)"] }
            for path in paths where access(path, F_OK) == 0 {
                guard let file = adopt(path, module) else { continue }
                if let wanted = module.buildID, let has = file.buildID, wanted != has {
                    warn(
                        "\(path) is another build of \(module.name): its build-id is \(has), the report's is \(wanted)")
                } else if module.buildID == nil || file.buildID == nil {
                    warn("\(path) is taken for \(module.name) by its name alone: a build-id is missing")
                    return file
                } else if file.hasLines {
                    return file
                } else {
                    stripped = stripped ?? file
                }
            }
        }
        return stripped
    }

    /// Opens the file under the module's name: a debug file may be called after its build-id.
    private func adopt(_ path: String, _ module: Module) -> SymbolFile? {
        do {
            let file = try SymbolFile(path: path, module: module.name)
            if !file.hasLines, !FrameOrigin.isRuntime(module: module.name, function: nil) {
                warn("\(path) has no debug information: functions at best, but no lines")
            }
            return file
        } catch {
            warn(error.message)
            return nil
        }
    }

    private func warn(_ text: String) {
        if !warnings.contains(text) { warnings.append(text) }
    }
}
