// The storage and the server of the program that mutations are planted in.
extension MutationTemplate {
    static let storage = #"""
        import Core
        import Foundation

        // SAFETY: all access to the users is under the lock.
        public final class MemoryStore: UserStore, @unchecked Sendable {
            private let lock = NSLock()
            private var users: [Int: User] = [:]
            @Clamped private var limit = 10
            public var changes = 0 {
                willSet {
                    //@ willSet
                }
                didSet {
                    //@ didSet
                }
            }
            public lazy var report: String = {
                //@ lazy property
                return "\(users.count) users"
            }()
            public static let shared: MemoryStore = {
                //@ static property
                return MemoryStore()
            }()
            public static let unused: MemoryStore = {
                //! unused static property
                return MemoryStore()
            }()

            public init() {
                //@ initialiser
            }
            public convenience init(preload: [User]) {
                self.init()
                for user in preload { users[user.id] = user }
                //@ convenience initialiser
            }
            deinit {
                //@ deinit
            }

            public func find(_ id: Int) throws -> User {
                //@ protocol witness
                return try lock.withLock {
                    guard let user = users[id] else { throw ServiceError.notFound(id) }
                    return user
                }
            }
            public func save(_ user: User) throws {
                lock.withLock { users[user.id] = user }
                limit += 1
                changes += 1
                //@ witness through an extension
            }
            public var count: Int {
                //@ property witness
                return users.count
            }
            public func find(_ name: String) -> User? {
                //! overload of a witness
                return users.values.first { $0.name == name }
            }
            public func compact(_ body: (User) -> Bool = { user in
                //@ default argument
                return !user.tags.isEmpty
            }) {
                users = users.filter { body($0.value) }
            }
            public func each(_ body: (User) -> Void) { for user in users.values { body(user) } }
        }

        open class Cache {
            public init() {}
            open func load(_ key: String) -> String? { nil }
            open func clear() {}
            public final func both(_ key: String) -> [String] { [load(key), load(key)].compactMap { $0 } }
        }

        public final class DiskCache: Cache {
            override public func load(_ key: String) -> String? {
                //@ override
                return key
            }
            override public func clear() {
                //! override that nobody calls
            }
        }

        public struct Client: Sendable {
            public var fetch: @Sendable (Int) -> String
            public var peek: @Sendable (Int) -> String
            public var ping: @Sendable () -> Void = {}
            public init(fetch: @escaping @Sendable (Int) -> String, peek: @escaping @Sendable (Int) -> String) {
                self.fetch = fetch
                self.peek = peek
            }
            public static let live = Client(
                fetch: { id in
                    //@ closure in a property
                    return "\(id)"
                },
                peek: { id in
                    //! neighbour of a closure in a property
                    return "\(id)"
                })
        }

        public enum Format {
            public static func json(_ user: User) -> String {
                func quote(_ text: String) -> String {
                    //@ local function
                    return "\"\(text)\""
                }
                func unused() {
                    //! unused local function
                }
                return "{\"name\":\(quote(user.name))}"
            }
            public static func upper(_ text: String) -> String {
                //@ function handed over
                return text.uppercased()
            }
            public static func lower(_ text: String) -> String {
                //! function that nobody hands over
                return text.lowercased()
            }
        }

        extension Array where Element == User {
            public var names: [String] {
                //@ getter of a constrained extension
                return map(\.name)
            }
        }
        """#

    static let app = #"""
        import Core
        import Dispatch
        import Foundation
        import NIOCore
        import NIOPosix
        import Storage

        final class Handler: ChannelInboundHandler {
            let store: any UserStore
            let loop: any EventLoop
            private var pending = 0
            init(store: any UserStore, loop: any EventLoop) {
                self.store = store
                self.loop = loop
            }
            func channelRead(data: String) {
                //@ channel handler
                loop.execute {
                    //@ closure for the event loop
                }
                loop.submit { data.count }.map { count in
                    //@ callback of a future
                    return count + 1
                }.whenComplete { _ in
                    //@ last callback of a future
                }
                loop.scheduleTask(in: 3) { [weak self] in
                    _ = self?.loop
                    //@ scheduled closure
                }
                NIOThreadPool.singleton.submit {
                    //! closure for a thread pool
                }
                helper()
            }
            func channelActive() {
                pending += 1
                Blocking.later {
                    //! closure for a wrapper of a queue
                }
            }
            func channelInactive() { pending = 0 }
            private func helper() {
                //@ helper of a handler
            }
            func notCalled() {
                //! method of a handler that nobody calls
            }
        }

