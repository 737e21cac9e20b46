/// Buttons that plant a stall, so that people can prove that their alarm works.
enum SelfTestForm {
    /// Length of the planted stall in milliseconds.
    static let milliseconds = 1_000
    /// Buttons shown.
    private static let most = 16

    /// What a button asks for: `POST /debug/selftest?ms=1000&worker=1&loop=loop-0`. The body of a form is not read.
    static func html(_ cluster: ClusterStatus) -> HTML {
        let targets = cluster.workers.flatMap { view in
            view.isUp ? (view.status?.loops ?? []).map { (view.worker, $0.name) } : []
        }
        guard !targets.isEmpty else { return HTML() }
        let buttons = targets.prefix(most).map { worker, loop -> HTML in
            let action = "/debug/selftest?ms=\(milliseconds)&worker=\(worker)&loop=\(encoded(loop))"
            return "<button formaction=\"\(action)\">worker \(worker), \(loop)</button>"
        }
        return """
            <h2>Does the alarm work?</h2>
            <details class="card" data-key="selftest"><summary>Plant a stall of \(HumanText.duration(ns: UInt64(milliseconds) * 1_000_000)) \
            on a loop and see it appear here</summary>
            <form method="post" action="/debug/selftest" data-selftest><p class="meta">Everybody on that loop waits as long. Choose one:</p>
            <p class="buttons">\(buttons.joined(" "))</p><output id="selftest-answer" aria-live="polite"></output></form></details>

            """
    }

    /// Percent-encoded, but for what RFC 3986 calls unreserved.
    private static func encoded(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF")
        var out = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                out.append(Character(UnicodeScalar(byte)))
            default:
                out += "%\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
            }
        }
        return out
    }
}
