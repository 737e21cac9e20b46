import Testing

@testable import LoopguardLint

@Suite struct SourceFactsTests {
    private func facts(_ source: String) -> SourceFacts { SourceFacts(path: "A.swift", bytes: Array(source.utf8)) }

    private func name(of scope: SourceFacts.ScopeID, _ facts: SourceFacts) -> String {
        let scope = facts.scopes[scope]
        return scope.kind == .closure ? "{}" : scope.name
    }

    @Test func aCallBelongsToTheInnermostCode() throws {
        let facts = facts(
            """
            func outer() {
                first()
                run { second(); func local() { third() } }
            }
            var property: Int { fourth() }
            let value = fifth()
            """)
        let scopes = Dictionary(uniqueKeysWithValues: facts.calls.map { ($0.name, name(of: $0.scope, facts)) })
        #expect(scopes["first()"] == "outer()")
        #expect(scopes["second()"] == "{}")
        #expect(scopes["third()"] == "local()")
        #expect(scopes["fourth()"] == "property")
        #expect(scopes["fifth()"] == "value")
    }

    @Test func theScopeAtAnOffsetIsTheInnermost() throws {
        let source = "func a() { b { c() }; d() }\nfunc e() { f() }"
        let facts = facts(source)
        for call in facts.calls { #expect(facts.scope(at: call.nameOffset) == call.scope, "\(call.name)") }
    }

    @Test func closuresKnowTheCallThatTakesThem() throws {
        let facts = facts("offload(\"name\", deadline: 3) { work() } onCancel: { other() }\nlist.map({ $0 })")
        let closures = facts.scopes.filter { $0.kind == .closure }
        let taken = try closures.map { try #require($0.takenBy) }
        #expect(
            taken.map { facts.calls[$0.call].name } == Array(repeating: "offload(_:deadline:_:onCancel:)", count: 2) + [
                "map(_:)"
            ])
        #expect(taken.map(\.position) == [2, 3, 0])
        #expect(taken.map(\.label) == [nil, "onCancel", nil])
        #expect(taken.map(\.isTrailing) == [true, true, false])
    }

    @Test func aClosureThatAwaitsIsAsyncAndTheOneAroundItIsNot() throws {
        let facts = facts("run { spawn { await x() } }\nrun { for await y in z {} }\nrun { async let q = r() }")
        #expect(facts.scopes.filter { $0.kind == .closure }.map(\.isAsync) == [false, true, true, true])
    }

    @Test func awaitedCallsAreMarkedAndTheirClosuresAreNot() throws {
        let facts = facts("func f() async { await a(b()) { c() }; d() }")
        let awaited = Dictionary(uniqueKeysWithValues: facts.calls.map { ($0.name, $0.isAwaited) })
        #expect(awaited == ["a(_:_:)": true, "b()": true, "c()": false, "d()": false])
    }

    @Test func declaredBlockingByAttributeAndByComment() throws {
        let facts = facts(
            """
            @available(*, noasync, message: "blocks") func one() {}
            // loopguard:blocking
            func two() {}
            @available(macOS 13, *) func three() {}
            """)
        #expect(facts.scopes.filter { $0.kind == .function }.map(\.isDeclaredBlocking) == [true, true, false])
    }

    @Test func actorsMembersAreIsolatedUnlessTheySayOtherwise() throws {
        let facts = facts(
            "actor A { func x() {}; nonisolated func y() {}; static func z() {} }\nextension B { func w() {} }")
        #expect(facts.scopes.filter { $0.kind == .function }.map(\.isInActor) == [true, false, false, false])
    }

    @Test func closuresThatAreAssignedKnowTheirName() throws {
        let facts = facts("let c = Client(load: { a() })\nc.save = { b() }\nlet f = { d() }")
        #expect(facts.scopes.filter { $0.kind == .closure }.map(\.assignedTo) == ["load", "save", "f"])
    }

    @Test func linesAndColumnsAreBytes() throws {
        let source = "let ä = \"ü\"; usleep(3)\n\tsleep(1)"
        let facts = facts(source)
        let place = facts.lines.position(of: facts.calls[0].nameOffset)
        #expect(place == (1, 16))
        #expect(facts.lines.offset(line: 2, column: 2) == facts.calls[1].nameOffset)
        #expect(facts.lines.offset(line: 3, column: 1) == nil)
        #expect(facts.lines.offset(line: 1, column: 99) == nil)
    }

    @Test func brokenCodeIsReadAsFarAsItGoes() throws {
        let facts = facts("func a( { sleep(1)\nclass {")
        #expect(!facts.problems.isEmpty)
        #expect(facts.calls.map(\.name) == ["sleep(_:)"])
    }

    @Test(arguments: [
        ("sleep(1) // loopguard:allow(sleep) reason: start-up", 1...1, "start-up", nil as String?),
        ("// loopguard:allow(sleep) reason: start-up until: 2027-01-31\n\nsleep(1)", 1...3, "start-up", nil),
        ("sleep(1) // loopguard:allow(sleep)", 1...1, "", "give a reason: loopguard:allow(sleep) reason: WHY"),
        ("sleep(1) // loopguard:allow() reason: x", 1...1, "x", "name the rule: loopguard:allow(RULE) reason: WHY"),
        ("sleep(1) // loopguard:allow reason: x", 1...1, "", "write it as: loopguard:allow(RULE) reason: WHY"),
        (
            "sleep(1) // loopguard:allow(a) reason: x until: soon", 1...1, "x",
            "until: soon is not a date; write it as 2027-01-31"
        ),
    ])
    func suppressions(source: String, covers: ClosedRange<Int>, reason: String, problem: String?) throws {
        let suppression = try #require(facts(source).suppressions.first)
        #expect(suppression.covers == covers)
        #expect(suppression.reason == reason)
        #expect(suppression.problem == problem)
    }
}
