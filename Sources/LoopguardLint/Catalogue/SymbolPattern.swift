/// How the catalogue names a set of declarations: `c:usleep`, `Foundation.Thread.sleep(forTimeInterval:)`,
/// `Foundation.FileManager.contents` (any labels), `*.offload` (any module and type).
public struct SymbolPattern: Sendable, Hashable {
    /// Modules that are one library to their users: on Linux Foundation is cut into several.
    static let families: [String: Set<String>] = [
        "Foundation": ["Foundation", "FoundationEssentials", "FoundationNetworking", "FoundationXML"],
        "Dispatch": ["Dispatch"],
        "NIOCore": ["NIOCore", "NIOPosix", "NIO"],
        "SystemPackage": ["SystemPackage", "System"],
    ]

    private var modules: Set<String>?
    private var types: [String]
    private var anyPrefix: Bool
    /// Base name: what a look-up goes by.
    public let base: String
    private var labels: [String]?

    /// - Throws: ``CatalogueError`` naming the text.
    public init(_ text: String) throws(CatalogueError) {
        if text.hasPrefix("c:") {
            base = String(text.dropFirst(2))
            modules = ["c"]
            types = []
            anyPrefix = false
            guard !base.isEmpty else { throw CatalogueError("`\(text)` names no function") }
            return
        }
        var rest = Substring(text)
        if let open = rest.firstIndex(of: "(") {
            guard rest.hasSuffix(")") else { throw CatalogueError("`\(text)` has no closing parenthesis") }
            let inner = rest[rest.index(after: open)...].dropLast()
            labels = inner.split(separator: ":").map(String.init)
            rest = rest[..<open]
        }
        var parts = rest.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard parts.count >= 2, parts.allSatisfy({ !$0.isEmpty }), let last = parts.popLast() else {
            throw CatalogueError("`\(text)` is not MODULE.TYPE.NAME(LABELS:), *.NAME or c:NAME")
        }
        base = last
        let module = parts.removeFirst()
        anyPrefix = module == "*"
        modules = anyPrefix ? nil : Self.families[module] ?? [module]
        types = parts
    }

    /// Whether the declaration is one of the set.
    public func matches(_ path: SymbolPath) -> Bool {
        guard path.base == base else { return false }
        if let modules, !modules.contains(path.module), !(path.extendedBy.map(modules.contains) ?? false) {
            return false
        }
        if anyPrefix {
            guard path.module != "c", path.types.suffix(types.count) == types[...] else { return false }
        } else if path.types != types {
            return false
        }
        guard let labels else { return true }
        return labels == path.labels
    }
}

/// Why a catalogue or configuration cannot be used.
public struct CatalogueError: Error, Sendable, CustomStringConvertible {
    /// What is wrong, and where.
    public var message: String
    init(_ message: String) { self.message = message }
    public var description: String { message }
}
