/// Says what a call means, as far as one file shows it: never a guess about what other files declare.
struct SyntaxResolver {
    typealias ScopeID = SourceFacts.ScopeID

    /// What is called.
    enum Callee: Equatable {
        /// Something outside of the file that the catalogue knows.
        case known(SymbolPath)
        /// A function of the file.
        case local(ScopeID)
        case unknown
    }

    let facts: SourceFacts
    let structure: StructureFacts
    let catalogue: Catalogue
    /// Functions and initialisers by base name.
    private var declared: [String: [ScopeID]] = [:]
    private var getters: [String: [ScopeID]] = [:]
    private let typeNames: Set<String>
    private let names: [String: [StructureFacts.TypedName]]
    private let properties: [String: [StructureFacts.TypedName]]
    private let modules: [String]

    /// Modules whose names are seen through other modules.
    private static let reexported: [String: [String]] = [
        "Foundation": ["FoundationEssentials", "Dispatch", "Glibc"], "NIO": ["NIOCore", "NIOPosix"],
        "Vapor": ["NIOCore", "NIOPosix"], "Hummingbird": ["NIOCore", "HTTPTypes"], "System": ["SystemPackage"],
        "Crypto": ["CryptoExtras"],
    ]

    init(facts: SourceFacts, structure: StructureFacts, catalogue: Catalogue) {
        self.facts = facts
        self.structure = structure
        self.catalogue = catalogue
        typeNames = Set(structure.types.map(\.name))
        names = Dictionary(grouping: structure.names, by: \.name)
        properties = Dictionary(grouping: structure.names.filter { $0.owner != nil }, by: \.name)
        modules = facts.imports + facts.imports.flatMap { Self.reexported[$0] ?? [] }
        for (scope, code) in facts.scopes.enumerated() {
            switch code.kind {
            case .function, .localFunction, .initializer:
                declared[String(code.name.prefix { $0 != "(" }), default: []].append(scope)
            case .getter where code.name != "get" && code.name != "_read": getters[code.name, default: []].append(scope)
            default: break
            }
        }
    }

    /// The name of the type around a scope; nil outside all.
    func type(around scope: ScopeID) -> String? {
        var current = scope
        while current >= 0 {
            if facts.scopes[current].kind == .type {
                return TypeText.plain(facts.scopes[current].name) ?? facts.scopes[current].name
            }
            current = facts.scopes[current].parent
        }
        return nil
    }

    // MARK: types of names

    /// The type of a name as seen from `offset`; nil when the file does not show it.
    func type(ofName name: String, at offset: Int) -> String? {
        let around = type(around: facts.scope(at: offset))
        let candidates = (names[name] ?? []).filter {
            $0.visible.contains(offset) || ($0.owner != nil && $0.owner == around)
        }
        // The innermost wins; of two in one place the later.
        return candidates.min {
            $0.visible.count < $1.visible.count
        }.flatMap { $0.type }
    }

    private func isName(_ name: String, at offset: Int) -> Bool {
        let around = type(around: facts.scope(at: offset))
        return names[name]?.contains {
            $0.visible.contains(offset) || ($0.owner != nil && $0.owner == around)
        } ?? false
    }

    /// The type of what stands before a dot.
    func type(ofReceiver text: String, at offset: Int) -> String? {
        if let shown = TypeText.ofReceiver(text) { return shown }
        var rest = Substring(text)
        while let last = rest.last, last == "?" || last == "!" { rest = rest.dropLast() }
        if rest.hasSuffix(")") {
            // The result of a function of the file.
            guard let callee = TypeText.callee(of: rest) else { return nil }
            let name = callee.hasPrefix("self.") ? String(callee.dropFirst(5)) : callee
            guard let scopes = declared[name], scopes.count == 1 else { return nil }
            return structure.signatures[facts.scopes[scopes[0]].nameOffset]?.returns
        }
        var parts = rest.split(separator: ".").map { $0.filter { $0 != "?" && $0 != "!" } }
        guard parts.allSatisfy({ !$0.isEmpty && $0.allSatisfy { $0.isLetter || $0.isNumber || $0 == "_" } }) else {
            return nil
        }
        // On whatever it is asked, NIO's name for it.
        if parts.last == "eventLoop", parts.count > 1 { return "EventLoop" }
        guard let first = parts.first else { return nil }
        if first == "self" {
            parts.removeFirst()
            guard let owner = type(around: facts.scope(at: offset)) else { return nil }
            if parts.isEmpty { return owner }
            return member(parts, of: owner)
        }
        if let known = type(ofName: first, at: offset) {
            return parts.count == 1 ? known : member(Array(parts.dropFirst()), of: known)
        }
        if isName(first, at: offset) { return nil }
        // A type's own name, perhaps with its module's.
        if parts.allSatisfy({ Self.isTypeName($0) }) { return String(rest) }
        return nil
    }

