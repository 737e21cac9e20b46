import Testing

@testable import LoopguardLint

/// One use a line of what the catalogue names, compiled against the real declarations: an entry whose labels or module are
/// written wrong finds nothing.
@Suite struct CatalogueUseTests {
    /// The catalogue's pattern, the rule, and a call of it; `fd`, `path`, `url` and the like are parameters.
    static let uses: [(entry: String, rule: String, call: String)] = [
        ("c:sleep", "blocking-sleep", "_ = sleep(1)"), ("c:usleep", "blocking-sleep", "usleep(1)"),
        ("c:nanosleep", "blocking-sleep", "nanosleep(&time, nil)"),
        ("c:clock_nanosleep", "blocking-sleep", "clock_nanosleep(CLOCK_MONOTONIC, 0, &time, nil)"),
        ("Foundation.Thread.sleep", "blocking-sleep", "Thread.sleep(forTimeInterval: 1)"),
        ("Foundation.Thread.sleep", "blocking-sleep", "Thread.sleep(until: Date())"),
        ("c:poll", "blocking-poll", "poll(&polled, 1, 10)"),
        ("c:select", "blocking-poll", "select(1, nil, nil, nil, nil)"),
        ("Foundation.RunLoop.run", "blocking-run-loop", "runLoop.run()"),
        ("Dispatch.dispatchMain", "blocking-run-loop", "dispatchMain()"),
        ("Dispatch.DispatchSemaphore.wait", "blocking-semaphore", "semaphore.wait()"),
        ("Dispatch.DispatchSemaphore.wait", "blocking-semaphore", "_ = semaphore.wait(timeout: .distantFuture)"),
        ("Dispatch.DispatchGroup.wait", "blocking-semaphore", "group.wait()"),
        ("Dispatch.DispatchWorkItem.wait", "blocking-semaphore", "item.wait()"),
        ("c:sem_wait", "blocking-semaphore", "sem_wait(&counter)"),
        ("Foundation.NSCondition.wait", "blocking-condition", "condition.wait(until: Date())"),
        (
            "Foundation.NSConditionLock.lock(whenCondition:)", "blocking-condition",
            "conditionLock.lock(whenCondition: 1)"
        ),
        ("c:pthread_cond_wait", "blocking-condition", "pthread_cond_wait(&cond, &mutex)"),
        ("c:flock", "blocking-file-lock", "flock(fd, LOCK_EX)"),
        ("c:lockf", "blocking-file-lock", "lockf(fd, F_LOCK, 0)"),
        ("c:fcntl", "blocking-file-lock", "_ = fcntl(fd, F_SETLKW, &fileLock)"),
        ("Dispatch.DispatchQueue.sync", "blocking-dispatch-sync", "queue.sync { }"),
        ("Dispatch.DispatchQueue.sync", "blocking-dispatch-sync", "_ = queue.sync { 1 }"),
        ("c:pthread_join", "blocking-join", "pthread_join(thread, nil)"),
        (
            "Foundation.OperationQueue.waitUntilAllOperationsAreFinished", "blocking-join",
            "operations.waitUntilAllOperationsAreFinished()"
        ),
        ("Foundation.Operation.waitUntilFinished", "blocking-join", "operation.waitUntilFinished()"),
        ("Foundation.Process.waitUntilExit", "blocking-process", "process.waitUntilExit()"),
        ("c:waitpid", "blocking-process", "waitpid(1, nil, 0)"), ("c:system", "blocking-process", "system(path)"),
        ("c:popen", "blocking-process", "popen(path, \"r\")"),
        ("c:getaddrinfo", "blocking-dns", "getaddrinfo(path, nil, nil, nil)"),
        ("c:gethostbyname", "blocking-dns", "gethostbyname(path)"),
        ("Foundation.ProcessInfo.hostName", "blocking-dns", "_ = ProcessInfo.processInfo.hostName"),
        ("c:connect", "blocking-socket", "connect(fd, nil, 0)"),
        ("c:accept", "blocking-socket", "accept(fd, nil, nil)"),
        ("c:recv", "blocking-socket", "recv(fd, nil, 0, 0)"), ("c:send", "blocking-socket", "send(fd, path, 1, 0)"),
        ("Swift.readLine", "blocking-terminal-read", "_ = readLine()"),
        ("c:getchar", "blocking-terminal-read", "getchar()"),
        ("Foundation.Data.init(contentsOf:options:)", "blocking-file", "_ = try Data(contentsOf: url)"),
        ("Foundation.Data.write(to:options:)", "blocking-file", "try data.write(to: url)"),
        (
            "Foundation.String.init(contentsOf:encoding:)", "blocking-file",
            "_ = try String(contentsOf: url, encoding: .utf8)"
        ),
        (
            "Foundation.String.init(contentsOfFile:encoding:)", "blocking-file",
            "_ = try String(contentsOfFile: path, encoding: .utf8)"
        ),
        (
            "*.write(to:atomically:encoding:)", "blocking-file",
            "try path.write(to: url, atomically: true, encoding: .utf8)"
        ),
        ("Foundation.FileManager.contents", "blocking-file-manager", "files.contents(atPath: path)"),
        ("Foundation.FileManager.fileExists", "blocking-file-manager", "files.fileExists(atPath: path)"),
        ("Foundation.FileManager.removeItem", "blocking-file-manager", "try files.removeItem(at: url)"),
        (
            "Foundation.FileManager.createDirectory", "blocking-file-manager",
            "try files.createDirectory(at: url, withIntermediateDirectories: true)"
        ),
        (
            "Foundation.FileManager.contentsOfDirectory", "blocking-file-manager",
            "try files.contentsOfDirectory(atPath: path)"
        ),
        (
            "Foundation.FileManager.attributesOfItem", "blocking-file-manager",
            "try files.attributesOfItem(atPath: path)"
        ),
        ("Foundation.FileHandle.readToEnd", "blocking-file-handle", "try handle.readToEnd()"),
        ("Foundation.FileHandle.read", "blocking-file-handle", "try handle.read(upToCount: 1)"),
        ("Foundation.FileHandle.availableData", "blocking-file-handle", "_ = handle.availableData"),
        ("Foundation.FileHandle.write", "blocking-file-handle", "try handle.write(contentsOf: data)"),
        ("Foundation.FileHandle.synchronize", "blocking-file-handle", "try handle.synchronize()"),
        ("Foundation.Process.run", "blocking-file-handle", "try process.run()"),
        ("c:open", "blocking-file-call", "_ = open(path, O_RDONLY)"),
        ("c:read", "blocking-file-call", "read(fd, nil, 0)"),
        ("c:write", "blocking-file-call", "write(fd, path, 1)"), ("c:fsync", "blocking-file-call", "fsync(fd)"),
        ("c:stat", "blocking-file-call", "stat(path, &status)"),
        ("c:rename", "blocking-file-call", "rename(path, path)"),
        ("c:unlink", "blocking-file-call", "unlink(path)"), ("c:opendir", "blocking-file-call", "opendir(path)"),
        ("c:fopen", "blocking-file-call", "fopen(path, \"r\")"), ("c:getpwnam", "blocking-file-call", "getpwnam(path)"),
        ("c:dlopen", "blocking-file-call", "dlopen(path, 0)"),
        (
            "Dispatch.DispatchQueue.concurrentPerform", "expensive-parallel-loop",
            "DispatchQueue.concurrentPerform(iterations: 1) { _ in }"
        ),
    ]

