/// Stands in for the compiler's index where there is none, or an older one than the file: an entry of ``ProgramIndex`` made of one
/// file's syntax. What the file does not show stays out of it.
struct SyntaxIndexer {
    typealias SymbolID = ProgramIndex.SymbolID
    typealias FileID = ProgramIndex.FileID

    let catalogue: Catalogue

    /// Adds a file, or puts what its text says in place of what the store says of an older version of it.
    ///
    /// - Returns: the facts to join with: closures whose taker is unknown belong to nobody in them.
    func add(_ facts: SourceFacts, to index: inout ProgramIndex, replacing old: FileID?) -> SourceFacts {
        guard let structure = facts.structure else { return facts }
        let file = old ?? FileID(clamping: index.files.count)
        var session = Session(
            resolver: SyntaxResolver(facts: facts, structure: structure, catalogue: catalogue), facts: facts,
            structure: structure, file: file)
        if let old { session.forget(old, &index) }
        session.declare(&index)
        session.addCalls(&index)
        session.addWitnesses(&index)
        session.addOwnWitnesses(&index)
        session.occurrences.sort { ($0.line, $0.column) < ($1.line, $1.column) }
        if let old {
            index.files[Int(old)].occurrences = session.occurrences
        } else {
            index.files.append(
                .init(
                    path: facts.path, module: "file:" + facts.path, indexedAtUnixNs: 0, output: "",
                    modules: facts.imports, occurrences: session.occurrences))
        }
        return session.facts
    }

    private struct Session {
        let resolver: SyntaxResolver
        var facts: SourceFacts
        let structure: StructureFacts
        let file: FileID
        var occurrences: [ProgramIndex.Occurrence] = []
        /// What the store knew of the file, by what a declaration is called: the same name is the same thing.
        private var former: [String: [SymbolID]] = [:]
        private var symbols: [SourceFacts.ScopeID: SymbolID] = [:]
        private var types: [String: SymbolID] = [:]

        init(resolver: SyntaxResolver, facts: SourceFacts, structure: StructureFacts, file: FileID) {
            self.resolver = resolver
            self.facts = facts
            self.structure = structure
            self.file = file
        }

        // MARK: declarations

        mutating func forget(_ old: FileID, _ index: inout ProgramIndex) {
            for (symbol, definition) in index.definitions where definition.file == old {
                former[key(symbol, index), default: []].append(symbol)
                index.definitions[symbol] = nil
            }
        }

        private func key(_ symbol: SymbolID, _ index: ProgramIndex) -> String {
            let known = index[symbol]
            var owner = index.parents[symbol]
            if let current = owner, index[symbol].accessor != .none { owner = index.parents[current] }
            let type = owner.map { index[index.extended[$0] ?? $0].name } ?? ""
            let name = known.name.split(separator: ":", maxSplits: 1).last.map(String.init) ?? known.name
            return key(owner: type, known.accessor == .none ? known.name : name, known.accessor, isAsync: known.isAsync)
        }

        private func key(
            owner: String, _ name: String, _ accessor: IndexSymbol.Accessor, isAsync: Bool
        ) -> String { "\(owner) \(name) \(accessor) \(isAsync)" }

        private mutating func symbol(
            _ index: inout ProgramIndex, owner: String?, _ name: String, _ kind: IndexSymbol.Kind,
            accessor: IndexSymbol.Accessor = .none, isAsync: Bool = false, at offset: Int
        ) -> SymbolID {
            if let known = former[key(owner: owner ?? "", name, accessor, isAsync: isAsync)], known.count == 1 {
                return known[0]
            }
            return index.intern(
                IndexSymbol(
                    usr: "file:\(facts.path)#\(offset)#\(accessor)#\(kind)", name: name, kind: kind,
                    accessor: accessor, isAsync: isAsync))
        }

        private mutating func mention(_ symbol: SymbolID, _ roles: ProgramIndex.Roles, at offset: Int) {
            let place = facts.lines.position(of: offset)
            occurrences.append(
                .init(
                    symbol: symbol, roles: roles, line: UInt32(clamping: place.line),
                    column: UInt32(clamping: place.column), container: -1, receiver: -1))
        }

        private mutating func define(_ symbol: SymbolID, at offset: Int, _ index: inout ProgramIndex) {
            let place = facts.lines.position(of: offset)
            index.definitions[symbol] = .init(
                file: file, line: UInt32(clamping: place.line), column: UInt32(clamping: place.column))
            mention(symbol, .definition, at: offset)
        }