    private func member(_ parts: [String], of type: String) -> String? {
        var current = type
        for part in parts {
            guard let next = properties[part]?.first(where: { $0.owner == current })?.type else {
                return nil
            }
            current = next
        }
        return current
    }

    /// Types are written with a capital.
    private static func isTypeName(_ text: some StringProtocol) -> Bool {
        text.first { $0 != "_" }?.isUppercase ?? false
    }

    // MARK: calls

    func callee(of call: SourceFacts.Call) -> Callee {
        let base = String(call.name.prefix { $0 != "(" })
        let isAwaited = structure.directlyAwaited.contains(call.nameOffset)
        guard let receiver = call.receiver, receiver != "self" else {
            return unqualified(call, base, isAwaited: isAwaited, isSelf: call.receiver == "self")
        }
        if facts.imports.contains(receiver), !isName(receiver, at: call.nameOffset) {
            if let path = cFunction(base, call) { return .known(path) }
            return Self.isTypeName(base) ? initializer(base, call) : .unknown
        }
        if base == "init", let type = type(ofReceiver: receiver, at: call.nameOffset) { return initializer(type, call) }
        if Self.isTypeName(base), Self.isTypeName(receiver) {
            return initializer(receiver + "." + base, call)
        }
        let type = type(ofReceiver: receiver, at: call.nameOffset)
        if let type, typeNames.contains(type) {
            if let scope = function(base, call, isAwaited: isAwaited, in: type) { return .local(scope) }
        }
        return known(types: type?.split(separator: ".").map(String.init), base, labels(call), isAwaited: isAwaited)
    }

    private func labels(_ call: SourceFacts.Call) -> [String] { call.arguments.map { $0.label ?? "_" } }

    private func unqualified(
        _ call: SourceFacts.Call, _ base: String, isAwaited: Bool, isSelf: Bool
    ) -> Callee {
        if Self.isTypeName(base) {
            if declared[base] == nil, !typeNames.contains(base), let path = cFunction(base, call) {
                return .known(path)
            }
            return initializer(base, call)
        }
        let owner = type(around: call.scope)
        if let scopes = declared[base] {
            // Local functions are found by whoever builds the graph.
            if scopes.contains(where: { facts.scopes[$0].kind == .localFunction }) { return .unknown }
            if let owner, let scope = function(base, call, isAwaited: isAwaited, in: owner) { return .local(scope) }
            if !isSelf, let scope = function(base, call, isAwaited: isAwaited, in: nil) { return .local(scope) }
            return .unknown
        }
        if isSelf || isName(base, at: call.nameOffset) {
            return known(types: nil, base, labels(call), isAwaited: isAwaited)
        }
        if !call.isAwaited, let path = cFunction(base, call) { return .known(path) }
        let global = SymbolPath(module: "Swift", base: base, labels: labels(call))
        if !isAwaited, knows(global) { return .known(global) }
        return known(types: nil, base, labels(call), isAwaited: isAwaited)
    }

    private func knows(_ path: SymbolPath) -> Bool {
        catalogue.sink(path) != nil || catalogue.context(ofClosuresGivenTo: path) != nil
    }

    private func cFunction(_ base: String, _ call: SourceFacts.Call) -> SymbolPath? {
        let path = SymbolPath(module: "c", base: base)
        guard knows(path), CFunctions.isCall(of: base, call.arguments, imports: facts.imports) else { return nil }
        return path
    }

