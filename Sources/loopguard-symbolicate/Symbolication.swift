import LoopguardCapture
import LoopguardCore

/// What came of a report.
struct Outcome {
    /// The report, of the same form, with more in it.
    var document: JSONValue
    /// Frames that were looked up and found.
    var resolved: Int
    /// Frames of the program or its libraries that lack a function, or a line that a matching file could give.
    var left: Int
    /// Frames of system libraries without a name: their debug files are seldom at hand, and nobody needs them.
    var systemLeft: Int
    /// One sentence each.
    var warnings: [String]

    var summary: String {
        var text = "\(resolved) frames named, \(left) left"
        if systemLeft > 0 { text += " (and \(systemLeft) of system libraries)" }
        return text
    }
}

/// Looks up the frames of all stacks in a document, wherever they stand in it.
struct Symbolication {
    private let catalogue: Catalogue

    /// - Throws: `.unreadableBinary` when one of `binaries` is none.
    init(binaries: [String], directories: [String]) throws(SymbolicateError) {
        catalogue = try Catalogue(binaries: binaries, directories: directories)
    }

    /// - Throws: `.malformedReport`.
    func run(_ bytes: [UInt8]) throws(SymbolicateError) -> Outcome {
        var outcome = Outcome(document: try JSONValue(bytes: bytes), resolved: 0, left: 0, systemLeft: 0, warnings: [])
        var stacks = 0
        outcome.document = rewrite(outcome.document, &outcome, &stacks)
        if stacks == 0, !Self.isDocument(outcome.document) {
            throw SymbolicateError(
                .malformedReport,
                "the report is JSON, but neither a stall report, an array of them nor a /debug/stalls.json")
        }
        outcome.warnings = catalogue.warnings
        return outcome
    }

    /// An empty document is a document.
    private static func isDocument(_ value: JSONValue) -> Bool {
        if let array = value.array { return array.allSatisfy { $0["samples"] != nil } }
        return value["samples"] != nil || (value["sites"] != nil && value["recent"] != nil)
    }

    private func rewrite(_ value: JSONValue, _ outcome: inout Outcome, _ stacks: inout Int) -> JSONValue {
        switch value {
        case .array(let elements): return .array(elements.map { rewrite($0, &outcome, &stacks) })
        case .object(let members):
            var result: [String: JSONValue] = [:]
            for (key, member) in members {
                if key == "frames", let frames = member.array, frames.allSatisfy({ $0["address"]?.string != nil }) {
                    stacks += 1
                    result[key] = .array(resolve(frames, &outcome))
                } else {
                    result[key] = rewrite(member, &outcome, &stacks)
                }
            }
            return .object(result)
        default: return value
        }
    }

    private func resolve(_ frames: [JSONValue], _ outcome: inout Outcome) -> [JSONValue] {
        var result: [JSONValue] = []
        var reader = FrameReader()
        for frame in frames {
            guard let request = reader.next(frame) else {
                result.append(frame)
                continue
            }
            let answer = catalogue.frames(for: request)
            let known = answer?.frames.filter { $0.function != nil } ?? []
            if known.isEmpty || (answer?.hasLines == false && request.function != nil) {
                result.append(frame)
            } else {
                result += known.map { $0.merged(into: frame) }
            }
            if !known.isEmpty, answer?.hasLines == true {
                outcome.resolved += 1
            } else if FrameOrigin.isRuntime(module: request.module, function: nil) {
                outcome.systemLeft += request.function == nil && known.isEmpty ? 1 : 0
            } else {
                outcome.left += 1
            }
        }
        return result
    }
}
