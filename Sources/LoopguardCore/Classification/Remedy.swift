/// What to do about a stall, in concrete words.
public enum Remedy {
    /// One to three sentences with code where code helps.
    ///
    /// - Parameters:
    ///   - cause: the verdict.
    ///   - frames: a stack of the stall, innermost first.
    ///   - kind: what kept the loop; nil when not known.
    public static func text(for cause: StallCause, frames: [StackFrame], kind: StallKind? = nil) -> String {
        let stack = StackNames(frames)
        if cause.hostAtFault || cause.category.isOfHost {
            return host(cause)
        }
        if kind == .yieldStarvation {
            return
                "The handler suspends and resumes without ever waiting for anything. Wait for a real event (a message, "
                + "a timer with `try await Task.sleep(for:)`) instead of `Task.yield()` in a loop, or "
                + offload(stack, "move the work with")
        }
        if let kind, let text = pool(kind) { return text }
        switch cause.category {
        case .lockWait: return lock(cause, stack)
        case .blockedInSystemCall: return systemCall(cause, stack)
        case .disk: return file(stack)
        case .pageFaultIO:
            return "The code touches memory that has to be read from disk first (a mapped file, swapped-out pages). "
                + "Read the data at the start, or " + offload(stack, "touch it in")
                + " Check the host for swapping (`vmstat 1`, columns si and so)."
        case .computing, .computingInKernel: return computing(cause, stack, kind: kind)
        case .mixed:
            return "Look at the samples: what they have in common holds the loop. " + offload(stack, "Move it with")
        default:
            if kind == .blockingCall {
                return
                    "The call may block the whole loop, however short it was this time. Use an asynchronous counterpart, move "
                    + "it with `try await context.offload(\"work\") { … }`, or allow this one if it cannot block."
            }
            return "Look at the stack. If the first frame of yours waits or works for long, "
                + offload(stack, "move it with")
        }
    }

    // MARK: - By kind

    /// Of stalls that are not of a loop's own tick; nil for the others.
    private static func pool(_ kind: StallKind) -> String? {
        switch kind {
        case .cooperativePool:
            return
                "Async code that prefers no executor runs on as many threads as there are CPUs, and all of them block or "
                + "compute. Never block in a task: move the calls that the pool's stacks show with `try await "
                + "context.offload(\"work\") { … }`, and `await Task.yield()` between the parts of long work."
        case .blockingPool:
            return
                "All threads of the offload pool are busy, and work waits. Raise --blocking-threads if the jobs just wait, "
                + "give the slow ones a time limit (connect and read timeouts), or offload less."
        case .offloadDeadlock:
            return
                "Offloaded work waits for other offloaded work, for which no thread is left: nothing will end by itself. "
                + "Do not offload and wait within `context.offload(…) { … }`: call the inner function directly, or return from "
                + "the block first and await the second `offload` in the handler. More threads only make it rarer."
        default: return nil
        }
    }

    // MARK: - By class

    private static func host(_ cause: StallCause) -> String {
        if cause.category == .throttled {
            return
                "The container's CPU quota is too small for its bursts; the handler is not to blame. Raise the limit "
                + "(Kubernetes: `resources.limits.cpu`; systemd: `CPUQuota=`), remove it and keep the request, or run fewer "
                + "--loops so that fewer threads use up the quota at once. See `nr_throttled` in the cgroup's cpu.stat."
        }
        if cause.category == .stolen {
            return
                "The virtual machine got less CPU than it was promised; the handler is not to blame. Check steal time "
                + "(`top`, st; `vmstat 1`, st), CPU credits of a burstable instance, and the load of the host; move to "
                + "dedicated CPUs if it stays."
        }
        if cause.category == .stopped {
            return
                "The process was stopped from outside (SIGSTOP, a debugger, a frozen container or a suspended machine). "
                + "The handler is not to blame."
        }
        return "The machine, not the handler, is to blame: the thread was ready but got no CPU. Check the CPU limit of "
            + "the container (`nr_throttled` in its cpu.stat), other processes on the host (`top`, `vmstat 1` column r), "
            + "steal time of the virtual machine (`top`, st), and whether --loops plus other threads exceed the CPUs."
    }

    private static func lock(_ cause: StallCause, _ stack: StackNames) -> String {
        let owner = cause.lockOwner.map { " Thread \($0) holds the lock: see what it does." } ?? ""
        if stack.has("EventLoopFuture", "wait(") || stack.has("EventLoopFuture.wait") {
            return
                "`EventLoopFuture.wait()` blocks the loop, and waits for ever if the future belongs to the same loop. "
                + "Use `try await future.get()`."
        }
        if stack.hasAny(
            "DispatchSemaphore.wait", "dispatch_semaphore_wait", "_dispatch_semaphore_wait_slow", "sem_wait",
            "sem_timedwait", "_dispatch_sema4_wait", "_dispatch_sema4_timedwait", "OS_dispatch_semaphore.wait")
        {
            return "A semaphore blocks the whole loop until somebody signals it. Await the result instead: "
                + "`await withCheckedContinuation { … }` around a callback, `await task.value`, or an `AsyncStream` as "
                + "a queue." + owner
        }
        if stack.hasAny(
            "DispatchGroup.wait", "dispatch_group_wait", "_dispatch_group_wait_slow", "OS_dispatch_group.wait")
        {
            return "Waiting for a DispatchGroup blocks the loop. Use `await withTaskGroup(of:) { … }`, or "
                + "`group.notify` with a continuation."
        }
        if stack.hasAny("DispatchQueue.sync", "dispatch_sync", "_dispatch_sync_f_slow", "OS_dispatch_queue.sync") {
            return "`DispatchQueue.sync` waits for everything queued before it. Make the state an `actor`, or await "
                + "`queue.async` by a continuation." + owner
        }
        if stack.hasAny("swift_once", "_dispatch_once_wait", "dispatch_once_f") {
            return
                "A global or static is being initialised by another thread. Touch it at the start, before the server "
                + "accepts, so that no handler waits for it." + owner
        }
        if stack.hasAny("pthread_join", "Thread.join") {
            return "Joining a thread blocks the loop until it ends. Await its result through a continuation."
        }
        if stack.hasAny(
            "pthread_cond_wait", "pthread_cond_timedwait", "NSCondition", "ConditionLock", "condition_variable")
        {
            return
                "A condition variable blocks the loop. Await the event instead: a continuation, an `AsyncStream`, or "
                + "an `actor` for the state." + owner
        }
        return "Somebody holds the lock for too long. Keep I/O and long work out of the critical section, or make the "
            + "state an `actor`; if the wait cannot be avoided, " + offload(stack, "take the lock inside") + owner
    }