    private func initializer(_ type: String, _ call: SourceFacts.Call) -> Callee {
        if typeNames.contains(type) {
            return function("init", call, isAwaited: false, in: type).map { .local($0) } ?? .unknown
        }
        return known(
            types: type.split(separator: ".").map(String.init), "init", labels(call),
            isAwaited: structure.directlyAwaited.contains(call.nameOffset))
    }

    /// - Parameter types: nil when the receiver's type cannot be seen: then only entries for any type fit.
    private func known(types: [String]?, _ base: String, _ labels: [String]?, isAwaited: Bool) -> Callee {
        guard catalogue.mayKnow(base: base) else { return .unknown }
        var paths: [SymbolPath] = []
        if let types {
            for module in modules { paths.append(SymbolPath(module: module, types: types, base: base, labels: labels)) }
            if let first = types.first, modules.contains(first) {
                paths.append(SymbolPath(module: first, types: Array(types.dropFirst()), base: base, labels: labels))
            }
        }
        paths.append(SymbolPath(module: "?", types: types ?? [], base: base, labels: labels))
        for path in paths {
            if catalogue.context(ofClosuresGivenTo: path) != nil { return .known(path) }
            // What is awaited does not block.
            if !isAwaited, catalogue.sink(path) != nil { return .known(path) }
        }
        return .unknown
    }

    /// A property that is read.
    func callee(of member: StructureFacts.Member) -> Callee {
        guard let type = type(ofReceiver: member.receiver, at: member.nameOffset) else { return .unknown }
        if typeNames.contains(type) {
            let scopes = (getters[member.name] ?? []).filter { self.type(around: $0) == type }
            return scopes.count == 1 ? .local(scopes[0]) : .unknown
        }
        return known(types: type.split(separator: ".").map(String.init), member.name, nil, isAwaited: false)
    }

    /// The one function that a call fits; nil when there is none, or a choice that only types can make.
    private func function(_ base: String, _ call: SourceFacts.Call, isAwaited: Bool, in owner: String?) -> ScopeID? {
        let candidates = (declared[base] ?? []).filter { scope in
            guard type(around: facts.scopes[scope].parent) == owner, facts.scopes[scope].kind != .localFunction else {
                return false
            }
            return accepts(call.arguments, facts.scopes[scope])
        }
        if candidates.count == 1 { return candidates[0] }
        // A synchronous function and its `async` overload: whoever awaits means the latter.
        let rest = candidates.filter { facts.scopes[$0].isAsync == isAwaited }
        return rest.count == 1 ? rest[0] : nil
    }

    private func accepts(_ arguments: [SourceFacts.CallArgument], _ function: SourceFacts.Scope) -> Bool {
        let parameters = function.parameters
        let defaults = structure.signatures[function.nameOffset]?.defaults ?? []
        func mayBeLeftOut(_ number: Int) -> Bool { defaults.indices.contains(number) && defaults[number] }
        var number = 0
        for (position, argument) in arguments.enumerated() {
            // A trailing closure has no label, whatever the parameter's.
            let isWild = argument.isClosure && argument.label == nil && position == arguments.count - 1
            while isWild, number < parameters.count - 1, mayBeLeftOut(number) { number += 1 }
            while number < parameters.count, !isWild, parameters[number].label != (argument.label ?? "_") {
                guard mayBeLeftOut(number) else { return false }
                number += 1
            }
            guard number < parameters.count else { return false }
            number += 1
        }
        return (number..<max(number, parameters.count)).allSatisfy(mayBeLeftOut)
    }

    /// The parameter that the closure of a call of `function` goes to.
    func parameter(of argument: SourceFacts.Argument, in function: ScopeID) -> Int? {
        let parameters = facts.scopes[function].parameters
        if let label = argument.label { return parameters.firstIndex { $0.label == label } }
        return argument.isTrailing
            ? parameters.indices.last : parameters.indices.contains(argument.position) ? argument.position : nil
    }
}
