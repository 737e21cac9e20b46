import Testing

@testable import LoopguardLint

@Suite struct CatalogueTests {
    @Test(arguments: [
        (
            "static Foundation.Thread.sleep(forTimeInterval: Swift.Double) -> ()",
            "Foundation.Thread.sleep(forTimeInterval:)"
        ),
        (
            "Dispatch.DispatchQueue.sync<A>(execute: () throws -> A) throws -> A",
            "Dispatch.DispatchQueue.sync(execute:)"
        ),
        (
            "(extension in NIOPosix):NIOCore.EventLoopFuture.wait(file: Swift.StaticString, line: Swift.UInt) throws -> A",
            "NIOCore.EventLoopFuture.wait(file:line:)"
        ),
        ("Foundation.ProcessInfo.hostName.getter : Swift.String", "Foundation.ProcessInfo.hostName"),
        ("Glibc.open(Swift.UnsafePointer<Swift.Int8>, Swift.Int32) -> Swift.Int32", "c:open"),
        (
            "FoundationEssentials.Data.init(contentsOf: FoundationEssentials.URL, options: FoundationEssentials.NSData.ReadingOptions) throws -> FoundationEssentials.Data",
            "FoundationEssentials.Data.init(contentsOf:options:)"
        ),
        (
            "Foundation.Thread.__allocating_init(block: @Sendable () -> ()) -> Foundation.Thread",
            "Foundation.Thread.init(block:)"
        ),
        ("A.run(Swift.Int, [Swift.String : (Swift.Int) -> ()]) -> ()", "A.run(_:_:)"),
        ("A.stop() -> ()", "A.stop()"),
        (
            "A.Box<A.Item>.take<A where A: Swift.Sequence>(_: A, with: (A.Element) async -> ()) -> ()",
            "A.Box.take(_:with:)"
        ),
    ])
    func demangledNamesBecomePaths(text: String, path: String) {
        #expect(SymbolPath(demangled: text)?.description == path)
    }

    @Test func whatAnExtensionAddsBelongsToItsModuleToo() throws {
        let text =
            "(extension in FoundationEssentials):Swift.String.init(contentsOfFile: Swift.String) throws -> Swift.String"
        let path = try #require(SymbolPath(demangled: text))
        #expect(path.description == "Swift.String.init(contentsOfFile:)")
        #expect(try SymbolPattern("Foundation.String.init(contentsOfFile:)").matches(path))
        #expect(try !SymbolPattern("Dispatch.String.init(contentsOfFile:)").matches(path))
    }

    @Test func usrsBecomePaths() {
        #expect(SymbolPath(usr: "c:@F@usleep", demangle: Demangler.demangle)?.description == "c:usleep")
        #expect(
            SymbolPath(usr: "s:10Foundation6ThreadC5sleep15forTimeIntervalySd_tFZ", demangle: Demangler.demangle)?
                .description
                == "Foundation.Thread.sleep(forTimeInterval:)")
        #expect(SymbolPath(usr: "nonsense", demangle: Demangler.demangle) == nil)
    }

    @Test(arguments: [
        ("Foundation.Thread.sleep", "Foundation.Thread.sleep(until:)", true),
        ("Foundation.Thread.sleep(forTimeInterval:)", "Foundation.Thread.sleep(until:)", false),
        ("Foundation.Data.write(to:options:)", "FoundationEssentials.Data.write(to:options:)", true),
        ("*.offload", "Loopguard.HandlerContext.offload(_:_:)", true),
        ("*.Bcrypt.hash", "HummingbirdBcrypt.Bcrypt.hash(_:)", true),
        ("*.Bcrypt.hash", "HummingbirdBcrypt.Other.hash(_:)", false),
        ("c:sleep", "A.sleep(_:)", false),
        ("Dispatch.DispatchQueue.sync", "Dispatch.DispatchQueue.sync(execute:)", true),
        ("Dispatch.DispatchQueue.sync", "Mine.DispatchQueue.sync(execute:)", false),
    ])
    func patterns(pattern: String, path: String, isMatch: Bool) throws {
        let parsed = try #require(SymbolPath(demangled: path.replacing(":", with: ": X, ").replacing(", )", with: ")")))
        #expect(try SymbolPattern(pattern).matches(parsed) == isMatch)
    }

    @Test func theBuiltInEntriesAreReadable() throws {
        let catalogue = try Catalogue.builtIn()
        #expect(catalogue.sinks.count > 20)
        let rules = catalogue.sinks.map(\.rule)
        #expect(Set(rules).count == rules.count, "a rule has one entry")
        let sleep = try #require(catalogue.sink(SymbolPath(module: "c", base: "usleep")))
        #expect(sleep.sink.rule == "blocking-sleep")
        #expect(sleep.sink.tier == .waits)
        let offload = SymbolPath(module: "Loopguard", types: ["HandlerContext"], base: "offload", labels: ["_", "_"])
        #expect(catalogue.context(ofClosuresGivenTo: offload)?.kind == .blockingAllowed)
        let map = SymbolPath(module: "NIOCore", types: ["EventLoopFuture"], base: "map", labels: ["_"])
        #expect(catalogue.context(ofClosuresGivenTo: map)?.kind == .eventLoop)
    }

    @Test(arguments: [
        ("usleep", [(nil as String?, "0")], true), ("usleep", [(nil, "10")], false),
        ("poll", [(nil, "fds"), (nil, "1"), (nil, "0")], true),
        ("poll", [(nil, "fds"), (nil, "0"), (nil, "1")], false),
        ("recv", [(nil, "fd"), (nil, "MSG_DONTWAIT | MSG_PEEK")], true),
        ("waitpid", [(nil, "pid"), (nil, "&s"), (nil, "WNOHANG")], true),
    ])
    func argumentsExcuse(function: String, arguments: [(String?, String)], isExcused: Bool) throws {
        let found = try #require(try Catalogue.builtIn().sink(SymbolPath(module: "c", base: function)))
        let written = arguments.map { SourceFacts.CallArgument(label: $0.0, text: $0.1, isClosure: false) }
        #expect(found.sink.isExcused(entry: found.entry, arguments: written) == isExcused)
    }

    @Test(arguments: [
        ("version: 2", "version 2"),
        ("version: 1\nsinks: [{rule: a, tier: waits, functions: [sleep], replacement: b}]", "`sleep` is not"),
        ("[", "is not a catalogue"),
        ("version: 1\nsinks: [{rule: a, tier: eternal, functions: [], replacement: b}]", "not a catalogue"),
    ])
    func whatIsWrongIsSaid(yaml: String, part: String) throws {
        var catalogue = Catalogue()
        let failure = #expect(throws: CatalogueError.self) { try catalogue.add(yaml: yaml, from: "mine.yml") }
        #expect(failure?.description.contains("mine.yml") == true)
        #expect(failure?.description.contains(part) == true, "\(failure?.description ?? "")")
    }
}