    private static func systemCall(_ cause: StallCause, _ stack: StackNames) -> String {
        let call = cause.systemCall ?? ""
        if stack.hasAny("getaddrinfo", "gethostbyname", "getnameinfo", "Host.current") {
            return "A DNS lookup blocks until the resolver answers, up to 30 s with its retries. Use an asynchronous "
                + "client (SwiftNIO's `ClientBootstrap.connect(host:port:)` resolves off the loop), or "
                + offload(stack, "look up in", name: "dns")
        }
        switch call {
        case "nanosleep", "clock_nanosleep":
            let what = stack.has("Thread.sleep") ? "`Thread.sleep`" : stack.has("usleep") ? "`usleep`" : "This sleep"
            return
                "\(what) puts the whole loop to sleep. Use `try await Task.sleep(for:)`: it suspends only this handler."
        case "connect":
            return "A synchronous connect waits for the peer, up to minutes. Use an asynchronous client (on SwiftNIO: "
                + "PostgresNIO, RediStack, AsyncHTTPClient, …), or " + offload(stack, "connect in", name: "connect")
        case "wait4", "waitid", "waitpid":
            return "Waiting for a child process blocks the loop. Run it with swift-subprocess (`await run(…)`), or "
                + offload(stack, "wait in", name: "subprocess")
        case "flock", "fcntl":
            return "A file lock waits for another process. Try it without waiting (LOCK_NB), or "
                + offload(stack, "take it inside")
        case "fsync", "fdatasync", "sync_file_range", "msync", "openat", "open", "pread64", "pwrite64", "getdents64",
            "newfstatat", "statx", "renameat2", "unlinkat", "ftruncate", "copy_file_range":
            return file(stack)
        case "read", "write", "readv", "writev", "preadv", "pwritev":
            if let target = cause.target, target.hasPrefix("/"), !target.hasPrefix("/dev/") { return file(stack) }
            return "`\(call)` waits for the other end of \(cause.target ?? "the descriptor"). Read and write through a "
                + "SwiftNIO channel, or " + offload(stack, "move the call with")
        case "recvfrom", "recvmsg", "sendto", "sendmsg", "poll", "ppoll", "select", "pselect6", "accept", "accept4":
            return "A synchronous client waits for the network. Use an asynchronous one (on SwiftNIO: PostgresNIO, "
                + "RediStack, AsyncHTTPClient, …), or " + offload(stack, "move the call with")
        case "epoll_wait", "epoll_pwait", "epoll_pwait2":
            return
                "The handler runs an event loop of its own inside this one (`RunLoop.run`, a nested poll). Await the "
                + "event instead, or " + offload(stack, "run it in")
        default:
            return offload(stack, "The call blocks the whole loop. Move it with")
        }
    }

    private static func file(_ stack: StackNames) -> String {
        "Disk access blocks the loop for as long as the disk takes. "
            + offload(stack, "Move it with", name: "file")
            + " Or read the file once at the start and keep it."
    }

    private static func computing(_ cause: StallCause, _ stack: StackNames, kind: StallKind?) -> String {
        if kind == .overloadedTick {
            return
                "No single job is long, the loop has too many of them. Spread connections over more loops (--loops) or "
                + "workers (--workers), or do less per message."
        }
        if cause.category == .computingInKernel {
            return "Most of the time goes to the kernel: many small system calls, large copies, or fresh memory. Batch "
                + "them, or " + offload(stack, "move the work with")
        }
        return offload(stack, "The work is too long for an event loop: move it with")
            + " Or split it, and `await Task.yield()` between the parts."
    }

    /// `… `try await context.offload("name") { … }`.`, named after the innermost function of the user.
    private static func offload(_ stack: StackNames, _ lead: String, name: String? = nil) -> String {
        let name = stack.userFunction ?? name ?? "work"
        return "\(lead) `try await context.offload(\"\(name)\") { … }`."
    }
}

/// The names on a stack, for finding well-known callers.
private struct StackNames {
    private let names: [String]
    /// Base name of the innermost function of the user.
    let userFunction: String?

    init(_ frames: [StackFrame]) {
        names = frames.prefix(64).compactMap(\.function)
        userFunction =
            frames.lazy.filter { !$0.isRuntime }.compactMap { $0.function.flatMap(FunctionName.baseName) }.first
    }

    /// Whether one name contains all parts.
    func has(_ parts: String...) -> Bool {
        names.contains { name in parts.allSatisfy { name.contains($0) } }
    }

    func hasAny(_ parts: String...) -> Bool {
        names.contains { name in parts.contains { name.contains($0) } }
    }
}
