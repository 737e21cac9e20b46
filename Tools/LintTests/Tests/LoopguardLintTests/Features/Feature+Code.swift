// Fixtures: closures, local functions, default arguments, unapplied functions, branches. A line that says `expect` has a finding, all others, its neighbours of the same name among them, none.
extension Feature {
    static let codeFeatures: [Feature] = [
        Feature(
            "Closures",
            #"""
            import Base
            import Dispatch
            import Glibc

            enum Closures {
                static func nonEscaping(_ body: () -> Void) { body() }
                static func escaping(_ body: @escaping () -> Void) { body() }
                static func numbered(_ body: (UInt32) -> Void) { body(1) }
                static func both(first: () -> Void, second: () -> Void) { first(); second() }
                static func split(here: () -> Void, away: @escaping @Sendable () -> Void) {
                    here()
                    DispatchQueue.global().async(execute: away)
                }
                static func auto(_ value: @autoclosure () -> Int) -> Int { value() }

                static func handler() async {
                    nonEscaping { usleep(1) }  // expect: blocking-sleep
                    nonEscaping({ usleep(2) })  // expect: blocking-sleep
                    escaping { usleep(3) }  // expect: blocking-sleep
                    nonEscaping { nonEscaping { usleep(4) } }  // expect: blocking-sleep
                    both {
                        usleep(5)  // expect: blocking-sleep
                    } second: {
                        usleep(6)  // expect: blocking-sleep
                    }
                    let micros: UInt32 = 7
                    nonEscaping { [micros] in usleep(micros) }  // expect: blocking-sleep
                    numbered { usleep($0) }  // expect: blocking-sleep
                    split {
                        usleep(8)  // expect: blocking-sleep
                    } away: {
                        usleep(9)
                    }
                    split(here: { usleep(10) }, away: { usleep(11) })  // expect: blocking-sleep
                    _ = auto(slow())
                    let now = { usleep(12) }  // expect: blocking-sleep
                    now()
                    _ = { usleep(13); return 1 }()  // expect: blocking-sleep
                    _ = Optional<Int>.none ?? slow()
                    _ = slow() > 0 && slower() > 0
                }
                static func slow() -> Int { usleep(14); return 1 }  // expect: blocking-sleep
                static func slow(_ text: String) -> Int { usleep(15); return 1 }
                static func slower() -> Int { usleep(16); return 1 }  // expect: blocking-sleep

                static func moved() async throws {
                    try await offload { nonEscaping { usleep(21) } }
                    try await offload { both { usleep(22) } second: { usleep(23) } }
                    try await offload { _ = auto(Self.onlyAway()) }
                    nonEscaping { let later: @Sendable () -> Void = { usleep(24) }; DispatchQueue.global().async(execute: later) }
                }
                static func onlyAway() -> Int { usleep(25); return 1 }
                static func plain() {
                    nonEscaping { usleep(26) }
                    _ = auto(onlyAway())
                }
            }
            """#),
        Feature(
            "Locals",
            #"""
            import Base
            import Glibc

            func localsShadowed() { usleep(1) }
            func localsHandler() async throws {
                func direct() { usleep(2) }  // expect: blocking-sleep
                direct()
                func outer() {
                    func inner() { usleep(3) }  // expect: blocking-sleep
                    inner()
                }
                outer()
                func unused() { usleep(4) }
                func passed() { usleep(5) }  // expect: blocking-sleep
                runs(passed)
                func localsShadowed() {}
                localsShadowed()
                func recursive(_ n: Int) { if n > 0 { recursive(n - 1) } else { usleep(6) } }  // expect: blocking-sleep
                recursive(3)
                func asynchronous() async { usleep(7) }  // expect: blocking-sleep
                await asynchronous()
                @Sendable func away() { usleep(8) }
                try await offload(away)
                try await offload { away() }
                func overloaded(_ text: String) { usleep(9) }
                func overloaded(_ number: Int, more: Int) { usleep(10) }  // expect: blocking-sleep
                overloaded(1, more: 2)
                func labelled(a: Int) { usleep(11) }
                func labelled(b: Int) { usleep(12) }  // expect: blocking-sleep
                labelled(b: 1)
                func held() { usleep(13) }  // expect: blocking-sleep
                let value = held
                value()
                runs { func inClosure() { usleep(14) }; inClosure() }  // expect: blocking-sleep
                struct Local { func go() { usleep(15) }; func stay() { usleep(16) } }  // expect: blocking-sleep
                Local().go()
                var computed: Int { usleep(17); return 1 }  // expect: blocking-sleep
                _ = computed
                var observed = 0 { didSet { usleep(18) } }  // expect: blocking-sleep
                observed = 1
                lazy var lazily = { usleep(19); return 1 }()  // expect: blocking-sleep
                _ = lazily
            }
            func localsPlain() {
                func direct() { usleep(20) }
                direct()
            }
            """#),
        Feature(
            "Defaults",
            #"""
            import Glibc

            func defaultsSlow() -> Int { usleep(1); return 1 }  // expect: blocking-sleep
            func defaultsGiven() -> Int { usleep(2); return 1 }
            func defaultsInit() -> Int { usleep(3); return 1 }  // expect: blocking-sleep
            func defaultsMember() -> Int { usleep(4); return 1 }  // expect: blocking-sleep
            func defaultsSecond() -> Int { usleep(5); return 1 }  // expect: blocking-sleep
            func defaultsSubscript() -> Int { usleep(12); return 1 }  // expect: blocking-sleep
            func defaultsTaken(_ value: Int = defaultsSlow()) {}
            func defaultsExplicit(value: Int = defaultsGiven()) {}
            func defaultsClosure(_ body: () -> Void = { usleep(6) }) { body() }  // expect: blocking-sleep
            func defaultsUnusedClosure(_ body: () -> Void = { usleep(7) }) { body() }
            func defaultsMany(a: Int = 1, b: Int = defaultsSecond(), c: Int = defaultsGiven()) {}
            struct DefaultsType {
                init(_ value: Int = defaultsInit()) {}
                func member(number: Int = defaultsMember()) {}
                subscript(_ a: Int, b: Int = defaultsSubscript()) -> Int { a }
            }
            func defaultsHandler() async {
                defaultsTaken()
                defaultsExplicit(value: 3)
                defaultsClosure()
                defaultsUnusedClosure {}
                defaultsMany(c: 1)
                _ = DefaultsType()
                DefaultsType(1).member()
                _ = DefaultsType(1)[1]
            }
            """#),
        Feature(
            "Unapplied",
            #"""
            import Base
            import Dispatch
            import Glibc

            @Sendable func unappliedNap() { usleep(1) }  // expect: blocking-sleep
            @Sendable func unappliedAway() { usleep(2) }
            @Sendable func unappliedMapped(_ n: Int) -> Int { usleep(3); return n }  // expect: blocking-sleep
            @Sendable func unappliedMapped(_ s: String) -> String { usleep(4); return s }
            struct UnappliedType {
                init(_ n: Int) { usleep(5) }  // expect: blocking-sleep
                init(_ s: String) { usleep(6) }
                func method() { usleep(7) }  // expect: blocking-sleep
                func other() { usleep(8) }
                static func fixed(_ n: Int) -> Int { usleep(9); return n }  // expect: blocking-sleep
                func curried() { usleep(10) }  // expect: blocking-sleep
                func away() { usleep(11) }
            }
            func unappliedHandler(value: UnappliedType) async throws {
                let f = unappliedNap
                f()
                _ = [1].map(unappliedMapped)
                _ = [1].map(UnappliedType.init)
                runs(value.method)
                _ = [1].map(UnappliedType.fixed)
                UnappliedType.curried(value)()
                _ = [UInt32(1)].map(usleep)  // expect: blocking-sleep
                let g = unappliedAway
                try await offload(g)
                try await offload(unappliedAway)
                DispatchQueue.global().async(execute: unappliedAway)
                let h: () -> Void = value.method
                h()
            }
            func unappliedPlain(value: UnappliedType) {
                runs(value.other)
                _ = ["a"].map(unappliedMapped)
                _ = ["a"].map(UnappliedType.init)
                runs(value.away)
            }
            """#),
        Feature(
            "Branches",
            #"""
            import Glibc

            func branchesSlow() -> Int { usleep(1); return 1 }  // expect: blocking-sleep
            func branchesHandler(value: Int?, flag: Bool) async throws {
                if #available(macOS 99, *) {
                    usleep(2)  // expect: blocking-sleep
                } else {
                    usleep(3)
                }
                #if os(Linux)
                    usleep(4)  // expect: blocking-sleep
                #else
                    usleep(5)
                #endif
                #if BRANCHES_NEVER
                    usleep(6)
                #endif
                guard flag else {
                    usleep(7)  // expect: blocking-sleep
                    return
                }
                let number = if flag { { usleep(8); return 1 }() } else { 2 }  // expect: blocking-sleep
                let other =
                    switch value {
                    case .some(let inner) where ({ usleep(9); return inner > 1 }()): branchesSlow()  // expect: blocking-sleep
                    case nil: 2
                    default: 3
                    }
                do {
                    usleep(10)  // expect: blocking-sleep
                    try branchesThrow(number + other)
                } catch is CancellationError {
                    usleep(11)  // expect: blocking-sleep
                } catch let error where ({ usleep(12); return "\(error)" == "" }()) {  // expect: blocking-sleep
                    usleep(13)  // expect: blocking-sleep
                }
                while ({ usleep(14); return false }()) {}  // expect: blocking-sleep
                repeat { usleep(15) } while false  // expect: blocking-sleep
                outer: for index in 0..<2 where ({ usleep(16); return index > 0 }()) {  // expect: blocking-sleep
                    usleep(17)  // expect: blocking-sleep
                    continue outer
                }
                _ = flag ? { usleep(18); return 1 }() : 2  // expect: blocking-sleep
                if case .some(let inner) = value, inner > ({ usleep(19); return 1 }()) {}  // expect: blocking-sleep
                _ = "text \({ usleep(20); return 1 }())"  // expect: blocking-sleep
                _ = "text \(branchesInterpolated()) \(Int(1))"
                let message: BranchesMessage = "a \(slow: 1) b"
                _ = message
                _ = [usleep(21), 2]  // expect: blocking-sleep
                _ = ["a": usleep(22)]  // expect: blocking-sleep
                _ = (usleep(23), 1)  // expect: blocking-sleep
                throw try branchesError()
            }
            func branchesPlain(flag: Bool) {
                if flag { usleep(30) }
                _ = "text \({ usleep(31); return 1 }())"
                switch flag { case true: usleep(32); default: break }
                do { try branchesThrow(1) } catch { usleep(33) }
            }
            func branchesThrow(_ n: Int) throws { if n > 100 { throw CancellationError() } }
            func branchesError() throws -> any Error { usleep(24); return CancellationError() }  // expect: blocking-sleep
            func branchesInterpolated() -> String { usleep(25); return "" }  // expect: blocking-sleep
            struct BranchesMessage: ExpressibleByStringInterpolation {
                init(stringLiteral value: String) {}
                init(stringInterpolation: Interpolation) {}
                struct Interpolation: StringInterpolationProtocol {
                    init(literalCapacity: Int, interpolationCount: Int) {}
                    mutating func appendLiteral(_ literal: String) {}
                    mutating func appendInterpolation(slow: Int) { usleep(26) }  // expect: blocking-sleep
                    mutating func appendInterpolation(idle: Int) { usleep(27) }
                }
            }
            """#),
    ]
}
