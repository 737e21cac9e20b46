import ArgumentParser
import Foundation
import Logging
import LoopguardCore

/// Judges the run at its end: prints the verdict, writes the files, decides the exit code. In the process that was started
/// by the user: the supervisor, or the only worker.
struct RunGate: Sendable {
    /// Largest baseline that is read, in bytes.
    static let maximumBaselineBytes = 1 << 20

    private let settings: GateSettings
    private let baseline: StallBaseline?

    /// Reads the baseline, and makes sure that the files of the end can be written: a canary that ran for an hour must not
    /// fail to tell.
    ///
    /// - Throws: ``StartFailure`` that names the flag and the file.
    init?(_ settings: GateSettings) throws(StartFailure) {
        guard settings.isActive else { return nil }
        self.settings = settings
        baseline = try settings.baseline.map { path throws(StartFailure) in try Self.load(path) }
        for (path, setting) in [
            (settings.report, Setting.stallBudgetReport), (settings.newBaseline, .writeStallBaseline),
        ] {
            guard let path, let code = VerdictFile.objection(to: path) else { continue }
            throw StartFailure(
                .usage, "\(setting.flag): cannot write the file \(path): \(String(cString: strerror(code))).")
        }
    }

    private static func load(_ path: String) throws(StartFailure) -> StallBaseline {
        let flag = Setting.stallBaseline.flag
        let bytes = try SettingsLoader.read(path, limit: maximumBaselineBytes, for: flag)
        do {
            let baseline: StallBaseline = try StallJSON.decode(from: bytes)
            try baseline.validate()
            return baseline
        } catch let error as StallBaselineError {
            throw StartFailure(.usage, "\(flag): \(path): \(error.message)")
        } catch {
            throw StartFailure(.usage, "\(flag): \(path) is no baseline: \(reason(error))")
        }
    }

    private static func reason(_ error: any Error) -> String {
        guard let cause = (error as? StallJSONError)?.cause as? DecodingError else { return "\(error)" }
        let (context, text): (DecodingError.Context, String)
        switch cause {
        case .keyNotFound(let key, let found): (context, text) = (found, "\"\(key.stringValue)\" is missing")
        case .valueNotFound(_, let found): (context, text) = (found, "must not be null")
        case .typeMismatch(_, let found): (context, text) = (found, "has the wrong type")
        case .dataCorrupted(let found): return "\(place(found) ?? "")\(found.debugDescription)"
        @unknown default: return "\(cause)"
        }
        return "\(place(context) ?? "the whole: ")\(text)."
    }

    /// Where in the file, with a colon; nil for all of it.
    private static func place(_ context: DecodingError.Context) -> String? {
        let names = context.codingPath.map { key in key.intValue.map { "entry \($0 + 1)" } ?? key.stringValue }
        return names.isEmpty ? nil : names.joined(separator: ", ") + ": "
    }

    /// Tells the verdict.
    ///
    /// - Parameter code: how the run ended otherwise; a failure of its own stands.
    /// - Returns: the exit code.
    func finish(_ figures: RunFigures, code: Int32, logger: Logger) -> Int32 {
        let now = Int64(Date.now.timeIntervalSince1970 * 1e9)
        let verdict = StallGate(budget: settings.budget, baseline: baseline).judge(figures, nowUnixNs: now)
        for line in verdict.text.split(separator: "\n") { StandardStreams.printLine(String(line)) }
        var code = code
        if let path = settings.report { write(try? StallJSON.encode(verdict), to: path, &code, logger) }
        if let path = settings.newBaseline {
            let covering = (baseline ?? StallBaseline()).covering(figures.tally)
            write(try? StallJSON.encode(covering), to: path, &code, logger)
            let open = covering.accepted.count { $0.reason.isEmpty }
            StandardStreams.printLine(
                "baseline with \(covering.accepted.count) entries written to \(path); reasons to be filled in: \(open)")
        }
        guard code == 0 else { return code }
        return verdict.isPassed ? 0 : ExitCode.gate.rawValue
    }

    private func write(_ bytes: [UInt8]?, to path: String, _ code: inout Int32, _ logger: Logger) {
        do {
            guard let bytes else { throw CocoaError(.coderInvalidValue) }
            try VerdictFile.write(bytes + [UInt8(ascii: "\n")], to: path)
        } catch {
            logger.error("cannot write \(path): \(error.localizedDescription)")
            if code == 0 { code = ExitCode.cannotWrite.rawValue }
        }
    }
}
