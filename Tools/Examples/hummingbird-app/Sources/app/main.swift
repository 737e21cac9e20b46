import Application
import Hummingbird
import Loopguard
import NIOPosix

let group = MultiThreadedEventLoopGroup.singleton
let watchdog = try await Watchdog.watch(group)
// Answers even while all loops are stuck.
let admin = try await watchdog.serveAdmin(host: "127.0.0.1", port: 8081)
print(
    "http://127.0.0.1:8080/report/2026 blocks its event loop; then see http://127.0.0.1:8080/debug/stalls, or \(admin)")
try await makeApplication(group: group, watchdog: watchdog).runService()
await watchdog.shutdown()
