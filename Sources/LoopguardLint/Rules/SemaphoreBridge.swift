/// A thread that waits for a task: a semaphore or group that an asynchronous closure signals and the function around it waits for.
/// When all threads of the pool wait like that, no task is left to signal.
struct SemaphoreBridge: StructuralRule {
    let id = "semaphore-bridge"

    func findings(in file: RuleFile) -> [Finding] {
        file.sinks.compactMap { sink in
            guard sink.call.rule == "blocking-semaphore", !file.isStartup(sink.scope),
                let wait = file.call(at: sink.offset),
                let subject = Self.subject(wait)
            else { return nil }
            for call in file.facts.calls where Self.subject(call) == subject && Self.isSignal(call) {
                guard let closure = asynchronousClosure(around: call.scope, within: sink.scope, file) else { continue }
                let isLoop = isLoop(sink.node, file)
                return file.finding(
                    self, isLoop ? .error : .warning, at: sink.offset, in: sink.scope,
                    "`\(subject)` makes this thread wait for a task: once every thread of the pool waits like that, no task "
                        + "is left to signal it; make \(file.name(sink.scope)) `async` and await the result",
                    sink: sink.call.name,
                    related: [
                        .init(place: file.place(file.facts.scopes[closure].range.lowerBound), text: "the task"),
                        .init(place: file.place(call.nameOffset), text: "signalled here"),
                    ])
            }
            return nil
        }
    }

    private static func subject(_ call: SourceFacts.Call) -> String? {
        let text = call.receiver ?? call.arguments.first?.text
        return text.map { $0.hasPrefix("self.") ? String($0.dropFirst(5)) : $0 }
    }

    private static func isSignal(_ call: SourceFacts.Call) -> Bool {
        ["signal()", "leave()", "sem_post(_:)", "dispatch_semaphore_signal(_:)"].contains(call.name)
    }

    /// The closure that runs as a task or on an event loop, inside the code that waits.
    private func asynchronousClosure(around scope: Int, within outer: Int, _ file: RuleFile) -> Int? {
        var current = scope
        var found: Int?
        while current > 0, current != outer {
            let code = file.facts.scopes[current]
            if code.kind == .closure {
                if case .loop = file.context(ofClosure: current) {
                    found = current
                } else if code.isAsync {
                    found = current
                }
            }
            current = code.parent
        }
        return current == outer ? found : nil
    }

    private func isLoop(_ node: CallGraph.NodeID, _ file: RuleFile) -> Bool {
        if case .loop = file.program.graph.contexts[Int(node)] { return true }
        return false
    }
}