    @Test func everyUseIsFoundByItsRule() throws {
        let functions = Self.uses.enumerated().map { number, use in
            let call = use.call
            return
                "@available(*, deprecated) func use\(number)() async throws { let here = Here(); _ = here; try here.call\(number)() }\n"
                + "extension Here { func call\(number)() throws { \(call) } }  // expect: \(use.rule)"
        }
        try Fixture.check(Self.header + functions.joined(separator: "\n") + "\n")
    }

    @Test func everyUseNamesAnEntry() throws {
        let entries = Set(try Catalogue.builtIn().sinks.flatMap { sink in sink.functions.map { "\(sink.rule) \($0)" } })
        for use in Self.uses { #expect(entries.contains("\(use.rule) \(use.entry)"), "\(use.entry)") }
    }

    private static let header = """
        import Dispatch
        import Foundation
        import Glibc
        nonisolated(unsafe) var time = timespec()
        nonisolated(unsafe) var polled = pollfd()
        nonisolated(unsafe) var counter = sem_t()
        nonisolated(unsafe) var cond = pthread_cond_t()
        nonisolated(unsafe) var mutex = pthread_mutex_t()
        nonisolated(unsafe) var thread = pthread_t()
        nonisolated(unsafe) var fileLock = Glibc.flock()
        nonisolated(unsafe) var status = Glibc.stat()
        struct Here {
            let fd: Int32 = 0, path = "/", url = URL(fileURLWithPath: "/"), data = Data(), files = FileManager.default
            let semaphore = DispatchSemaphore(value: 0), group = DispatchGroup(), item = DispatchWorkItem {}
            let queue = DispatchQueue(label: ""), operations = OperationQueue(), operation = Operation()
            let condition = NSCondition(), conditionLock = NSConditionLock(condition: 0)
            let process = Foundation.Process(), handle = FileHandle.nullDevice
            var runLoop: RunLoop { RunLoop.main }
        }

        """
}
