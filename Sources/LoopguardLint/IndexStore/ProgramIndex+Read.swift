import Dispatch
import Foundation

extension ProgramIndex {
    /// Which units are of interest.
    public struct Selection: Sendable {
        /// Source files to read; nil = all.
        public var paths: Set<String>?
        /// Units whose output path contains one of these are left out: SwiftPM's host tools.
        public var excludedOutputs: [String] = ["-tool.build/"]
        /// Leave out files that are not there any more: the store never forgets them. Default false.
        public var existingOnly = false

        public init(paths: Set<String>? = nil) { self.paths = paths }
    }

    /// Parts that are read side by side. A constant, so that symbols are numbered alike on every machine.
    private static let parts = 8

    /// Reads all selected units of a store.
    ///
    /// The store only grows: files that are gone stay in it, see ``Selection/existingOnly``. A unit or record that cannot be
    /// read is a line in ``problems``, the rest is read.
    public init(reading store: IndexStore, _ selection: Selection = Selection()) {
        self.init()
        var newest: [String: IndexStore.Unit] = [:]
        for unit in store.units(problems: &problems) {
            guard !selection.excludedOutputs.contains(where: { unit.output.contains($0) }),
                selection.paths?.contains(unit.mainFile) ?? true
            else { continue }
            // A file may have been compiled into several outputs: the latest is what the user sees.
            if let known = newest[unit.mainFile], known.modifiedUnixNs >= unit.modifiedUnixNs { continue }
            newest[unit.mainFile] = unit
        }
        if selection.existingOnly {
            newest = newest.filter { FileManager.default.fileExists(atPath: $0.key) }
        }
        var units = newest.values.sorted { $0.mainFile < $1.mainFile }
        ClangTargets.nameModules(&units)
        var seen: Set<String> = []
        // A Swift unit has one record of its own; a C unit has those of its headers too.
        let records = units.indices.flatMap { number in
            units[number].records.filter { seen.insert("\($0.name)\0\($0.path)").inserted }.map { (number, $0) }
        }
        let shards = Shards(count: Self.parts)
        let shared = units
        DispatchQueue.concurrentPerform(iterations: Self.parts) { part in
            let range = records.count * part / Self.parts..<records.count * (part + 1) / Self.parts
            let session = Session(store: store)
            for (unit, record) in records[range] {
                session.read(record: record.name, path: record.path, unit: shared[unit])
            }
            shards.set(part, session.index)
        }
        for shard in shards.all { append(shard) }
    }

    private final class Shards: @unchecked Sendable {
        // SAFETY: all access is under the lock.
        private let lock = NSLock()
        private var values: [ProgramIndex]

        init(count: Int) { values = Array(repeating: ProgramIndex(), count: count) }
        func set(_ number: Int, _ value: ProgramIndex) { lock.withLock { values[number] = value } }
        var all: [ProgramIndex] { lock.withLock { values } }
    }

    /// Adds what another part of the store says; symbols that both know become one.
    private mutating func append(_ other: ProgramIndex) {
        let new = other.symbols.map { intern($0) }
        let firstFile = FileID(clamping: files.count)
        for (symbol, definition) in other.definitions.sorted(by: { $0.key < $1.key }) {
            let id = new[Int(symbol)]
            if definitions[id] == nil {
                definitions[id] = Definition(
                    file: definition.file + firstFile, line: definition.line, column: definition.column)
            }
        }
        for (from, all) in other.overrides.sorted(by: { $0.key < $1.key }) {
            for symbol in all { overrides[new[Int(from)], default: []].appendOnce(new[Int(symbol)]) }
        }
        for (from, all) in other.subtypes.sorted(by: { $0.key < $1.key }) {
            for symbol in all { subtypes[new[Int(from)], default: []].appendOnce(new[Int(symbol)]) }
        }
        for (child, parent) in other.parents { parents[new[Int(child)]] = new[Int(parent)] }
        for (child, parent) in other.extended { extended[new[Int(child)]] = new[Int(parent)] }
        for var file in other.files {
            for index in file.occurrences.indices {
                file.occurrences[index].symbol = new[Int(file.occurrences[index].symbol)]
                if file.occurrences[index].container >= 0 {
                    file.occurrences[index].container = new[Int(file.occurrences[index].container)]
                }
                if file.occurrences[index].receiver >= 0 {
                    file.occurrences[index].receiver = new[Int(file.occurrences[index].receiver)]
                }
            }
            files.append(file)
        }
        problems += other.problems
    }

