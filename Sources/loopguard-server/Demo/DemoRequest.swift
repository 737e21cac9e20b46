import Foundation

/// How long a demo handler shall misbehave: `{"ms": 200}`, a plain number, or nothing.
struct DemoRequest: Equatable {
    /// Milliseconds.
    static let allowed = 1...10_000
    static let defaultMilliseconds = 1_000

    var milliseconds: Int

    /// Nil when the message is something else, or out of bounds.
    init?(_ text: String) {
        let text = text.trimmingCharacters(in: .whitespacesAndNewlines)
        var number: Int?
        if text.isEmpty {
            number = Self.defaultMilliseconds
        } else if let plain = Int(text) {
            number = plain
        } else if text.utf8.count <= 1024,
            let object = try? JSONDecoder().decode([String: Int].self, from: Data(text.utf8))
        {
            number = object["ms"]
        }
        guard let number, Self.allowed.contains(number) else { return nil }
        milliseconds = number
    }
}
