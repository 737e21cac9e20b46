// Fixtures: closures in members and literals, result builders, macros, effects. A line that says `expect` has a finding, all others, its neighbours of the same name among them, none.
extension Feature {
    static let valueFeatures: [Feature] = [
        Feature(
            "Fields",
            #"""
            import Glibc

            @Sendable func fieldsNap() { usleep(1) }  // expect: blocking-sleep
            @Sendable func fieldsDoze() { usleep(2) }
            @Sendable func fieldsFine() {}
            struct FieldsClient: Sendable {
                var load: @Sendable () -> Void
                var peek: @Sendable () -> Void
                var named: @Sendable () -> Void = fieldsFine
                var other: @Sendable () -> Void = fieldsFine
                var byDefault: @Sendable () -> Void = { usleep(3) }  // expect: blocking-sleep
                var byDefaultUnused: @Sendable () -> Void = { usleep(4) }
                var maybe: (@Sendable () -> Void)?
                static let live = FieldsClient(
                    load: { usleep(5) },  // expect: blocking-sleep
                    peek: { usleep(6) },
                    named: fieldsNap,
                    other: fieldsDoze)
            }
            struct FieldsExplicit {
                let first: () -> Void
                let second: () -> Void
                init(one: @escaping () -> Void, two: @escaping () -> Void) {
                    first = one
                    self.second = two
                }
            }
            struct FieldsOuter { var inner: FieldsExplicit }
            final class FieldsHolder {
                var callback: () -> Void = {}
                var idle: () -> Void = {}
                var handlers: [() -> Void] = []
                var table: [String: () -> Void] = [:]
                var quiet: [() -> Void] = []
                func prepare() {
                    callback = { usleep(7) }  // expect: blocking-sleep
                    self.idle = { usleep(8) }
                    handlers.append { usleep(9) }  // expect: blocking-sleep
                    table["a"] = { usleep(10) }  // expect: blocking-sleep
                    quiet.append { usleep(11) }
                }
            }
            func fieldsMake() -> FieldsOuter {
                FieldsOuter(
                    inner: FieldsExplicit(
                        one: { usleep(12) },  // expect: blocking-sleep
                        two: { usleep(13) }))
            }
            func fieldsPrepare(_ client: inout FieldsClient) {
                client.maybe = { usleep(14) }  // expect: blocking-sleep
            }
            func fieldsHandler(client: FieldsClient, holder: FieldsHolder, outer: FieldsOuter) async {
                client.load()
                client.named()
                client.byDefault()
                client.maybe?()
                outer.inner.first()
                holder.callback()
                for handler in holder.handlers { handler() }
                holder.table["a"]?()
                (client.load)()
            }
            """#),
        Feature(
            "Contextual",
            #"""
            import Base
            import Glibc

            typealias ContextualHandler = @Sendable (Int) async -> Void
            let contextualTable: [String: @Sendable (Int) async -> Void] = [
                "a": { _ in usleep(1) },  // expect: blocking-sleep
                "b": { _ in }
            ]
            let contextualSync: [String: @Sendable (Int) -> Void] = ["a": { _ in usleep(2) }]
            let contextualAliased: [ContextualHandler] = [{ _ in usleep(3) }]  // expect: blocking-sleep
            let contextualOne: @Sendable () async -> Void = { usleep(4) }  // expect: blocking-sleep
            let contextualOneSync: @Sendable () -> Void = { usleep(5) }
            let contextualTuple: (@Sendable () async -> Void, @Sendable () -> Void) = ({ usleep(6) }, { usleep(7) })  // expect: blocking-sleep
            struct ContextualType {
                var routes: [String: @Sendable () async -> Void] = ["a": { usleep(8) }]  // expect: blocking-sleep
                var plain: [String: @Sendable () -> Void] = ["a": { usleep(9) }]
                var made: [@Sendable () async -> Void] { [{ usleep(10) }] }  // expect: blocking-sleep
                func returned() -> @Sendable () async -> Void { { usleep(11) } }  // expect: blocking-sleep
                func returnedSync() -> @Sendable () -> Void { return { usleep(12) } }
                func returnedAgain() -> @Sendable () async -> Void { return { usleep(13) } }  // expect: blocking-sleep
            }
            func contextualRegister(_ routes: [String: @Sendable () async -> Void]) {}
            func contextualRegisterSync(_ routes: [String: @Sendable () -> Void]) {}
            func contextualStart() {
                contextualRegister(["a": { usleep(14) }])  // expect: blocking-sleep
                contextualRegisterSync(["a": { usleep(15) }])
                let local: [@Sendable () async -> Void] = [{ usleep(16) }]  // expect: blocking-sleep
                contextualDefault()
                _ = local
                _ = [{ usleep(17) }] as [@Sendable () async -> Void]  // expect: blocking-sleep
            }
            func contextualDefault(_ body: @Sendable () async -> Void = { usleep(18) }) {}  // expect: blocking-sleep
            """#),
        Feature(
            "Builders",
            #"""
            import Glibc

            @resultBuilder enum SlowBuilder {
                static func buildBlock(_ parts: Int...) -> Int { usleep(1); return 1 }  // expect: blocking-sleep
                static func buildExpression(_ part: Int) -> Int { part }
                static func buildExpression(_ part: String) -> Int { usleep(2); return 1 }  // expect: blocking-sleep
                static func buildOptional(_ part: Int?) -> Int { usleep(3); return 1 }  // expect: blocking-sleep
                static func buildEither(first: Int) -> Int { first }
                static func buildEither(second: Int) -> Int { second }
                static func buildArray(_ parts: [Int]) -> Int { usleep(4); return 1 }
            }
            @resultBuilder enum QuietBuilder {
                static func buildBlock(_ parts: Int...) -> Int { usleep(5); return 1 }
            }
            func buildersBuild(@SlowBuilder _ body: () -> Int) -> Int { body() }
            func buildersQuiet(@QuietBuilder _ body: () -> Int) -> Int { body() }
            func buildersSlow() -> Int { usleep(6); return 1 }  // expect: blocking-sleep
            func buildersIdle() -> Int { usleep(7); return 1 }
            func buildersHandler(flag: Bool) async {
                _ = buildersBuild {
                    1
                    "text"
                    if flag { buildersSlow() }
                }
            }
            func buildersPlain() { _ = buildersQuiet { buildersIdle() } }
            """#),
        Feature(
            "Macros",
            #"""
            import Glibc
            import Observation

            // What a macro makes of a property stands at the macro in the index.
            @Observable final class MacroModel {  // expect: blocking-sleep
                var value = 0 { didSet { usleep(1) } }
                var quiet = 0
                var plain = macroInitial()
                func go() { usleep(3) }  // expect: blocking-sleep
                func stay() { usleep(4) }
            }
            @Observable final class MacroQuiet {
                var quiet = 0 { didSet { usleep(2) } }
            }
            func macroInitial() -> Int { usleep(5); return 1 }  // expect: blocking-sleep
            func macrosHandler() async {
                let model = MacroModel()
                model.value = 1
                _ = MacroQuiet().quiet + model.quiet
                model.go()
            }
            """#),
        Feature(
            "Effects",
            #"""
            import Base
            import Glibc

            struct EffectsError: Error {}
            func effectsRethrow(_ body: () throws -> Void) rethrows { try body() }
            func effectsTyped(_ flag: Bool) throws(EffectsError) { usleep(1) }  // expect: blocking-sleep
            func effectsTyped(_ text: String) throws(EffectsError) { usleep(2) }
            func effectsOpaque() -> some Sequence<Int> { usleep(3); return [1] }  // expect: blocking-sleep
            func effectsExistential(_ value: any Sendable) { usleep(4) }  // expect: blocking-sleep
            func effectsInout(_ value: inout Int) { usleep(5) }  // expect: blocking-sleep
            func effectsInout(_ value: inout String) { usleep(6) }
            func effectsOverload() -> Int { usleep(7); return 1 }
            func effectsOverload() async -> Int { await Task.yield(); return 1 }
            func effectsNever() -> Never { usleep(8); fatalError() }  // expect: blocking-sleep
            @Sendable func effectsSendable() { usleep(9) }  // expect: blocking-sleep
            @discardableResult func effectsResult() -> Result<Int, EffectsError> { usleep(10); return .success(1) }  // expect: blocking-sleep
            extension Optional { func effectsOptional() { usleep(11) } }  // expect: blocking-sleep
            struct EffectsSequence: AsyncSequence, AsyncIteratorProtocol {
                mutating func next() async -> Int? { usleep(12); return nil }  // expect: blocking-sleep
                func makeAsyncIterator() -> EffectsSequence { self }
            }
            func effectsHandler(text: String?) async throws {
                effectsRethrow { usleep(14) }  // expect: blocking-sleep
                try? effectsRethrow { usleep(15); throw EffectsError() }  // expect: blocking-sleep
                try effectsTyped(true)
                for number in effectsOpaque() { _ = number }
                effectsExistential(1)
                var number = 1
                effectsInout(&number)
                _ = await effectsOverload()
                effectsSendable()
                effectsResult()
                text.effectsOptional()
                for await _ in EffectsSequence() {}
                _ = text.map { _ in usleep(16) }  // expect: blocking-sleep
                _ = [3, 1].sorted { usleep(17); return $0 < $1 }  // expect: blocking-sleep
                _ = [1].lazy.map { _ in usleep(18) }.first  // expect: blocking-sleep
                withUnsafeBytes(of: number) { _ in usleep(19) }  // expect: blocking-sleep
                do { try effectsTyped(false) } catch { effectsNever() }
            }
            func effectsPlain() throws { try effectsRethrow { usleep(20) }; _ = effectsOverload() }
            """#),
    ]
}
