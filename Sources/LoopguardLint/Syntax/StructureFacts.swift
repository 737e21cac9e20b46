/// What the structural rules and the syntax-only mode need to know of a file beyond ``SourceFacts``. Made for the user's own files
/// only: dependencies are parsed too, and need not pay for it. Offsets as in ``SourceFacts``.
public struct StructureFacts: Sendable, Equatable {
    /// A list of statements: a body, or a part of one.
    public struct Block: Sendable, Equatable {
        public var range: Range<Int>
        /// Index into ``StructureFacts/blocks``; -1 for the file's own statements.
        public var parent: Int
        /// Runs when the block around it ends.
        public var isDeferred: Bool
    }

    /// A name, and the type that the file shows for it.
    public struct TypedName: Sendable, Equatable {
        public var name: String
        /// As written, without what makes it optional, generic or existential; nil when it cannot be seen.
        public var type: String?
        /// The code that knows the name.
        public var visible: Range<Int>
        /// Of a property: the type it belongs to.
        public var owner: String?
    }

    /// A type that the file declares or extends.
    public struct DeclaredType: Sendable, Equatable {
        public var name: String
        /// Inherited types and protocols, as written.
        public var inherited: [String]
        public var range: Range<Int>
        public var nameOffset: Int
        /// The file sees all of its members' names only when it holds the declaration, not just an extension.
        public var isExtension: Bool
        public var isProtocol: Bool
    }

    /// What a function's declaration says, by the offset of its name.
    public struct Signature: Sendable, Equatable {
        /// Whether each parameter may be left out.
        public var defaults: [Bool]
        /// Whether each parameter is a closure that is `async`.
        public var takesAsync: [Bool]
        /// As ``TypedName/type``; nil for none.
        public var returns: String?
        /// `public`, `open` or `package`.
        public var isPublic: Bool
        /// Has a body.
        public var hasBody: Bool
    }

    /// A member that is read, not called: `handle.availableData`.
    public struct Member: Sendable, Equatable {
        public var nameOffset: Int
        public var name: String
        public var receiver: String
    }

    /// Outer before inner.
    public internal(set) var blocks: [Block] = []
    /// Where something is awaited, in order.
    public internal(set) var awaits: [Int] = []
    /// Names of the calls that stand right behind an `await`, or before a dot there: any of them may be what is awaited.
    public internal(set) var directlyAwaited: Set<Int> = []
    /// Where loops begin, in order.
    public internal(set) var loops: [Int] = []
    public internal(set) var names: [TypedName] = []
    public internal(set) var types: [DeclaredType] = []
    public internal(set) var signatures: [Int: Signature] = [:]
    public internal(set) var members: [Member] = []

    public init() {}

    /// The innermost list of statements around `offset`; nil outside all.
    public func block(at offset: Int) -> Int? {
        // Blocks are in pre-order: the last one that contains the offset is the innermost.
        var low = 0
        var high = blocks.count
        while low < high {
            let middle = (low + high) / 2
            if blocks[middle].range.lowerBound <= offset { low = middle + 1 } else { high = middle }
        }
        var candidate = low - 1
        while candidate >= 0, !blocks[candidate].range.contains(offset) { candidate = blocks[candidate].parent }
        return candidate < 0 ? nil : candidate
    }
}
