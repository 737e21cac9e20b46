/// What the user's code calls and the linter cannot look into.
struct Unseen: Sendable {
    private var clang: Set<String> = []
    /// By module.
    private var swift: [String: Set<String>] = [:]
    private var dynamic: Set<String> = []

    mutating func note(_ symbol: IndexSymbol, isDynamic: Bool, hasBody: Bool) {
        guard !hasBody else { return }
        guard symbol.isSwift else {
            clang.insert(String(symbol.name.prefix { $0 != "(" }))
            return
        }
        // The standard library computes; what of it waits is in the catalogue.
        guard let module = Program.module(ofUSR: symbol.usr) else { return }
        if isDynamic {
            dynamic.insert("\(module).\(symbol.name)")
        } else {
            swift[module, default: []].insert(symbol.name)
        }
    }

    /// One line each.
    var lines: [String] {
        func list(_ names: some Sequence<String>, of count: Int) -> String {
            let first = names.sorted().prefix(8).joined(separator: ", ")
            return "\(first)\(count > 8 ? ", …" : "")"
        }
        var lines: [String] = []
        if !clang.isEmpty {
            lines.append(
                "\(clang.count) C functions have no body in the index and are taken not to block unless the catalogue has "
                    + "them: \(list(clang, of: clang.count))")
        }
        if !swift.isEmpty {
            let modules = swift.map { "\($0.key) (\($0.value.count))" }
            lines.append(
                "\(swift.values.reduce(0) { $0 + $1.count }) functions of system or binary modules have no body in the index "
                    + "and are taken not to block unless the catalogue has them: \(list(modules, of: modules.count))")
        }
        if !dynamic.isEmpty {
            lines.append(
                "\(dynamic.count) requirements of system or binary protocols are called; what implements them is not looked "
                    + "for: \(list(dynamic, of: dynamic.count))")
        }
        return lines
    }
}
