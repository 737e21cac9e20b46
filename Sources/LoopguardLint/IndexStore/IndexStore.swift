import CIndexStore

#if canImport(Glibc)
    import Glibc
#endif

/// The compiler's index store of one build folder.
// SAFETY: the handle is never changed, and the library reads units and records through objects of their own.
public final class IndexStore: @unchecked Sendable {
    private let store: OpaquePointer

    /// - Parameters:
    ///   - path: the folder that holds `v5`.
    ///   - library: path of `libIndexStore.so`, of the toolchain that built the program.
    /// - Throws: ``IndexStoreError``.
    public init(path: String, library: String) throws(IndexStoreError) {
        var message = [CChar](repeating: 0, count: 512)
        guard let bound = lgi_library_open(library, &message, message.count) else {
            throw IndexStoreError(
                .noLibrary, "\(library) cannot be loaded; name the toolchain's with --index-library",
                cause: Self.text(message))
        }
        guard access("\(path)/v5/units", R_OK) == 0 else {
            throw IndexStoreError(
                .noStore, "\(path) holds no index (no v5/units in it); build first: swift build --build-tests")
        }
        guard let opened = lgi_store_open(bound, path, &message, message.count) else {
            throw IndexStoreError(.noStore, "the index in \(path) cannot be opened", cause: Self.text(message))
        }
        store = opened
    }

    /// One compiled file.
    struct Unit {
        var name: String
        var mainFile: String
        var module: String
        var output: String
        var modifiedUnixNs: Int64
        /// Records with the files they are about.
        var records: [(name: String, path: String)]
        /// Modules that it uses.
        var modules: [String]
    }

    /// All units of the program's own sources, system modules left out.
    func units(problems: inout [String]) -> [Unit] {
        var names: [String] = []
        withUnsafeMutablePointer(to: &names) { names in
            lgi_units(store, names) { context, name in
                context?.assumingMemoryBound(to: [String].self).pointee.append(String(name))
                return true
            }
        }
        return names.compactMap { name in
            do { return try unit(name) } catch {
                problems.append("\(error)")
                return nil
            }
        }
    }

    private func unit(_ name: String) throws(IndexStoreError) -> Unit? {
        try ReaderProgress.current.reading(name) { () throws(IndexStoreError) -> Unit? in try readUnit(name) }
    }

    private func readUnit(_ name: String) throws(IndexStoreError) -> Unit? {
        var message = [CChar](repeating: 0, count: 512)
        guard let handle = lgi_unit_open(store, name, &message, message.count) else {
            throw IndexStoreError(.unreadable, "unit \(name) cannot be read", cause: Self.text(message))
        }
        defer { lgi_unit_close(store, handle) }
        let info = lgi_unit_describe(store, handle)
        guard !info.is_system, !info.is_module, info.has_main_file else { return nil }
        let seconds = info.modified_seconds.multipliedReportingOverflow(by: 1_000_000_000)
        var unit = Unit(
            name: name, mainFile: String(info.main_file), module: String(info.module), output: String(info.output_file),
            modifiedUnixNs: seconds.overflow ? 0 : seconds.partialValue &+ info.modified_nanoseconds, records: [],
            modules: [])
        withUnsafeMutablePointer(to: &unit) { unit in
            lgi_unit_dependencies(store, handle, unit) { context, dependency in
                guard let unit = context?.assumingMemoryBound(to: Unit.self) else { return false }
                switch dependency.kind {
                case 1:
                    let module = String(dependency.module)
                    if !module.isEmpty, !unit.pointee.modules.contains(module) { unit.pointee.modules.append(module) }
                case 2 where !dependency.is_system:
                    unit.pointee.records.append((String(dependency.name), String(dependency.path)))
                default: break
                }
                return true
            }
        }
        return unit
    }

    /// One mention of a symbol in a record, symbols by the caller's numbers.
    struct Mention {
        var symbol: ProgramIndex.SymbolID = -1
        var roles: UInt64 = 0
        var line: UInt32 = 0
        var column: UInt32 = 0
        var relations: [(roles: UInt64, symbol: ProgramIndex.SymbolID)] = []
    }

    private struct Visit {
        var store: OpaquePointer
        var known: [UnsafeMutableRawPointer: ProgramIndex.SymbolID]
        var mention = Mention()
        var describe: (IndexSymbol) -> ProgramIndex.SymbolID
        var body: (Mention) -> Void

        mutating func number(_ symbol: lgi_symbol) -> ProgramIndex.SymbolID {
            if let id = known[symbol] { return id }
            let info = lgi_symbol_describe(store, symbol)
            let id = describe(
                IndexSymbol(
                    usr: String(info.usr), name: String(info.name), kind: info.kind, subkind: info.subkind,
                    properties: info.properties))
            known[symbol] = id
            return id
        }

        mutating func visit(_ occurrence: lgi_occurrence) {
            guard let symbol = occurrence.symbol, let handle = occurrence.handle else { return }
            mention.symbol = number(symbol)
            mention.roles = occurrence.roles
            mention.line = occurrence.line
            mention.column = occurrence.column
            mention.relations.removeAll(keepingCapacity: true)
            withUnsafeMutablePointer(to: &self) { visit in
                lgi_relations(visit.pointee.store, handle, visit) { context, roles, symbol in
                    guard let visit = context?.assumingMemoryBound(to: Visit.self) else { return false }
                    let id = visit.pointee.number(symbol)
                    visit.pointee.mention.relations.append((roles, id))
                    return true
                }
            }
            body(mention)
        }
    }

    /// Calls `body` with each mention of a symbol in a record; `describe` gives numbers to symbols. May be called on several
    /// threads at once.
    ///
    /// - Parameter known: storage that is kept between calls for its capacity; the record's own handles, no one else's.
    func occurrences(
        ofRecord name: String, describe: @escaping (IndexSymbol) -> ProgramIndex.SymbolID,
        known: inout [UnsafeMutableRawPointer: ProgramIndex.SymbolID], _ body: @escaping (Mention) -> Void
    ) throws(IndexStoreError) {
        try ReaderProgress.current.reading(name) { () throws(IndexStoreError) in try readOccurrences(name, body) }
    }

    private func readOccurrences(
        _ name: String, _ body: @escaping (lgi_occurrence) -> Void
    ) throws(IndexStoreError) {
        var message = [CChar](repeating: 0, count: 512)
        guard let handle = lgi_record_open(store, name, &message, message.count) else {
            throw IndexStoreError(.unreadable, "record \(name) cannot be read", cause: Self.text(message))
        }
        defer { lgi_record_close(store, handle) }
        var visit = Visit(store: store, known: known, describe: describe, body: body)
        known = [:]
        withUnsafeMutablePointer(to: &visit) { visit in
            lgi_record_occurrences(store, handle, visit) { context, occurrence in
                context?.assumingMemoryBound(to: Visit.self).pointee.visit(occurrence)
                return true
            }
        }
        known = visit.known
    }

    private static func text(_ message: [CChar]) -> String {
        String(decoding: message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

extension String {
    /// A copy of the library's bytes; damaged UTF-8 is repaired.
    init(_ string: lgi_string) {
        guard let data = string.data, string.length > 0 else {
            self = ""
            return
        }
        self = String(
            decoding: UnsafeBufferPointer(start: data, count: string.length).lazy.map { UInt8(bitPattern: $0) },
            as: UTF8.self)
    }
}