    /// Reads records one after the other; symbols of a record are looked up once in it.
    private final class Session {
        let store: IndexStore
        var index = ProgramIndex()
        private var occurrences: [Occurrence] = []
        private var known: [UnsafeMutableRawPointer: SymbolID] = [:]

        init(store: IndexStore) { self.store = store }

        func read(record: String, path: String, unit: IndexStore.Unit) {
            let file = FileID(clamping: index.files.count)
            known.removeAll(keepingCapacity: true)
            occurrences = []
            do {
                try store.occurrences(
                    ofRecord: record, describe: { self.index.intern($0) }, known: &known,
                    { self.add($0, file) })
            } catch {
                index.problems.append("\(path): \(error)")
                return
            }
            occurrences.sort {
                ($0.line, $0.column, $0.roles.rawValue, index[$0.symbol].usr) < (
                    $1.line, $1.column, $1.roles.rawValue, index[$1.symbol].usr
                )
            }
            index.files.append(
                File(
                    path: path, module: unit.module, indexedAtUnixNs: unit.modifiedUnixNs, output: unit.output,
                    modules: unit.modules, occurrences: occurrences))
        }

        private func add(_ seen: IndexStore.Mention, _ file: FileID) {
            var container: SymbolID = -1
            var receiver: SymbolID = -1
            for relation in seen.relations {
                index.relate(seen.symbol, relation.roles, relation.symbol)
                if relation.roles & (1 << 13) != 0 { container = relation.symbol }
                if relation.roles & (1 << 16) != 0, container < 0 { container = relation.symbol }
                if relation.roles & (1 << 12) != 0 { receiver = relation.symbol }
            }
            let roles = Roles(rawValue: UInt32(truncatingIfNeeded: seen.roles & 0x1ff))
            if roles.contains(.definition), index.definitions[seen.symbol] == nil {
                index.definitions[seen.symbol] = Definition(file: file, line: seen.line, column: seen.column)
            }
            occurrences.append(
                Occurrence(
                    symbol: seen.symbol, roles: roles, line: seen.line, column: seen.column, container: container,
                    receiver: receiver))
        }
    }

    /// The number of a symbol, a new one if need be.
    mutating func intern(_ symbol: IndexSymbol) -> SymbolID {
        if let id = numbers[symbol.usr] {
            // References know less than definitions: async-ness is known to both, a C function's kind is not.
            if symbols[Int(id)].kind == .other { symbols[Int(id)] = symbol }
            return id
        }
        let id = SymbolID(clamping: symbols.count)
        symbols.append(symbol)
        numbers[symbol.usr] = id
        return id
    }

    /// Records what a relation says about the structure of the program.
    mutating func relate(_ symbol: SymbolID, _ roles: UInt64, _ other: SymbolID) {
        guard roles & (1 << 9 | 1 << 10 | 1 << 11 | 1 << 14 | 1 << 15) != 0 else { return }
        if roles & (1 << 11) != 0 { overrides[other, default: []].appendOnce(symbol) }
        if roles & (1 << 10) != 0 { subtypes[symbol, default: []].appendOnce(other) }
        if roles & (1 << 9) != 0 || roles & (1 << 15) != 0 { parents[symbol] = other }
        if roles & (1 << 14) != 0 { extended[other] = symbol }
    }
}

extension Array where Element: Equatable {
    fileprivate mutating func appendOnce(_ element: Element) {
        if !contains(element) { append(element) }
    }
}
