// Fixtures: tasks and actors. A line that says `expect` has a finding, all others, its neighbours of the same name among them, none.
extension Feature {
    static let concurrencyFeatures: [Feature] = [
        Feature(
            "Tasks",
            #"""
            import Base
            import Dispatch
            import Foundation
            import Glibc

            func tasksSlow() -> Int { usleep(1); return 1 }  // expect: blocking-sleep
            func tasksIdle() -> Int { usleep(2); return 1 }
            enum TasksLocal { @TaskLocal static var name = "" }
            func tasksHandler() async throws {
                async let value = tasksSlow()
                _ = await value
                async let block: Int = { usleep(3); return 1 }()  // expect: blocking-sleep
                _ = await block
                await withTaskGroup(of: Void.self) { group in
                    usleep(4)  // expect: blocking-sleep
                    group.addTask { usleep(5) }  // expect: blocking-sleep
                    group.addTask { try? await offload { usleep(6) } }
                }
                try await withThrowingTaskGroup(of: Int.self) { group in
                    group.addTaskUnlessCancelled { usleep(7); return 1 }  // expect: blocking-sleep
                    for try await _ in group { usleep(8) }  // expect: blocking-sleep
                }
                await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
                    usleep(9)  // expect: blocking-sleep
                    DispatchQueue.global().async { usleep(10); continuation.resume() }
                }
                await withTaskCancellationHandler {
                    usleep(11)  // expect: blocking-sleep
                } onCancel: {
                    usleep(12)  // expect: blocking-sleep
                }
                TasksLocal.$name.withValue("a") { usleep(13) }  // expect: blocking-sleep
            }
            func tasksStart() {
                Task { usleep(14) }  // expect: blocking-sleep
                Task.detached { usleep(15) }  // expect: blocking-sleep
                Task(priority: .high) { Task { usleep(16) } }  // expect: blocking-sleep
                Thread { usleep(17) }.start()
                DispatchQueue.global().async { usleep(18) }
                runs { usleep(19) }
                let stream = AsyncStream<Int> { continuation in usleep(20); continuation.finish() }
                _ = stream
                _ = AsyncStream<Int>(unfolding: { usleep(21); return nil })  // expect: blocking-sleep
            }
            """#),
        Feature(
            "Actors",
            #"""
            import Glibc

            actor ActorsOne {
                var stored = 0
                var computed: Int { usleep(1); return 1 }  // expect: blocking-sleep
                subscript(_ a: Int) -> Int { usleep(2); return a }  // expect: blocking-sleep
                func isolated() { usleep(3) }  // expect: blocking-sleep
                func asynchronous() async { usleep(4) }  // expect: blocking-sleep
                nonisolated func apart() { usleep(5) }
                nonisolated func called() { usleep(6) }  // expect: blocking-sleep
                nonisolated var property: Int { usleep(7); return 1 }
                nonisolated func asynchronousApart() async { usleep(8) }  // expect: blocking-sleep
                static func fixed() { usleep(9) }
                func caller() { called(); let run = { usleep(10) }; run() }  // expect: blocking-sleep
                init() { usleep(11) }
                init(text: String) async { usleep(12) }  // expect: blocking-sleep
                struct Nested { func go() { usleep(13) } }
                private func hidden() { usleep(14) }  // expect: blocking-sleep
                var observed = 0 { didSet { usleep(15) } }  // expect: blocking-sleep
                func change() { observed = 1 }
            }
            extension ActorsOne {
                func extended() { usleep(16) }  // expect: blocking-sleep
                nonisolated func extendedApart() { usleep(17) }
            }
            @globalActor actor ActorsGlobal { static let shared = ActorsGlobal() }
            @ActorsGlobal func actorsOnGlobal() { usleep(18) }  // expect: blocking-sleep
            @ActorsGlobal final class ActorsOnGlobal {
                func go() { usleep(19) }  // expect: blocking-sleep
                nonisolated func apart() { usleep(20) }
            }
            @MainActor func actorsOnMain() { usleep(21) }
            func actorsParameter(_ actor: isolated ActorsOne) { usleep(22) }  // expect: blocking-sleep
            final class ActorsNone { func isolated() { usleep(23) } }
            """#),
    ]
}