        private mutating func type(_ name: String, _ index: inout ProgramIndex) -> SymbolID {
            if let known = types[name] { return known }
            let declared = structure.types.first { $0.name == name }
            let id = symbol(
                &index, owner: nil, name, declared?.isProtocol == true ? .protocol : .type,
                at: declared?.nameOffset ?? 0)
            types[name] = id
            return id
        }

        mutating func declare(_ index: inout ProgramIndex) {
            for (scope, code) in facts.scopes.enumerated() {
                let owner = resolver.type(around: code.parent)
                let id: SymbolID
                switch code.kind {
                case .function:
                    id = symbol(
                        &index, owner: owner, code.name, owner == nil ? .function : .method, isAsync: code.isAsync,
                        at: code.nameOffset)
                case .initializer, .deinitializer:
                    id = symbol(
                        &index, owner: owner, code.name, code.kind == .initializer ? .initializer : .deinitializer,
                        isAsync: code.isAsync, at: code.nameOffset)
                case .getter where code.name != "get", .initialValue:
                    let property = symbol(
                        &index, owner: owner, code.name, owner == nil ? .variable : .property, at: code.nameOffset)
                    if let owner { index.parents[property] = type(owner, &index) }
                    define(property, at: code.nameOffset, &index)
                    guard code.kind == .getter else {
                        symbols[scope] = property
                        continue
                    }
                    id = symbol(
                        &index, owner: owner, code.name, .method, accessor: .getter, isAsync: code.isAsync,
                        at: code.nameOffset)
                    index.parents[id] = property
                default: continue
                }
                if code.kind != .getter, let owner { index.parents[id] = type(owner, &index) }
                symbols[scope] = id
                define(id, at: code.nameOffset, &index)
            }
        }

        // MARK: calls

        mutating func addCalls(_ index: inout ProgramIndex) {
            var local: [Int: SourceFacts.ScopeID] = [:]
            var known: Set<Int> = []
            for (number, call) in facts.calls.enumerated() {
                switch resolver.callee(of: call) {
                case .unknown: break
                case .local(let scope):
                    local[number] = scope
                    if let symbol = symbols[scope] { mention(symbol, [.reference, .call], at: call.nameOffset) }
                case .known(let path):
                    known.insert(number)
                    mention(external(path, &index), [.reference, .call], at: call.nameOffset)
                }
            }
            for member in structure.members {
                switch resolver.callee(of: member) {
                case .unknown: break
                case .local(let scope):
                    if let symbol = symbols[scope] {
                        mention(symbol, [.reference, .read, .call], at: member.nameOffset)
                    }
                case .known(let path):
                    mention(external(path, &index), [.reference, .read, .call], at: member.nameOffset)
                }
            }
            for scope in facts.scopes.indices { place(scope, local, known) }
        }

        private func external(_ path: SymbolPath, _ index: inout ProgramIndex) -> SymbolID {
            index.intern(IndexSymbol(usr: path.syntaxUSR, name: path.base, kind: .function))
        }

        /// Functions whose closures are tasks, whatever is in them.
        private static let spawners: Set<String> = [
            "Task", "detached", "addTask", "addTaskUnlessCancelled", "withTaskGroup", "withThrowingTaskGroup",
            "withDiscardingTaskGroup", "withThrowingDiscardingTaskGroup", "withTaskCancellationHandler",
            "makeFutureWithTask",
        ]
        /// Functions that run their closure at once, on the thread of the caller, whatever they are a member of.
        private static let immediate: Set<String> = [
            "map", "compactMap", "flatMap", "forEach", "filter", "reduce", "first", "contains", "allSatisfy", "sorted",
            "sort", "min", "max", "removeAll", "firstIndex", "lastIndex", "last", "prefix", "drop", "mapValues",
            "compactMapValues", "withLock", "withLockedValue", "withUnsafeBytes", "withUnsafeMutableBytes",
            "withUnsafePointer", "withUnsafeMutablePointer", "withUnsafeBufferPointer",
            "withUnsafeMutableBufferPointer",
            "withCString", "withUTF8", "withExtendedLifetime", "withMemoryRebound", "withUnsafeTemporaryAllocation",
            "autoreleasepool", "withUnsafeReadableBytes",
        ]

