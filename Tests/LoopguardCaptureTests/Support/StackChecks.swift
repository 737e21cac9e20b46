import LoopguardCapture
import LoopguardCore
import Testing

/// All real-thread tests run one after another: they share the machine's two cores and the process' signal.
@Suite(.serialized) enum RealThreads {}

/// The frames of a stack that are the user's.
func userFrames(_ stack: CapturedStack) -> [StackFrame] {
    Symbolizer().symbolicate(stack.addresses).filter { !$0.isRuntime }
}

/// Expects a function among the first three frames of the user, at the right place.
func expectPlanted(
    _ function: String, file: String = Planted.file, lines: ClosedRange<Int>, in stack: CapturedStack,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    let frames = Symbolizer().symbolicate(stack.addresses)
    let users = frames.filter { !$0.isRuntime }
    let found = users.prefix(3).first { $0.function?.contains(function) == true }
    guard let found else {
        Issue.record(
            "\(function) is not among the first three frames (\(stack.validity.rawValue), \(stack.note ?? "-")):\n\(text(frames))",
            sourceLocation: sourceLocation)
        return
    }
    #expect(found.file?.hasSuffix("/" + file) == true, "\(found)", sourceLocation: sourceLocation)
    #expect(found.line.map(lines.contains) == true, "\(found)", sourceLocation: sourceLocation)
}

/// Frames as lines, for messages of failed tests.
func text(_ frames: [StackFrame]) -> String {
    frames.map { frame in
        let place =
            frame.file.map { "\($0):\(frame.line ?? 0)" } ?? "\(frame.module ?? "?")+\(frame.moduleOffset ?? "?")"
        return "  \(frame.isRuntime ? "·" : " ") \(frame.kind.rawValue) \(frame.function ?? "?") \(place)"
    }.joined(separator: "\n")
}
