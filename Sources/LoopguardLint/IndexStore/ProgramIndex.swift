/// What the index says about a program and its dependencies: who mentions what, where. Symbols and files by number.
public struct ProgramIndex: Sendable {
    /// Number of a symbol, from 0.
    public typealias SymbolID = Int32
    /// Number of a file, from 0.
    public typealias FileID = Int32

    /// What an occurrence is; bits of `indexstore_symbol_role_t`.
    public struct Roles: OptionSet, Sendable, Hashable {
        public var rawValue: UInt32
        public init(rawValue: UInt32) { self.rawValue = rawValue }

        public static let declaration = Roles(rawValue: 1 << 0)
        public static let definition = Roles(rawValue: 1 << 1)
        public static let reference = Roles(rawValue: 1 << 2)
        public static let read = Roles(rawValue: 1 << 3)
        public static let write = Roles(rawValue: 1 << 4)
        public static let call = Roles(rawValue: 1 << 5)
        /// Through a class or a protocol: the callee is known at run time only.
        public static let dynamic = Roles(rawValue: 1 << 6)
        public static let implicit = Roles(rawValue: 1 << 8)
    }

    /// One mention of a symbol in a source file.
    public struct Occurrence: Sendable, Equatable {
        public var symbol: SymbolID
        public var roles: Roles
        /// From 1.
        public var line: UInt32
        /// In UTF-8 bytes, from 1.
        public var column: UInt32
        /// The declaration whose code this is, -1 at top level.
        public var container: SymbolID
        /// Static type of the receiver of a dynamic call, -1 when not known.
        public var receiver: SymbolID
    }

    /// One source file that was compiled.
    public struct File: Sendable {
        public var path: String
        public var module: String
        /// When the compiler wrote what the store knows of it, nanoseconds since 1970.
        public var indexedAtUnixNs: Int64
        /// Object file or the like: tells host tools from the program.
        public var output: String
        /// Modules that it uses, directly.
        public var modules: [String]
        /// By line and column.
        public var occurrences: [Occurrence]
    }

    /// Where a symbol is defined.
    public struct Definition: Sendable, Equatable {
        public var file: FileID
        public var line: UInt32
        public var column: UInt32
    }

    public internal(set) var symbols: [IndexSymbol] = []
    public internal(set) var files: [File] = []
    /// The first definition, for symbols whose source was compiled.
    public internal(set) var definitions: [SymbolID: Definition] = [:]
    /// From a requirement or overridden member to what may run instead.
    public internal(set) var overrides: [SymbolID: [SymbolID]] = [:]
    /// From a type or protocol to what inherits from it or conforms to it.
    public internal(set) var subtypes: [SymbolID: [SymbolID]] = [:]
    /// From a member to its type, from an accessor to its property.
    public internal(set) var parents: [SymbolID: SymbolID] = [:]
    /// From an extension to what it extends.
    public internal(set) var extended: [SymbolID: SymbolID] = [:]
    /// What could not be read, one line each.
    public internal(set) var problems: [String] = []
    var numbers: [String: SymbolID] = [:]

    public init() {}

    /// The number of a symbol, if it is mentioned anywhere.
    public func id(ofUSR usr: String) -> SymbolID? { numbers[usr] }

    /// The symbol with a number.
    public subscript(_ id: SymbolID) -> IndexSymbol { symbols[Int(id)] }
}
