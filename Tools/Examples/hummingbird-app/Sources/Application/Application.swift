public import Hummingbird
public import Loopguard
public import NIOPosix

/// The application: two routes, stall reports, and `/debug/…` in its own router.
///
/// - Parameters:
///   - group: runs the connections; watched by `watchdog`.
///   - port: 0 = a free one.
public func makeApplication(
    group: MultiThreadedEventLoopGroup, watchdog: Watchdog, port: Int = 8080
) -> some ApplicationProtocol {
    let router = Router(context: AppContext.self)
    // Before the middleware: these do not run on the loop that they tell about.
    router.get("debug/**") { request, _ in watchdog.answer(request) }
    router.add(middleware: OnEventLoop(watchdog: watchdog))

    router.get("hello/{name}") { _, context in "Hello, \(context.parameters.get("name") ?? "you")!\n" }
    router.get("report/{year}") { _, _ in composeReport() }
    return Application(
        router: router, configuration: .init(address: .hostname("127.0.0.1", port: port)),
        eventLoopGroupProvider: .shared(group))
}
