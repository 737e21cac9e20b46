/// How large one report may be. Whatever a stack or a name looks like, memory and pages stay bounded.
public struct ReportLimits: Sendable, Equatable {
    /// Samples kept: the first one and the latest. Default 8.
    public var samples = 8
    /// Frames kept of each sample, innermost first. Default 128.
    public var framesPerSample = 128
    /// Stacks of other threads kept. Default 16.
    public var related = 16
    /// Lines of evidence. Default 16.
    public var evidence = 16
    /// Bytes of any one name, path or line. Default 1,024.
    public var textBytes = 1_024

    /// The values above.
    public static let defaults = ReportLimits()
    /// The defaults.
    public init() {}
}

extension StallReport {
    /// The report cut to `limits`. What was cut from a stack is said in the sample's note.
    public func bounded(by limits: ReportLimits = .defaults) -> StallReport {
        var report = self
        let cut = { (text: String) in text.utf8.count <= limits.textBytes ? text : text.truncated(to: limits.textBytes)
        }
        let keep = max(1, limits.samples)
        if report.samples.count > keep { report.samples = [report.samples[0]] + report.samples.suffix(keep - 1) }
        for index in report.samples.indices { report.samples[index].bound(by: limits, cut: cut) }
        report.related = Array(report.related.prefix(max(0, limits.related)))
        for index in report.related.indices {
            report.related[index].sample.bound(by: limits, cut: cut)
            report.related[index].thread = cut(report.related[index].thread)
            report.related[index].state = report.related[index].state.map(cut)
        }
        report.cause.evidence = report.cause.evidence.prefix(max(0, limits.evidence)).map(cut)
        report.cause.summary = cut(report.cause.summary)
        report.cause.target = report.cause.target.map(cut)
        report.cause.systemCall = report.cause.systemCall.map(cut)
        report.cause.lockOwner = report.cause.lockOwner.map(cut)
        report.remedy = cut(report.remedy)
        report.rule = report.rule.map(cut)
        report.id = cut(report.id)
        report.host = cut(report.host)
        report.loop = cut(report.loop)
        report.fingerprint = cut(report.fingerprint)
        if var scope = report.scope {
            scope.route = cut(scope.route)
            scope.connection = cut(scope.connection)
            scope.correlation = cut(scope.correlation)
            scope.remote = scope.remote.map(cut)
            report.scope = scope
        }
        return report
    }
}

extension StackSample {
    fileprivate mutating func bound(by limits: ReportLimits, cut: (String) -> String) {
        let excess = frames.count - max(0, limits.framesPerSample)
        if excess > 0 {
            frames.removeLast(excess)
            note = (note.map { $0 + "; " } ?? "") + "\(HumanText.count(excess, "outer frame")) left out"
        }
        note = note.map(cut)
        for index in frames.indices {
            frames[index].function = frames[index].function.map(cut)
            frames[index].file = frames[index].file.map(cut)
            frames[index].module = frames[index].module.map(cut)
            frames[index].address = cut(frames[index].address)
            frames[index].moduleOffset = frames[index].moduleOffset.map(cut)
            frames[index].buildId = frames[index].buildId.map(cut)
        }
    }
}

extension String {
    /// The longest prefix of whole characters that fits `bytes` UTF-8 bytes with the ellipsis at its end.
    func truncated(to bytes: Int) -> String {
        guard utf8.count > bytes else { return self }
        var end = utf8.index(startIndex, offsetBy: max(0, min(bytes - 3, utf8.count)))
        while end > startIndex, end.samePosition(in: unicodeScalars) == nil { end = utf8.index(before: end) }
        return String(self[..<end]) + "…"
    }
}
