/// What the types of functions say about the closures that are given to them. Looked up once a function.
final class ClosureParameters {
    struct Parameter {
        var label: String
        var position: Int
        var isAsync: Bool
        /// Not `@escaping`: runs before the callee returns, or not at all.
        var isNonescaping: Bool
    }

    private var known: [ProgramIndex.SymbolID: [Parameter]] = [:]

    /// The parameter that takes a closure; nil when the type says nothing about it.
    func parameter(
        of symbol: ProgramIndex.SymbolID, usr: String, label: String?, position: Int
    ) -> Parameter? {
        let all = known[symbol] ?? Self.parameters(usr)
        known[symbol] = all
        if let label, let named = all.first(where: { $0.label == label }) { return named }
        // A trailing closure goes to the next parameter that is a function.
        return all.first { $0.position >= position } ?? all.last
    }

    private static func parameters(_ usr: String) -> [Parameter] {
        guard usr.hasPrefix("s:"), let text = Demangler.demangle("$s" + usr.dropFirst(2)) else { return [] }
        let functions = ParameterTypes(demangled: text).functions
        guard !functions.isEmpty else { return [] }
        let endings = endings(of: usr, count: functions.count { !$0.parameter.isCollection })
        var single = 0
        // Elements are always `@escaping`, which says nothing; who takes many mostly runs them.
        return functions.map { function in
            if !function.parameter.isCollection { single += 1 }
            return Parameter(
                label: function.parameter.label, position: function.position, isAsync: function.parameter.isAsync,
                isNonescaping: function.parameter.isCollection || endings[single - 1])
        }
    }

    /// The demangler's text does not tell `@escaping`. The mangling ends a function type in `XE` when it is not, else in `c`.
    private static func endings(of usr: String, count: Int) -> [Bool] {
        let bytes = Array(usr.utf8)
        var places: [Int] = []
        for index in bytes.indices.dropLast()
        where bytes[index] == UInt8(ascii: "X") && bytes[index + 1] == UInt8(ascii: "E") {
            places.append(index)
        }
        if places.isEmpty { return Array(repeating: false, count: count) }
        if places.count >= count { return Array(repeating: true, count: count) }
        // Some of each: in the order of the mangling, `c` after a result, an effect or a sendable mark.
        var found: [Bool] = []
        var index = 0
        while index < bytes.count - 1 {
            if bytes[index] == UInt8(ascii: "X"), bytes[index + 1] == UInt8(ascii: "E") {
                found.append(true)
                index += 1
            } else if bytes[index] == UInt8(ascii: "c"), index > 0, "tyKbaGDgR".utf8.contains(bytes[index - 1]) {
                found.append(false)
            }
            index += 1
        }
        return found.count == count ? found : Array(repeating: true, count: count)
    }
}
