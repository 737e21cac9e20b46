import Logging

/// One log line, ready to be written in either format. Pure.
struct LogLine {
    /// Wall clock, RFC 3339 with milliseconds.
    var time: String
    var level: Logger.Level
    var label: String
    var worker: Int
    var message: String
    /// Sorted by key.
    var metadata: [(key: String, value: Logger.MetadataValue)]

    /// `2026-11-24T12:00:00.000Z notice  loopguard: text  key=value`
    var text: String {
        var line = "\(time) \(level.rawValue.padded(8)) "
        if worker > 0 { line += "[\(worker)] " }
        line += "\(label): \(message.oneLine)"
        for (key, value) in metadata { line += " \(key)=\("\(value)".oneLineQuotedIfNeeded)" }
        return line
    }

    /// One JSON object. Keys that the line itself uses are not overwritten by metadata: those get a `_` in front.
    var json: String {
        var line = "{\"time\":\"\(time)\",\"level\":\"\(level.rawValue)\",\"logger\":\(JSONText.quoted(label))"
        line += ",\"worker\":\(worker),\"message\":\(JSONText.quoted(message))"
        for (key, value) in metadata {
            let key = Self.reserved.contains(key) ? "_\(key)" : key
            line += ",\(JSONText.quoted(key)):\(Self.json(value))"
        }
        return line + "}"
    }

    private static let reserved: Set<String> = ["time", "level", "logger", "worker", "message"]

    private static func json(_ value: Logger.MetadataValue) -> String {
        switch value {
        case .string(let text): JSONText.quoted(text)
        case .stringConvertible(let value): JSONText.quoted(value.description)
        case .array(let values): "[\(values.map(json).joined(separator: ","))]"
        case .dictionary(let values):
            "{"
                + values.sorted { $0.key < $1.key }.map { "\(JSONText.quoted($0.key)):\(json($0.value))" }
                .joined(separator: ",") + "}"
        }
    }
}

extension String {
    fileprivate func padded(_ width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }

    /// Control characters escaped: what comes from outside must not be able to end a line and begin another.
    fileprivate var oneLine: String {
        guard unicodeScalars.contains(where: Self.isUnsafe) else { return self }
        var result = ""
        for scalar in unicodeScalars {
            if Self.isUnsafe(scalar) {
                result += scalar.escaped(asASCII: true)
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    fileprivate var oneLineQuotedIfNeeded: String {
        let safe = oneLine
        guard safe.isEmpty || safe.contains(where: { $0 == " " || $0 == "\"" || $0 == "=" }) else { return safe }
        return "\"\(safe.replacing("\"", with: "\\\""))\""
    }

    private static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) || scalar.value == 0x2028 || scalar.value == 0x2029
    }
}
