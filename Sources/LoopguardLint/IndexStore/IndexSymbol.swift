/// A declaration as the compiler's index knows it.
public struct IndexSymbol: Sendable, Equatable {
    /// Its name in all of the store.
    public var usr: String
    /// Base name with labels, such as `sleep(forTimeInterval:)`.
    public var name: String
    public var kind: Kind
    /// An accessor's kind, else `.none`.
    public var accessor: Accessor
    public var isSwift: Bool
    /// Declared `async`.
    public var isAsync: Bool

    /// What is declared; only what the linter asks for.
    public enum Kind: Sendable, Equatable {
        case type, `protocol`, `extension`, function, method, property, variable, enumCase, initializer, deinitializer,
            parameter,
            macro, other
    }

    /// Which accessor of a property or subscript.
    public enum Accessor: Sendable, Equatable { case none, getter, setter, willSet, didSet, read, modify, other }

    public init(
        usr: String, name: String, kind: Kind, accessor: Accessor = .none, isSwift: Bool = true, isAsync: Bool = false
    ) {
        self.usr = usr
        self.name = name
        self.kind = kind
        self.accessor = accessor
        self.isSwift = isSwift
        self.isAsync = isAsync
    }

    /// The code of something that runs: calls can lead to it.
    public var isCallable: Bool {
        switch kind {
        case .function, .method, .initializer, .deinitializer: true
        case .property, .variable: accessor != .none
        default: false
        }
    }
}

extension IndexSymbol {
    /// From the numbers of the format; see `indexstore_symbol_kind_t`.
    init(usr: String, name: String, kind: UInt32, subkind: UInt32, properties: UInt64) {
        let accessor: Accessor =
            switch subkind {
            case 3: .getter
            case 4: .setter
            case 1000: .willSet
            case 1001: .didSet
            case 1014: .read
            case 1015: .modify
            case 1002, 1003, 1016...1018: .other
            default: .none
            }
        let ours: Kind =
            switch kind {
            case 4: .macro
            case 5, 6, 7, 10, 11: .type
            case 8: .protocol
            case 9: .extension
            case 12: .function
            case 13: .variable
            case 14, 19, 20, 21: .property
            case 15: .enumCase
            case 16, 17, 18, 24: .method
            case 22: .initializer
            case 23: .deinitializer
            case 25: .parameter
            default: .other
            }
        self.init(
            usr: usr, name: name, kind: ours, accessor: accessor, isSwift: !usr.hasPrefix("c:"),
            isAsync: properties & 0x1_0000 != 0)
    }
}