        struct Service {
            let store: any UserStore
            let client: Client
            let semaphore = AsyncSemaphore(value: 3)

            func handle(_ id: Int) async throws -> String {
                //@ async function
                await semaphore.wait()
                defer {
                    //@ defer
                }
                let user = try store.find(id)
                try store.rename(id, to: "x")
                guard user.id > 0 else {
                    //@ guard
                    throw ServiceError.invalid("id")
                }
                switch user.tags.count {
                case 0:
                    //@ switch
                    break
                default: break
                }
                do {
                    _ = try store.find(2)
                } catch let error as ServiceError {
                    //@ catch
                    return error.text
                }
                let text = client.fetch(id)
                var buffer = Buffer()
                buffer.write(text)
                buffer[0] = buffer[0] + 1
                _ = buffer.read(3)
                buffer.truncate(1)
                _ = buffer.contents(atPath: text)
                if buffer.isEmpty || Version(1) < Version(2) { await semaphore.signal() }
                let names = [user].names.map(Format.upper)
                let shaped = transform(names) { names -> String in
                    //@ closure of a rethrowing function
                    return names.joined()
                }
                try await Task.sleep(nanoseconds: 10)
                return Format.json(user) + shaped + "\(store.count)"
            }

            func concurrent() async throws -> Int {
                async let first = compute(1)
                let total = await withTaskGroup(of: Int.self) { group in
                    group.addTask {
                        //@ child task
                        return 1
                    }
                    var sum = 0
                    for await value in group {
                        //@ for await
                        sum += value
                    }
                    return sum
                }
                let moved = try await Blocking.run { () -> Int in
                    //! closure for a wrapper of a thread pool
                    return 3
                }
                await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
                    //@ continuation
                    continuation.resume()
                }
                return await first + total + moved
            }

            func compute(_ n: Int) -> Int {
                //@ async let
                return n
            }

            func spawn() {
                Task {
                    //@ task
                }
                Task.detached {
                    //@ detached task
                }
                Thread {
                    //! thread
                }.start()
                DispatchQueue.global().async {
                    //! queue
                }
                let later: @Sendable () -> Void = {
                    //! closure in a variable for a queue
                }
                DispatchQueue.global().async(execute: later)
            }

            func values() async {
                let now = {
                    //@ closure in a variable
                }
                now()
                let held = keep
                held()
                let cache: Cache = DiskCache()
                _ = cache.both("a")
                let memory = MemoryStore(preload: [])
                memory.compact()
                memory.each { _ in
                    //@ non-escaping closure
                }
                _ = memory.report
                _ = MemoryStore.shared
                [1, 2].forEach { _ in
                    //@ forEach
                }
                _ = [3, 1].sorted { a, b in
                    //@ sorted
                    return a < b
                }
                if #available(macOS 10.15, *) {
                    //@ available
                }
                #if os(Linux)
                    //@ conditional compilation
                #endif
                #if NEVER_SET
                    //! inactive branch
                #endif
                _ = Memo().value
            }

            func keep() {
                //@ function in a variable
            }

            func offline(_ text: String) {
                //! function that nobody calls
                _ = Format.lower(text)
            }
        }

        struct Memo {
            var value: Int
            init() {
                value = 1
                //@ initialiser of a struct
            }
            init(_ text: String) {
                value = 2
                //! overload of an initialiser
            }
        }

        let table: [String: @Sendable (User) async throws -> String] = [
            "a": { user in
                //@ closure in a dictionary
                return user.name
            }
        ]
        let plainTable: [String: @Sendable (User) -> String] = [
            "a": { user in
                //! sync closure in a dictionary
                return user.name
            }
        ]

        func makeRoutes() -> [Route] {
            //! function that builds routes
            return routes {
                Route("/users") { user in
                    //@ route closure
                    return user.name
                }
                Route("/health") { _ in "ok" }
            }
        }

        func use() async {
            for route in routes({ Route("/x") { $0.name } }) { _ = route.path }
        }

        @main struct Program {
            static func main() async {
                //! start-up
                prepare()
                let service = Service(store: MemoryStore(), client: .live)
                service.spawn()
                _ = makeRoutes()
            }
            static func prepare() {
                //! function that only start-up calls
            }
        }
        """#
}
