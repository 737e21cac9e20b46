import Foundation

/// Turns signals into calls. Keep it alive for as long as signals shall be caught.
///
/// SAFETY: sources are made and activated in `init` and never changed afterwards.
final class SignalEvents: @unchecked Sendable {
    private let sources: [any DispatchSourceSignal]

    /// - Parameter body: called with the signal's number, one call at a time.
    init(_ numbers: [Int32], _ body: @escaping @Sendable (Int32) -> Void) {
        let queue = DispatchQueue(label: "signals")
        sources = numbers.map { number in
            // The default action would end the process before the source is asked.
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler { body(number) }
            source.activate()
            return source
        }
    }

    /// A peer that has gone is reported by `write`, not by a signal.
    static func ignoreBrokenPipes() { signal(SIGPIPE, SIG_IGN) }
}
