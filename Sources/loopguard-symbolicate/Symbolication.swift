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
    /// The report was one of JSON lines.
    var isLines = false

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
        let read = try ReportDocument(bytes: bytes)
        var outcome = Outcome(
            document: read.value, resolved: 0, left: 0, systemLeft: 0, warnings: [], isLines: read.isLines)
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
        if let array = value.array { return array.allSatisfy { $0["samples"] != nil || isSummary($0) } }
        return value["samples"] != nil || isSummary(value) || (value["sites"] != nil && value["recent"] != nil)
    }

    /// The preload library's last line.
    private static func isSummary(_ value: JSONValue) -> Bool { value["type"]?.string == "summary" }

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

    /// The preload library writes names as they stand in the symbol table: it must not allocate memory to demangle them.
    private static func demangled(_ frame: JSONValue) -> JSONValue {
        guard var members = frame.object, let symbol = members["function"]?.string else { return frame }
        let name = FunctionName.readable(symbol)
        guard name != symbol else { return frame }
        members["function"] = .string(name)
        let isRuntime = FrameOrigin.isRuntime(module: members["module"]?.string, function: name, symbol: symbol)
        if isRuntime { members["is_runtime"] = .bool(true) }
        return .object(members)
    }

    private func resolve(_ frames: [JSONValue], _ outcome: inout Outcome) -> [JSONValue] {
        var result: [JSONValue] = []
        var reader = FrameReader()
        for frame in frames {
            guard let request = reader.next(frame) else {
                result.append(Self.demangled(frame))
                continue
            }
            let answer = catalogue.frames(for: request)
            let known = answer?.frames.filter { $0.function != nil } ?? []
            if known.isEmpty || (answer?.hasLines == false && request.function != nil) {
                result.append(Self.demangled(frame))
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
