/// Stalls in the forms that other tools read. Weights are the time that loops were stalled.
enum StackExports {
    /// One stack with its weight, outermost frame first.
    private struct Stack {
        var frames: [StackFrame]
        var names: [String]
        var ns: UInt64
    }

    /// All sites, each with the total time of its stalls, and the stalls that go on. The samples of a stall share its time.
    private static func stacks(_ document: StallsDocument) -> [Stack] {
        let weighted = document.sites.map { ($0.worst, $0.totalNs) } + document.ongoing.map { ($0, $0.durationNs) }
        return weighted.flatMap { report, ns -> [Stack] in
            let samples = report.samples.filter { !$0.frames.isEmpty }
            guard !samples.isEmpty else {
                return [Stack(frames: [], names: ["no stack: \(report.cause.summary)"], ns: ns)]
            }
            let count = UInt64(samples.count)
            return samples.enumerated().map { position, sample in
                let frames = Array(sample.frames.reversed())
                return Stack(
                    frames: frames,
                    names: frames.map { ($0.kind == .async ? "async " : "") + StallWords.name($0) },
                    ns: ns / count + (position == 0 ? ns % count : 0))
            }
        }
    }

    /// Collapsed stacks as `flamegraph.pl` reads them: `outer;inner 1234`, weights in microseconds.
    static func collapsed(_ document: StallsDocument) -> String {
        var order: [String] = []
        var weights: [String: UInt64] = [:]
        for stack in stacks(document) {
            // The format has no escapes: `;` separates frames, the last space the weight.
            let line = stack.names.map { TextPage.printable($0).replacing(";", with: ",") }.joined(separator: ";")
            if weights[line] == nil { order.append(line) }
            weights[line, default: 0] = weights[line, default: 0].saturatingAdd(stack.ns)
        }
        return order.map { "\($0) \(max(1, (weights[$0] ?? 0) / 1_000))\n" }.joined()
    }

    /// A file for speedscope, see https://www.speedscope.app/file-format-schema.json.
    static func speedscope(_ document: StallsDocument) throws(StallJSONError) -> String {
        var file = SpeedscopeFile()
        var indices: [SpeedscopeFile.Frame: Int] = [:]
        var profile = SpeedscopeFile.Profile()
        for stack in stacks(document) {
            var sample: [Int] = []
            for (position, name) in stack.names.enumerated() {
                let source = position < stack.frames.count ? stack.frames[position] : nil
                let frame = SpeedscopeFile.Frame(
                    name: name, file: source?.file ?? source?.module, line: source?.line)
                if indices[frame] == nil {
                    indices[frame] = file.shared.frames.count
                    file.shared.frames.append(frame)
                }
                sample.append(indices[frame] ?? 0)
            }
            profile.samples.append(sample)
            profile.weights.append(stack.ns)
            profile.endValue = profile.endValue.saturatingAdd(stack.ns)
        }
        file.profiles = [profile]
        return try StallJSON.speedscope(file)
    }
}

/// The parts of speedscope's format that we write.
struct SpeedscopeFile: Encodable {
    struct Frame: Encodable, Hashable {
        var name: String
        var file: String?
        var line: Int?
    }
    struct Shared: Encodable {
        var frames: [Frame] = []
    }
    struct Profile: Encodable {
        var type = "sampled"
        var name = "Stalled time by stack"
        var unit = "nanoseconds"
        var startValue: UInt64 = 0
        var endValue: UInt64 = 0
        var samples: [[Int]] = []
        var weights: [UInt64] = []
    }

    var schema = "https://www.speedscope.app/file-format-schema.json"
    var shared = Shared()
    var profiles: [Profile] = []
    var name = "Loopguard stalls"
    var activeProfileIndex = 0
    var exporter = "loopguard"

    private enum CodingKeys: String, CodingKey {
        case schema = "$schema"
        case shared, profiles, name, activeProfileIndex, exporter
    }
}
