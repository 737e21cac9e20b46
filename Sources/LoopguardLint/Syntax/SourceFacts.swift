/// What the syntax of one file tells: which code belongs together, who calls what with which arguments, and what the comments
/// say to the linter. Offsets are UTF-8 bytes from the start of the file.
public struct SourceFacts: Sendable, Equatable {
    /// Index into ``scopes``.
    public typealias ScopeID = Int

    /// A piece of code that runs as one: the body of a declaration, of an accessor, of a closure.
    public struct Scope: Sendable, Equatable {
        /// What kind of code.
        public enum Kind: Sendable, Equatable {
            /// Top-level code; always scope 0.
            case file
            case type
            case function
            /// A function inside a function, or a member of a type in one: the index has no symbol for it.
            case localFunction
            case initializer, deinitializer
            case getter, setter, observer
            case closure
            /// Runs when the property is needed.
            case initialValue
            /// Runs when a call leaves the argument out.
            case defaultArgument
        }

        public var kind: Kind
        /// The name as written, with labels; empty for a closure.
        public var name: String
        public var range: Range<Int>
        /// The scope around it; -1 for the file.
        public var parent: ScopeID
        /// Where the index places the declaration: its name, or the keyword of an accessor.
        public var nameOffset: Int
        /// Says `async`, or is a closure that awaits something itself.
        public var isAsync = false
        public var isThrowing = false
        /// `@available(*, noasync)`, or the comment `loopguard:blocking`.
        public var isDeclaredBlocking = false
        /// The message of `@available(*, noasync)`, empty when there is none; nil when it is the comment that declares it.
        public var noasyncMessage: String?
        /// Member of an actor, and not `nonisolated`; or has an `isolated` parameter.
        public var isInActor = false
        /// Says `nonisolated`, or is static.
        public var isNonisolated = false
        /// Of a type: an actor.
        public var isActor = false
        /// Attributes that may be global actors, as written: `DatabaseActor`.
        public var attributes: [String] = []
        /// Of a closure: the type that its place asks for, where the syntax says it, such as that of an annotated variable.
        public var contextualType: String?
        /// Names by which the body knows its parameters, with the labels that callers write (`_` for none).
        public var parameters: [Parameter] = []
        /// Of an initial value: `lazy`, or of a global or static property: it runs at the first use.
        public var isLazy = false
        /// Of a closure: the call that takes it, and as which argument.
        public var takenBy: Argument?
        /// Of a closure that is assigned or is a member's value: the name, such as the label `load` in `Client(load: { … })`.
        public var assignedTo: String?

        public init(kind: Kind, name: String = "", range: Range<Int>, parent: ScopeID, nameOffset: Int) {
            self.kind = kind
            self.name = name
            self.range = range
            self.parent = parent
            self.nameOffset = nameOffset
        }
    }

    /// A parameter of a function.
    public struct Parameter: Sendable, Equatable {
        public var label: String
        public var name: String
        /// Its type is written as a function's.
        public var isFunction = false
        public var isVariadic = false
    }

    /// Which argument of which call.
    public struct Argument: Sendable, Equatable {
        /// Index into ``calls``.
        public var call: Int
        /// From 0, trailing closures counted after the others.
        public var position: Int
        public var label: String?
        public var isTrailing: Bool
    }

    /// One call as written.
    public struct Call: Sendable, Equatable {
        /// Of the name that is called: where the index places the call.
        public var nameOffset: Int
        /// Name without receiver, labels as written: `sleep(forTimeInterval:)`.
        public var name: String
        /// What stands before the dot, shortened: `Thread`, `FileManager.default`; nil when nothing does.
        public var receiver: String?
        /// Of the last name in the receiver; nil when it does not end in one.
        public var receiverOffset: Int?
        public var arguments: [CallArgument]
        /// The whole expression.
        public var range: Range<Int>
        public var scope: ScopeID
        public var isAwaited: Bool
    }

    /// One argument as written.
    public struct CallArgument: Sendable, Equatable {
        public var label: String?
        /// Source text, at most ``SourceFacts/maximumText`` bytes.
        public var text: String
        public var isClosure: Bool
        public var isTrailing = false
    }

    /// A local variable whose value is code: a closure, or a function that is not called.
    public struct LocalValue: Sendable, Equatable {
        public var name: String
        /// Where it is declared.
        public var scope: ScopeID
        /// Where its value begins: a closure's brace, a function's name.
        public var valueOffset: Int
    }

    /// A name that stands for code, not called: handed over, kept, returned.
    public struct Mention: Sendable, Equatable {
        public var name: String
        public var offset: Int
        public var scope: ScopeID
        /// When it is an argument.
        public var takenBy: Argument?
    }

    /// `member = name`: a parameter or a function is put where others find it.
    public struct Store: Sendable, Equatable {
        public var memberOffset: Int
        public var name: String
        public var valueOffset: Int
        public var scope: ScopeID
    }

    /// A variable with an attribute that may be a property wrapper.
    public struct Wrapped: Sendable, Equatable {
        public var attributeOffset: Int
        public var nameOffset: Int
        public var scope: ScopeID
    }

    /// `// loopguard:allow(rule) reason: … until: 2027-01-31`.
    public struct Suppression: Sendable, Equatable {
        public var rules: [String]
        public var reason: String
        /// `YYYY-MM-DD`, the last day on which it holds.
        public var until: String?
        /// The line it stands on, from 1.
        public var line: Int
        /// The lines whose findings it silences.
        public var covers: ClosedRange<Int>
        /// Why it cannot be used; nil when it can.
        public var problem: String?
    }

    /// Longest argument text that is kept.
    public static let maximumText = 120

    public var path: String
    public var lines: LineTable
    /// Outer before inner; the first is the file.
    public var scopes: [Scope]
    /// In the order of their ends.
    public var calls: [Call]
    public var suppressions: [Suppression]
    /// Modules that the file imports.
    public var imports: [String]
    /// The parser's complaints, as `line:column: message`, at most a few.
    public var problems: [String]
    /// From the offset of a called name to its call.
    public var callAt: [Int: Int] = [:]
    /// More about the user's own files; nil for others.
    public var structure: StructureFacts?
    /// Local variables that hold code.
    public var localValues: [LocalValue] = []
    /// Names of local functions and variables that hold code, where they are not called.
    public var mentions: [Mention] = []
    /// From the offset of a name that is an argument as a whole to which one.
    public var argumentAt: [Int: Argument] = [:]
    public var stores: [Store] = []
    public var wrapped: [Wrapped] = []
    /// Type aliases of `async` function types.
    public var asyncAliases: [String] = []
    /// Types that are global actors.
    public var globalActors: [String] = []
    /// Code that never runs on Linux: behind `#available(…, *)`.
    public var deadRanges: [Range<Int>] = []
    /// A type is marked `@main`.
    public var hasMain = false

    /// The innermost scope that contains `offset`; of two that begin alike the inner one.
    public func scope(at offset: Int) -> ScopeID {
        var best = 0
        // Scopes are in pre-order: the last one that contains the offset is the innermost.
        var low = 0
        var high = scopes.count
        while low < high {
            let middle = (low + high) / 2
            if scopes[middle].range.lowerBound <= offset { low = middle + 1 } else { high = middle }
        }
        var candidate = low - 1
        while candidate > 0 {
            if scopes[candidate].range.contains(offset) {
                best = candidate
                break
            }
            candidate = scopes[candidate].parent
        }
        return best
    }
}
