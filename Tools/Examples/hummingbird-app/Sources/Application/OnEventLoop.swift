public import Hummingbird
public import Loopguard
public import NIOCore

/// A request's context that knows the connection.
public struct AppContext: RequestContext {
    public var coreContext: CoreRequestContextStorage
    public let channel: any Channel

    public init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        channel = source.channel
    }
}

/// Runs what follows on the event loop of the request's connection, and not on Swift's cooperative pool, as Hummingbird would:
/// what blocks there is seen by the watchdog, which names the route.
public struct OnEventLoop: RouterMiddleware {
    public let watchdog: Watchdog

    public func handle(
        _ request: Request, context: AppContext, next: (Request, AppContext) async throws -> Response
    ) async throws -> Response {
        let scope = HandlerScope(
            route: context.endpointPath ?? "none", connection: context.id, correlationID: .mint(),
            remoteAddress: context.channel.remoteAddress?.description)
        return try await watchdog.run(on: context.channel.eventLoop, as: scope) { try await next(request, context) }
    }
}