        /// Says of a closure what the text shows of where it runs; of most it shows nothing.
        private mutating func place(
            _ scope: SourceFacts.ScopeID, _ local: [Int: SourceFacts.ScopeID], _ known: Set<Int>
        ) {
            guard facts.scopes[scope].kind == .closure, let taken = facts.scopes[scope].takenBy else { return }
            if let function = local[taken.call] {
                let signature = structure.signatures[facts.scopes[function].nameOffset]
                if let number = resolver.parameter(of: taken, in: function), let flags = signature?.takesAsync,
                    flags.indices.contains(number), flags[number]
                {
                    facts.scopes[scope].isAsync = true
                }
                return
            }
            if known.contains(taken.call) { return }
            let name = String(facts.calls[taken.call].name.prefix { $0 != "(" })
            if Self.spawners.contains(name), taken.label == nil || taken.label == "operation" {
                facts.scopes[scope].isAsync = true
                return
            }
            if Self.immediate.contains(name) { return }
            // `{ … }()` has no taker; a closure that somebody unknown takes runs nobody knows where.
            facts.scopes[scope].takenBy = nil
            if facts.scopes[scope].assignedTo == nil { facts.scopes[scope].assignedTo = "?" }
        }

        // MARK: callbacks

        private static let callbacks: Set<String> = [
            "channelRegistered", "channelUnregistered", "channelActive", "channelInactive", "channelRead",
            "channelReadComplete", "channelWritabilityChanged", "userInboundEventTriggered", "errorCaught",
            "handlerAdded",
            "handlerRemoved", "register", "bind", "connect", "write", "flush", "read", "close",
            "triggerUserOutboundEvent", "decode", "decodeLast", "encode",
        ]

        /// Methods that NIO calls: of a type that says it is a handler, with the name and the argument of a callback.
        mutating func addWitnesses(_ index: inout ProgramIndex) {
            var protocols: [String: String] = [:]
            for context in resolver.catalogue.contexts where context.kind == .eventLoop {
                for text in context.witnesses ?? [] {
                    protocols[text.split(separator: ".").last.map(String.init) ?? text] = text
                }
            }
            for (scope, code) in facts.scopes.enumerated() where code.kind == .function {
                let base = code.name.prefix { $0 != "(" }
                guard let symbol = symbols[scope], let owner = resolver.type(around: code.parent),
                    Self.callbacks.contains(String(base)),
                    code.parameters.contains(where: { $0.label == "context" }) || base == "encode"
                else { continue }
                let inherited = structure.types.filter { $0.name == owner }.flatMap(\.inherited)
                for name in inherited.compactMap({ $0.split(separator: ".").last.map(String.init) }) {
                    guard let text = protocols[name] else { continue }
                    let type = index.intern(
                        IndexSymbol(usr: "file:protocol#\(text)", name: name, kind: .protocol))
                    let requirement = index.intern(
                        IndexSymbol(
                            usr: "file:protocol#\(text)#\(code.name)", name: code.name, kind: .method))
                    index.parents[requirement] = type
                    if !(index.overrides[requirement]?.contains(symbol) ?? false) {
                        index.overrides[requirement, default: []].append(symbol)
                    }
                }
            }
        }

        /// Implementations of the requirements of protocols that the file declares.
        mutating func addOwnWitnesses(_ index: inout ProgramIndex) {
            for declared in structure.types where declared.isProtocol {
                let conforming = Set(structure.types.filter { $0.inherited.contains(declared.name) }.map(\.name))
                guard !conforming.isEmpty else { continue }
                for (scope, code) in facts.scopes.enumerated()
                where code.kind == .function && declared.range.contains(code.nameOffset) {
                    guard let requirement = symbols[scope] else { continue }
                    for type in conforming.sorted() {
                        let candidates = facts.scopes.indices.filter {
                            facts.scopes[$0].kind == .function && facts.scopes[$0].name == code.name
                                && resolver.type(around: facts.scopes[$0].parent) == type
                        }
                        // Of a pair the `async` one serves an `async` requirement.
                        let alike = candidates.filter { facts.scopes[$0].isAsync == code.isAsync }
                        guard let chosen = alike.first ?? candidates.first, let witness = symbols[chosen] else {
                            continue
                        }
                        if !(index.overrides[requirement]?.contains(witness) ?? false) {
                            index.overrides[requirement, default: []].append(witness)
                        }
                    }
                }
            }
        }
    }
}
