import CLoopguard
import Glibc

/// Names of functions as reports show them.
public enum FunctionName {
    /// Demangles a symbol's name and shortens it; a name that is not mangled stays as it is.
    public static func readable(_ symbol: String) -> String {
        var symbol = symbol
        // ELF symbol versions: `read@@GLIBC_2.2.5`.
        if let at = symbol.firstIndex(of: "@"), at != symbol.startIndex { symbol = String(symbol[..<at]) }
        guard symbol.hasPrefix("$") || symbol.hasPrefix("_Z") || symbol.hasPrefix("_$") || symbol.hasPrefix("_T"),
            let demangled = lg_demangle(symbol, symbol.utf8.count)
        else { return symbol }
        defer { free(demangled) }
        let name = String(cString: demangled)
        guard !name.isEmpty else { return symbol }
        // One piece of code for several functions that differ in a constant or a callee only: the name is one of theirs, and
        // the reader must know that it may be the wrong one.
        return symbol.hasSuffix("Tm") ? "merged " + shortened(name) : shortened(name)
    }

    /// The public name of a function of libc: `malloc` for `__libc_malloc`, `read` for `__GI___read`. One address has several
    /// names there, and the symbol table offers any of them. Pure.
    static func withoutAlias(_ symbol: String) -> String {
        var name = symbol[...]
        if let at = name.firstIndex(of: "@"), at != name.startIndex { name = name[..<at] }
        if name.hasPrefix("__libc_start") { return String(name) }
        for prefix in ["__GI_", "__libc_", "__"] where name.hasPrefix(prefix) && name.count > prefix.count {
            name = name.dropFirst(prefix.count)
        }
        return String(name)
    }

    /// Takes away what says only how the compiler split a function. Pure.
    static func shortened(_ name: String) -> String {
        var name = name[...]
        // `(2) suspend resume partial function for f()`, `(1) await resume partial function for f()`.
        if name.hasPrefix("("), let close = name.firstIndex(of: ")"),
            name[name.index(after: name.startIndex)..<close].allSatisfy(\.isNumber)
        {
            let rest = name[name.index(after: close)...]
            for prefix in [" suspend resume partial function for ", " await resume partial function for "]
            where rest.hasPrefix(prefix) {
                name = rest.dropFirst(prefix.count)
            }
        }
        for prefix in [
            "generic specialization of ", "function signature specialization of ", "specialized ", "merged ",
        ]
        where name.hasPrefix(prefix) {
            name = name.dropFirst(prefix.count)
        }
        return String(name)
    }

    /// The Swift module whose code a mangled name is: of the extension that a function stands in, else of its type. `main` for
    /// `$s4main3foo…` and for `$sSa4mainE3foo…` (an extension of `Array` in `main`). Nil for names that are not Swift's. Pure.
    static func module(ofMangled symbol: String) -> String? {
        var bytes = symbol.utf8[...]
        if bytes.first == UInt8(ascii: "_") { bytes = bytes.dropFirst() }
        guard bytes.starts(with: "$s".utf8) || bytes.starts(with: "$S".utf8) else { return nil }
        bytes = bytes.dropFirst(2)
        if let module = extendingModule(bytes) { return module }
        switch bytes.first {
        // `s` is the standard library, `S` and a letter a type of it, `Sc` of its concurrency.
        case UInt8(ascii: "s"): return "Swift"
        case UInt8(ascii: "S"): return bytes.dropFirst().first == UInt8(ascii: "c") ? "_Concurrency" : "Swift"
        default: return identifier(&bytes)
        }
    }

    /// An extension's module stands right before an `E`, with the extension's constraints (`…lE`) between at most. Only the
    /// first identifiers are looked at: a type, with its module unless that is a standard one, and the module that extends it.
    private static func extendingModule(_ symbol: Substring.UTF8View) -> String? {
        var bytes = symbol
        for _ in 0..<(bytes.first.map(isDigit) == true ? 3 : 2) {
            bytes = bytes.drop { !isDigit($0) }
            guard let name = identifier(&bytes) else { return nil }
            if bytes.first == UInt8(ascii: "E") { return name }
            // V, O, C, P, a: the name of a type, which may itself stand in a constraint.
            if let kind = bytes.first, "VOCPa".utf8.contains(kind) { continue }
            let between = bytes.prefix { !isDigit($0) }
            if between.last == UInt8(ascii: "E"), between.dropLast().last == UInt8(ascii: "l") { return name }
        }
        return nil
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    private static func identifier(_ bytes: inout Substring.UTF8View) -> String? {
        var length = 0
        while let byte = bytes.first, isDigit(byte), length < 1000 {
            length = length * 10 + Int(byte - UInt8(ascii: "0"))
            bytes = bytes.dropFirst()
        }
        guard length > 0, bytes.count >= length else { return nil }
        defer { bytes = bytes.dropFirst(length) }
        return String(decoding: bytes.prefix(length), as: UTF8.self)
    }
}
