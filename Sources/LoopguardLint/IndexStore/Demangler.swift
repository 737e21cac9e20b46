import CIndexStore
import Glibc

/// The Swift runtime's demangler.
enum Demangler {
    /// Readable text of a mangled name (`$s…`); nil when it is not one.
    static func demangle(_ name: String) -> String? {
        var copy = name
        return copy.withUTF8 { bytes -> String? in
            guard let base = bytes.baseAddress else { return nil }
            let text = base.withMemoryRebound(to: CChar.self, capacity: bytes.count) { lgi_demangle($0, bytes.count) }
            guard let text else { return nil }
            defer { free(text) }
            return String(cString: text)
        }
    }
}
