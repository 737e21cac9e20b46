// Fixtures: protocols, classes, generics, C, modules. A line that says `expect` has a finding, all others, its neighbours of the same name among them, none.
extension Feature {
    static let dispatchFeatures: [Feature] = [
        Feature(
            "Witnesses",
            #"""
            import Base
            import Glibc

            struct WitnessSlow: Store { func load() -> Int { usleep(1); return 1 } }  // expect: blocking-sleep
            struct WitnessFast: Store { func load() -> Int { 1 } }
            struct WitnessPeek: Store {
                func load() -> Int { 1 }
                func peek() -> Int { usleep(2); return 1 }  // expect: blocking-sleep
            }
            struct WitnessApart { func load() -> Int { usleep(3); return 1 } }

            protocol WitnessDefaulted { func work(); func rest() }
            extension WitnessDefaulted {
                func work() { usleep(4) }  // expect: blocking-sleep
                func rest() { usleep(5) }
                func helper() { usleep(6) }  // expect: blocking-sleep
                func unusedHelper() { usleep(7) }
            }
            struct WitnessUsesDefault: WitnessDefaulted {}
            struct WitnessOverridesDefault: WitnessDefaulted { func rest() {} }

            protocol WitnessParent { func parent() }
            protocol WitnessChild: WitnessParent { associatedtype Item; func child(_ item: Item) }
            struct WitnessBoth: WitnessChild {
                typealias Item = Int
                func parent() { usleep(8) }  // expect: blocking-sleep
                func child(_ item: Int) { usleep(9) }  // expect: blocking-sleep
                func child(_ item: String) { usleep(10) }
            }
            protocol WitnessProperty { var value: Int { get }; static func make() -> Self; init(text: String); subscript(_ a: Int) -> Int { get } }
            struct WitnessOfProperty: WitnessProperty {
                var value: Int { usleep(11); return 1 }  // expect: blocking-sleep
                static func make() -> WitnessOfProperty { usleep(12); return .init(text: "") }  // expect: blocking-sleep
                init(text: String) { usleep(13) }  // expect: blocking-sleep
                init(number: Int) { usleep(14) }
                subscript(_ a: Int) -> Int { usleep(15); return a }  // expect: blocking-sleep
            }
            protocol WitnessRetro { func retro() }
            struct WitnessRetroType {}
            extension WitnessRetroType: WitnessRetro { func retro() { usleep(16) } }  // expect: blocking-sleep

            // A protocol of the system is never expanded: a loop over some sequence does not mean this one.
            struct WitnessIterator: Sequence, IteratorProtocol {
                mutating func next() -> Int? { usleep(17); return nil }
            }
            struct WitnessDirectIterator: IteratorProtocol {
                mutating func next() -> Int? { usleep(18); return nil }  // expect: blocking-sleep
            }
            struct WitnessText: CustomStringConvertible { var description: String { usleep(19); return "" } }

            struct WitnessConditional<T> { var value: T }
            extension WitnessConditional: Store where T == Int { func load() -> Int { usleep(20); return value } }  // expect: blocking-sleep

            func witnessGeneric<S: Store>(_ store: S) -> Int { store.load() }
            func witnessOpaque() -> some WitnessRetro { WitnessRetroType() }
            func witnessHandler(store: any Store, other: WitnessFast, names: [String], any: any CustomStringConvertible) async {
                _ = store.load()
                _ = store.peek()
                _ = other.load()
                WitnessUsesDefault().work()
                WitnessOverridesDefault().rest()
                WitnessUsesDefault().helper()
                witnessOpaque().retro()
                for name in names { _ = name }
                _ = any.description
                var iterator = WitnessDirectIterator()
                _ = iterator.next()
            }
            func witnessGenericHandler<C: WitnessChild>(_ child: C, item: C.Item) async {
                child.parent()
                child.child(item)
            }
            func witnessPropertyHandler<P: WitnessProperty>(_ type: P.Type) async {
                _ = type.make().value
                _ = P(text: "")[1]
            }
            func witnessClock(_ clock: some Clocked) async { clock.tick() }
            """#),
        Feature(
            "Overrides",
            #"""
            import Base
            import Glibc

            class OverrideBase {
                func go() {}
                func stay() {}
                class func make() {}
                var value: Int { 1 }
                final func fixed() { go() }
                func upwards() { usleep(1) }  // expect: blocking-sleep
                func unreached() { usleep(2) }
            }
            class OverrideSlow: OverrideBase {
                override func go() { usleep(3) }  // expect: blocking-sleep
                override func stay() { usleep(4) }
                override class func make() { usleep(5) }  // expect: blocking-sleep
                override var value: Int { usleep(6); return 2 }  // expect: blocking-sleep
                override func upwards() { super.upwards() }
            }
            final class OverrideDeeper: OverrideSlow { override func go() { usleep(7) } }  // expect: blocking-sleep
            final class OverrideSibling: OverrideBase {
                override func stay() {}
                override func unreached() {}
            }
            final class OverrideDevice: Device { override func read() { usleep(8) } }  // expect: blocking-sleep
            final class OverrideApart { func go() { usleep(9) } }
            func overridesHandler(base: OverrideBase, sibling: OverrideSibling, device: Device, type: OverrideBase.Type) async {
                base.fixed()
                sibling.stay()
                sibling.unreached()
                _ = base.value
                type.make()
                OverrideSlow().upwards()
                device.readTwice()
            }
            """#),
        Feature(
            "Generics",
            #"""
            import Glibc

            struct GenericBox<T> {
                var value: T
                func open() { usleep(1) }  // expect: blocking-sleep
                func closed() { usleep(2) }
                static func make() -> Int { usleep(3); return 1 }  // expect: blocking-sleep
            }
            extension GenericBox where T == Int { func number() { usleep(4) } }  // expect: blocking-sleep
            extension GenericBox where T == String { func number() { usleep(5) } }
            func genericTake<T>(_ value: T) { usleep(6) }  // expect: blocking-sleep
            func genericTake(_ value: String) { usleep(7) }
            func genericRun<T, E: Error>(_ body: () throws(E) -> T) throws(E) -> T { try body() }
            func genericPack<each T>(_ value: repeat each T) { usleep(8) }  // expect: blocking-sleep
            func genericPackUnused<each T>(_ value: repeat each T) { usleep(9) }
            extension Array { func genericNap() { usleep(10) } }  // expect: blocking-sleep
            extension Array where Element == String { func genericRest() { usleep(11) } }
            extension Set { func genericNap() { usleep(12) } }
            func genericSome(_ value: some Hashable) { usleep(13) }  // expect: blocking-sleep
            final class GenericClass<T> { func go() { usleep(14) } }  // expect: blocking-sleep
            struct GenericOwned: ~Copyable {
                consuming func finish() { usleep(15) }  // expect: blocking-sleep
                borrowing func look() { usleep(16) }
            }
            func genericsHandler() async {
                GenericBox(value: 1).open()
                _ = GenericBox<Int>.make()
                GenericBox(value: 1).number()
                genericTake(1)
                genericRun { usleep(17) }  // expect: blocking-sleep
                genericPack(1, "a")
                [1].genericNap()
                genericSome(1)
                GenericClass<Int>().go()
                GenericOwned().finish()
            }
            func genericsPlain() { genericTake("a"); ["a"].genericRest(); genericRun { usleep(18) } }
            """#),
        Feature(
            "CSymbols",
            #"""
            import CLib
            import Glibc

            func cSymbolsHandler() async {
                clib_inline_nap()  // expect: blocking-sleep
                clib_body_nap()  // expect: blocking-sleep
                clib_body_quick()
                clib_take { usleep(1) }  // expect: blocking-sleep
                Glibc.usleep(2)  // expect: blocking-sleep
                usleep("text")
            }
            func usleep(_ text: String) {}
            func cSymbolsPlain() { clib_inline_idle(); clib_never_called() }
            """#),
        Feature(
            "Modules",
            #"""
            import Base
            import Glibc

            func modulesHandler() async {
                baseNap()
                baseNap("text")
                runsAll([{ usleep(1) }, {}])  // expect: blocking-sleep
                _ = ModulesStore().twice()
            }
            struct ModulesStore: Store { func load() -> Int { usleep(2); return 1 } }  // expect: blocking-sleep
            func modulesPlain() { runsAll([{ usleep(3) }]) }
            """#),
    ]
}
