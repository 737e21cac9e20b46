// The libraries of the program that mutations are planted in.
extension MutationTemplate {
    static let nioCore = #"""
        // The names of NIO that the catalogue knows, so that the program is judged as a server's.
        public protocol EventLoop: AnyObject, Sendable {
            func execute(_ task: @escaping @Sendable () -> Void)
            func submit<T: Sendable>(_ task: @escaping @Sendable () throws -> T) -> EventLoopFuture<T>
            func scheduleTask(in delay: Int, _ task: @escaping @Sendable () -> Void)
        }
        extension EventLoop {
            public func submit<T: Sendable>(_ task: @escaping @Sendable () throws -> T) -> EventLoopFuture<T> {
                EventLoopFuture(try? task())
            }
            public func scheduleTask(in delay: Int, _ task: @escaping @Sendable () -> Void) {}
        }
        public final class EventLoopFuture<Value: Sendable>: Sendable {
            private let value: Value?
            public init(_ value: Value?) { self.value = value }
            public func map<T: Sendable>(_ body: @escaping @Sendable (Value) -> T) -> EventLoopFuture<T> {
                EventLoopFuture<T>(value.map(body))
            }
            public func whenComplete(_ body: @escaping @Sendable (Value?) -> Void) { body(value) }
            public func whenSuccess(_ body: @escaping @Sendable (Value) -> Void) { if let value { body(value) } }
        }
        public protocol ChannelHandler: AnyObject {}
        public protocol ChannelInboundHandler: ChannelHandler {
            func channelRead(data: String)
            func channelActive()
            func channelInactive()
        }
        """#

    static let nioPosix = #"""
        import Dispatch
        import NIOCore

        public final class NIOThreadPool: Sendable {
            public static let singleton = NIOThreadPool()
            public func submit(_ body: @escaping @Sendable () -> Void) { DispatchQueue.global().async(execute: body) }
            public func runIfActive<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T {
                try await withCheckedThrowingContinuation { continuation in
                    submit { continuation.resume(with: Result { try body() }) }
                }
            }
        }
        """#

    static let core = #"""
        import Dispatch
        import Foundation
        import NIOCore
        import NIOPosix

        public struct User: Codable, Sendable, Hashable {
            public var id: Int
            public var name: String
            public var tags: [String]
            public init(id: Int, name: String, tags: [String] = []) {
                self.id = id
                self.name = name
                self.tags = tags
            }
        }

        public enum ServiceError: Error, Sendable {
            case notFound(Int)
            case invalid(String)

            public var text: String {
                switch self {
                case .notFound(let id):
                    //@ getter of an enum
                    return "no user \(id)"
                case .invalid(let reason): return reason
                }
            }
        }

        /// Moves work away from event loops.
        public enum Blocking {
            public static func run<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T {
                try await NIOThreadPool.singleton.runIfActive(body)
            }

            public static func later(_ body: @escaping @Sendable () -> Void) {
                DispatchQueue.global().async(execute: body)
            }
        }

        public protocol UserStore: Sendable {
            func find(_ id: Int) throws -> User
            func save(_ user: User) throws
            var count: Int { get }
        }

        extension UserStore {
            public func rename(_ id: Int, to name: String) throws {
                var user = try find(id)
                user.name = name
                //@ protocol extension
                try save(user)
            }

            public func neverCalled() {
                //! unreached protocol extension
            }
        }

        /// Waits without blocking: what a search for names takes for a semaphore.
        public actor AsyncSemaphore {
            private var permits: Int
            private var waiters: [CheckedContinuation<Void, Never>] = []
            public init(value: Int) { permits = value }
            public func wait() async {
                if permits > 0 {
                    permits -= 1
                    //@ actor method
                    return
                }
                await withCheckedContinuation { waiters.append($0) }
            }
            public func signal() {
                if waiters.isEmpty { permits += 1 } else { waiters.removeFirst().resume() }
                //@ isolated method
            }
            nonisolated public func describe() -> String {
                //! nonisolated method
                return "semaphore"
            }
        }

        public struct Buffer: Sendable {
            public private(set) var bytes: [UInt8] = []
            public init() {}
            public mutating func write(_ text: String) { bytes += Array(text.utf8) }
            public mutating func read(_ count: Int) -> [UInt8] {
                defer { bytes.removeFirst(min(count, bytes.count)) }
                return Array(bytes.prefix(count))
            }
            public mutating func truncate(_ count: Int) { bytes.removeLast(min(count, bytes.count)) }
            public func contents(atPath path: String) -> [UInt8] { bytes }
            public subscript(_ index: Int) -> UInt8 {
                get {
                    //@ subscript getter
                    return bytes[index]
                }
                set {
                    //@ subscript setter
                    bytes[index] = newValue
                }
            }
            public var isEmpty: Bool {
                //@ getter
                return bytes.isEmpty
            }
            public var summary: String {
                //! unreached getter
                return "\(bytes.count) bytes"
            }
        }

        @propertyWrapper public struct Clamped: Sendable {
            private var value: Int
            public init(wrappedValue: Int) {
                value = wrappedValue
                //@ property wrapper's initialiser
            }
            public var wrappedValue: Int {
                get {
                    //@ property wrapper's getter
                    return value
                }
                set {
                    value = min(100, newValue)
                    //@ property wrapper's setter
                }
            }
        }

        @resultBuilder public enum RouteBuilder {
            public static func buildBlock(_ routes: Route...) -> [Route] {
                //@ result builder
                return routes
            }
        }

        public struct Route: Sendable {
            public var path: String
            public var handler: @Sendable (User) async throws -> String
            public init(_ path: String, _ handler: @escaping @Sendable (User) async throws -> String) {
                self.path = path
                self.handler = handler
            }
        }

        public func routes(@RouteBuilder _ body: () -> [Route]) -> [Route] { body() }

        public func transform<T, U>(_ value: T, _ body: (T) throws -> U) rethrows -> U {
            //@ generic function
            return try body(value)
        }

        public struct Version: Comparable, Sendable {
            public var number: Int
            public init(_ number: Int) { self.number = number }
            public static func < (a: Version, b: Version) -> Bool {
                //@ operator
                return a.number < b.number
            }
            public static func + (a: Version, b: Version) -> Version {
                //! unreached operator
                return Version(a.number + b.number)
            }
        }
        """#
}
