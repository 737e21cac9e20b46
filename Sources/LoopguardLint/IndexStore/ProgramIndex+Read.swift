import CIndexStore

extension ProgramIndex {
    /// Which units are of interest.
    public struct Selection: Sendable {
        /// Source files to read; nil = all.
        public var paths: Set<String>?
        /// Units whose output path contains one of these are left out: SwiftPM's host tools.
        public var excludedOutputs: [String] = ["-tool.build/"]
        /// Asked for each source file; those that it refuses are left out. Default: all are read.
        public var accepts: @Sendable (String) -> Bool

        public init(paths: Set<String>? = nil, accepts: @escaping @Sendable (String) -> Bool = { _ in true }) {
            self.paths = paths
            self.accepts = accepts
        }
    }

    /// Reads all selected units of a store.
    ///
    /// The store only grows: files that are gone stay in it, so `selection.paths` should name the files that exist. A unit or
    /// record that cannot be read is a line in ``problems``, the rest is read.
    public init(reading store: IndexStore, _ selection: Selection = Selection()) {
        self.init()
        var newest: [String: IndexStore.Unit] = [:]
        for unit in store.units(problems: &problems) {
            guard !selection.excludedOutputs.contains(where: { unit.output.contains($0) }),
                selection.paths?.contains(unit.mainFile) ?? true, selection.accepts(unit.mainFile)
            else { continue }
            // A file may have been compiled into several outputs: the latest is what the user sees.
            if let known = newest[unit.mainFile], known.modifiedUnixNs >= unit.modifiedUnixNs { continue }
            newest[unit.mainFile] = unit
        }
        var reader = Reader(store: store)
        var seen: Set<String> = []
        for unit in newest.values.sorted(by: { $0.mainFile < $1.mainFile }) {
            for record in unit.records where seen.insert("\(record.name)\0\(record.path)").inserted {
                // A Swift unit has one record of its own; a C unit has those of its headers too.
                do {
                    try reader.read(record: record.name, path: record.path, unit: unit, into: &self)
                } catch {
                    problems.append("\(record.path): \(error)")
                }
            }
        }
    }

    /// Reads records one after the other; symbols of a record are looked up once in it.
    private struct Reader {
        let store: IndexStore

        mutating func read(
            record: String, path: String, unit: IndexStore.Unit, into index: inout ProgramIndex
        ) throws(IndexStoreError) {
            let file = FileID(clamping: index.files.count)
            let session = Session(store: store, index: index, file: file)
            index = ProgramIndex()  // one owner at a time: otherwise each append would copy
            defer { index = session.index }
            try store.occurrences(ofRecord: record) { session.add($0) }
            session.occurrences.sort { ($0.line, $0.column) < ($1.line, $1.column) }
            session.index.files.append(
                File(
                    path: path, module: unit.module, indexedAtUnixNs: unit.modifiedUnixNs, output: unit.output,
                    modules: unit.modules, occurrences: session.occurrences))
        }
    }

    private final class Session {
        let store: IndexStore
        var index: ProgramIndex
        let file: FileID
        var occurrences: [Occurrence] = []
        private var known: [UnsafeMutableRawPointer: SymbolID] = [:]

        init(store: IndexStore, index: ProgramIndex, file: FileID) {
            self.store = store
            self.index = index
            self.file = file
        }

        func number(_ symbol: lgi_symbol) -> SymbolID {
            if let id = known[symbol] { return id }
            let described = store.describe(symbol)
            let id = index.intern(described)
            known[symbol] = id
            return id
        }

        func add(_ seen: lgi_occurrence) {
            guard let handle = seen.symbol else { return }
            let symbol = number(handle)
            var container: SymbolID = -1
            var receiver: SymbolID = -1
            for relation in store.relations(of: seen) {
                let other = number(relation.symbol)
                index.relate(symbol, relation.roles, other)
                if relation.roles & (1 << 13) != 0 { container = other }
                if relation.roles & (1 << 16) != 0, container < 0 { container = other }
                if relation.roles & (1 << 12) != 0 { receiver = other }
            }
            let roles = Roles(rawValue: UInt32(truncatingIfNeeded: seen.roles & 0x1ff))
            if roles.contains(.definition), index.definitions[symbol] == nil {
                index.definitions[symbol] = Definition(file: file, line: seen.line, column: seen.column)
            }
            occurrences.append(
                Occurrence(
                    symbol: symbol, roles: roles, line: seen.line, column: seen.column, container: container,
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
