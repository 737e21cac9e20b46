import Foundation

/// Which module the files of a C or C++ target belong to, and which other targets they use: the index of clang says neither.
enum ClangTargets {
    /// Fills in the module and the used modules of units that have none.
    ///
    /// A C target's objects lie in a folder `TARGET.build`; a header belongs to the target in whose folder it lies.
    static func nameModules(_ units: inout [IndexStore.Unit]) {
        var folders: [String: [Substring]] = [:]
        for index in units.indices where units[index].module.isEmpty {
            units[index].module = target(ofOutput: units[index].output) ?? ""
        }
        for unit in units where !unit.module.isEmpty {
            let folder = unit.mainFile.split(separator: "/").dropLast()
            let known = folders[unit.module]
            folders[unit.module] = known.map { common($0, Array(folder)) } ?? Array(folder)
        }
        let owners = Dictionary(
            folders.map { ($0.value.joined(separator: "/"), $0.key) }, uniquingKeysWith: { min($0, $1) })
        for index in units.indices where !isSwift(units[index].mainFile) {
            var used: Set<String> = []
            for record in units[index].records {
                guard let owner = owner(of: record.path, owners), owner != units[index].module else { continue }
                used.insert(owner)
            }
            units[index].modules += used.sorted()
        }
    }

    private static func isSwift(_ path: String) -> Bool { path.hasSuffix(".swift") }

    /// `…/debug/CStore.build/store.c.o` → `CStore`.
    static func target(ofOutput path: String) -> String? {
        path.split(separator: "/").last { $0.hasSuffix(".build") && $0 != ".build" }.map {
            String($0.dropLast(".build".count))
        }
    }

    private static func common(_ a: [Substring], _ b: [Substring]) -> [Substring] {
        Array(zip(a, b).prefix { $0 == $1 }.map(\.0))
    }

    private static func owner(of path: String, _ owners: [String: String]) -> String? {
        var folder = path.split(separator: "/").dropLast()
        while !folder.isEmpty {
            if let owner = owners[folder.joined(separator: "/")] { return owner }
            folder = folder.dropLast()
        }
        return nil
    }
}
