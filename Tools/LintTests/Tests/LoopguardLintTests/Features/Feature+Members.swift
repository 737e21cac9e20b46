// Fixtures: accessors, operators, initialisers, lifetimes, wrappers, key paths. A line that says `expect` has a finding, all others, its neighbours of the same name among them, none.
extension Feature {
    static let memberFeatures: [Feature] = [
        Feature(
            "Accessors",
            #"""
            import Glibc

            struct Accessors {
                var both: Int {
                    get { usleep(1); return 1 }  // expect: blocking-sleep
                    set { usleep(2) }  // expect: blocking-sleep
                }
                var readOnly: Int {
                    get { usleep(3); return 1 }  // expect: blocking-sleep
                    set { usleep(4) }
                }
                var writtenOnly: Int {
                    get { usleep(5); return 1 }
                    set { usleep(6) }  // expect: blocking-sleep
                }
                var untouched: Int { usleep(7); return 1 }
                static var shared: Int { usleep(8); return 1 }  // expect: blocking-sleep
                subscript(_ index: Int) -> Int {
                    get { usleep(9); return index }  // expect: blocking-sleep
                    set { usleep(10) }  // expect: blocking-sleep
                }
                subscript(_ name: String) -> Int { usleep(11); return 1 }
                subscript(named name: String) -> Int { usleep(12); return 1 }  // expect: blocking-sleep
                var observed = 0 {
                    willSet { usleep(13) }  // expect: blocking-sleep
                    didSet { usleep(14) }  // expect: blocking-sleep
                }
                var readObserved = 0 { didSet { usleep(15) } }
                var throwing: Int { get throws { usleep(16); return 1 } }  // expect: blocking-sleep
                var nested: Accessors { Accessors() }
                var inOut: Int {
                    get { usleep(17); return 1 }  // expect: blocking-sleep
                    set { usleep(18) }  // expect: blocking-sleep
                }
                var later: Int {
                    get async { usleep(19); return 1 }  // expect: blocking-sleep
                }
                var modified: Int {
                    _read { usleep(23); yield store }  // expect: blocking-sleep
                    _modify { usleep(24); yield &store }  // expect: blocking-sleep
                }
                var store = 0
            }
            func accessorsGrow(_ value: inout Int) { value += 1 }
            var accessorsGlobal: Int { usleep(20); return 1 }  // expect: blocking-sleep
            var accessorsOther: Int { usleep(21); return 1 }

            func accessorsHandler() async throws {
                var value = Accessors()
                value.both += 1
                _ = value.nested.readOnly
                value.writtenOnly = 3
                _ = Accessors.shared
                value[1] = value[2]
                _ = value[named: "a"]
                value.observed = 1
                _ = value.readObserved
                _ = try value.throwing
                accessorsGrow(&value.inOut)
                _ = await value.later
                value.modified += 1
                _ = accessorsGlobal
            }
            func accessorsPlain() {
                var value = Accessors()
                value.readOnly = 1
                value.readObserved = 2
                _ = value.untouched + value["a"] + value.writtenOnly + accessorsOther
            }
            """#),
        Feature(
            "Operators",
            #"""
            import Glibc

            infix operator <+>: AdditionPrecedence
            prefix operator +++
            struct Slowly: Equatable, Comparable {
                var value = 0
                static func <+> (a: Slowly, b: Slowly) -> Slowly { usleep(1); return a }  // expect: blocking-sleep
                static func <+> (a: Slowly, b: Int) -> Slowly { usleep(2); return a }
                static func + (a: Slowly, b: Slowly) -> Slowly { usleep(3); return a }  // expect: blocking-sleep
                static func - (a: Slowly, b: Slowly) -> Slowly { usleep(4); return a }
                static prefix func +++ (a: Slowly) -> Slowly { usleep(5); return a }  // expect: blocking-sleep
                static func += (a: inout Slowly, b: Slowly) { usleep(6) }  // expect: blocking-sleep
                static func == (a: Slowly, b: Slowly) -> Bool { usleep(7); return true }  // expect: blocking-sleep
                static func < (a: Slowly, b: Slowly) -> Bool { usleep(8); return true }
                static func ~= (a: Slowly, b: Int) -> Bool { usleep(9); return true }  // expect: blocking-sleep
                func callAsFunction() { usleep(10) }  // expect: blocking-sleep
                func callAsFunction(_ text: String) { usleep(11) }
            }
            struct Quickly: Equatable {
                static func + (a: Quickly, b: Quickly) -> Quickly { a }
                static func == (a: Quickly, b: Quickly) -> Bool { true }
            }
            func operatorsHandler(a: Slowly, q: Quickly) async {
                _ = a <+> a
                _ = a + a
                _ = +++a
                var b = a
                b += a
                _ = a == b
                switch 1 { case a: break; default: break }
                a()
                _ = q + q
                _ = q == q
            }
            func operatorsPlain(a: Slowly) {
                _ = a <+> 1
                _ = a - a
                _ = a < a
                a("text")
            }
            """#),
        Feature(
            "Initialisers",
            #"""
            import Glibc

            func initialSlow(_ number: UInt32) -> Int { usleep(number); return 1 }  // expect: blocking-sleep
            func initialA() -> Int { usleep(1); return 1 }  // expect: blocking-sleep
            func initialB() -> Int { usleep(2); return 1 }
            func initialC() -> Int { usleep(3); return 1 }  // expect: blocking-sleep
            func initialD() -> Int { usleep(4); return 1 }
            func initialE() -> Int { usleep(5); return 1 }  // expect: blocking-sleep
            func initialF() -> Int { usleep(6); return 1 }
            func initialG() -> Int { usleep(7); return 1 }  // expect: blocking-sleep
            func initialH() -> Int { usleep(8); return 1 }
            struct InitialMemberwise { var value = initialA() }
            struct InitialUnused { var value = initialB() }
            final class InitialLazy {
                lazy var used = initialC()
                lazy var unused = initialD()
                init() {}
            }
            struct InitialStatic {
                static let used = initialE()
                static let unused = initialF()
            }
            let initialGlobal = initialG()
            let initialOtherGlobal = initialH()
            let initialGlobalClosure: Int = { usleep(9); return 1 }()  // expect: blocking-sleep
            let initialOtherGlobalClosure: Int = { usleep(10); return 1 }()
            struct InitialFailable {
                init?(_ text: String) { usleep(11); return nil }  // expect: blocking-sleep
                init?(_ number: Int) { usleep(12); return nil }
            }
            class InitialBase {
                init() { usleep(13) }  // expect: blocking-sleep
                convenience init(text: String) { self.init(); usleep(14) }  // expect: blocking-sleep
                convenience init(number: Int) { self.init(); usleep(15) }
                required init(required: Bool) { usleep(16) }
            }
            final class InitialDerived: InitialBase {
                var value = initialSlow(17)
                init(derived: Bool) { super.init() }
                required init(required: Bool) { super.init(required: required) }
            }
            enum InitialEnum {
                case one
                init(_ text: String) { usleep(18); self = .one }  // expect: blocking-sleep
            }
            extension InitialMemberwise { init(extended: Int) { usleep(19); self.init() } }  // expect: blocking-sleep
            final class InitialImplicit {
                var value = { usleep(20); return 1 }()  // expect: blocking-sleep
            }
            func initialisersHandler() async {
                _ = InitialMemberwise()
                let lazy = InitialLazy()
                _ = lazy.used
                _ = InitialStatic.used
                _ = initialGlobal
                _ = initialGlobalClosure
                _ = InitialFailable("a")
                _ = InitialBase(text: "a")
                _ = InitialDerived(derived: true)
                _ = InitialEnum("a")
                _ = InitialMemberwise(extended: 1)
                _ = InitialImplicit()
            }
            func initialisersPlain() {
                _ = InitialUnused()
                _ = InitialLazy().unused
                _ = InitialStatic.unused
                _ = initialOtherGlobal + initialOtherGlobalClosure
                _ = InitialFailable(1)
                _ = InitialBase(number: 1)
                _ = InitialBase(required: true)
            }
            """#),
        Feature(
            "Lifetimes",
            #"""
            import Base
            import Glibc

            final class LifetimeSlow { deinit { usleep(1) } }  // expect: blocking-sleep
            final class LifetimeIdle { deinit { usleep(2) } }
            struct LifetimeOwned: ~Copyable { deinit { usleep(3) } }  // expect: blocking-sleep
            func lifetimesHandler() async throws {
                let value = LifetimeSlow()
                _ = value
                let owned = LifetimeOwned()
                _ = owned
                defer { usleep(4) }  // expect: blocking-sleep
                do { defer { usleep(5) } }  // expect: blocking-sleep
                try await offload { defer { usleep(6) } }
            }
            func lifetimesPlain() {
                defer { usleep(7) }
                _ = LifetimeIdle()
            }
            """#),
        Feature(
            "Wrappers",
            #"""
            import Glibc

            @propertyWrapper struct WrapperSlow {
                var stored: Int
                init(wrappedValue: Int) { usleep(1); stored = wrappedValue }  // expect: blocking-sleep
                var wrappedValue: Int {
                    get { usleep(2); return stored }  // expect: blocking-sleep
                    set { usleep(3); stored = newValue }  // expect: blocking-sleep
                }
                var projectedValue: Int { usleep(4); return stored }  // expect: blocking-sleep
            }
            @propertyWrapper struct WrapperIdle {
                var wrappedValue: Int { get { usleep(5); return 1 } set { usleep(6) } }
                var projectedValue: Int { usleep(7); return 1 }
                init(wrappedValue: Int) {}
            }
            struct WrapperHolder {
                @WrapperSlow var slow = 1
                @WrapperIdle var idle = 1
                init() {}
            }
            func wrappersHandler() async {
                var holder = WrapperHolder()
                holder.slow = 2
                _ = holder.slow
                _ = holder.$slow
                @WrapperSlow var local = 3
                _ = local
            }
            func wrappersPlain() { var holder = WrapperHolder(); holder.idle = 1; _ = holder.idle + holder.$idle }
            """#),
        Feature(
            "KeyPaths",
            #"""
            import Glibc

            struct KeyPathItem {
                var slow: Int { usleep(1); return 1 }  // expect: blocking-sleep
                var idle: Int { usleep(2); return 1 }
                var fast = 1
                var nested: KeyPathInner { KeyPathInner() }
            }
            struct KeyPathInner {
                var deep: Int { usleep(3); return 1 }  // expect: blocking-sleep
                subscript(_ a: Int) -> Int { usleep(4); return a }  // expect: blocking-sleep
            }
            @dynamicMemberLookup struct KeyPathLookup {
                subscript(dynamicMember name: String) -> Int { usleep(5); return 1 }  // expect: blocking-sleep
            }
            @dynamicMemberLookup struct KeyPathLookupIdle {
                subscript(dynamicMember name: String) -> Int { usleep(6); return 1 }
            }
            func keyPathsHandler(items: [KeyPathItem], one: KeyPathLookup) async {
                _ = items.map(\.slow)
                _ = items.map(\.fast)
                _ = items[0][keyPath: \.nested.deep]
                _ = items.map(\.nested[1])
                _ = one.anything
            }
            func keyPathsPlain(items: [KeyPathItem], one: KeyPathLookupIdle) { _ = items.map(\.idle); _ = one.anything }
            """#),
    ]
}
