import Dispatch
import Glibc
import Logging
import Loopguard
import LoopguardCore
import LoopguardStrict
import NIOCore

/// A runtime with one or two loops under strict mode, ended afterwards.
func withStrict<T: Sendable>(
    loops: Int = 1, options: StrictOptions = .defaults, threshold: Duration = .seconds(5),
    _ body: @Sendable (LoopguardRuntime, Strict) async throws -> T
) async throws -> T {
    var configuration = LoopguardRuntime.Configuration.defaults
    configuration.group.loops = loops
    configuration.group.threshold = threshold
    configuration.offload.threads = 2
    configuration.logger = Logger(label: "strict-tests") { _ in SwiftLogNoOpLogHandler() }
    configuration.reporters = []
    let runtime = try await LoopguardRuntime.start(configuration)
    let strict: Strict
    do { strict = try Strict.start(runtime, options: options) } catch {
        await runtime.shutdown()
        throw error
    }
    do {
        let result = try await body(runtime, strict)
        await strict.stop()
        await runtime.shutdown()
        return result
    } catch {
        await strict.stop()
        await runtime.shutdown()
        throw error
    }
}

extension LoopguardRuntime {
    /// Runs `body` on the first loop.
    @discardableResult
    func onLoop<T: Sendable>(_ index: Int = 0, _ body: @escaping @Sendable () throws -> T) async throws -> T {
        try await group.loops[index].eventLoop.submit(body).get()
    }
}

/// The reports of all calls so far; the report thread may need a moment.
func reports(of strict: Strict, atLeast count: Int) async -> [StallReport] {
    await strict.settle()
    for _ in 0..<2000 where strict.reports.count < count { try? await Task.sleep(for: .milliseconds(5)) }
    return strict.reports
}

func later(_ milliseconds: Int, _ body: @escaping @Sendable () -> Void) {
    DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(milliseconds), execute: body)
}
