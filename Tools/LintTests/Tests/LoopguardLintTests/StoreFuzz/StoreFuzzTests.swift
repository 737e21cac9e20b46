import Foundation
import Testing

@testable import LoopguardLint

/// Damaged index stores, read by the real tool: it neither hangs nor dies, says what is damaged, and judges the rest.
///
/// `LOOPGUARD_STORE_FUZZ_SECONDS` (default 20) bounds the random part, `LOOPGUARD_SEED` fixes it; the seed is printed.
@Suite(.serialized) struct StoreFuzzTests {
    private static let program = Fixture(
        modules: [
            (
                name: "Lib",
                files: [
                    "Lib.swift": """
                    import CLib
                    import Glibc
                    public protocol Store { func load() }
                    public func nap() { usleep(1) }
                    public struct Slow: Store { public init() {}; public func load() { clib_body_nap() } }
                    """
                ]
            ),
            (
                name: "App",
                files: [
                    "App.swift": """
                    import Lib
                    struct Client { var run: @Sendable () -> Void }
                    func handler(store: any Store) async { store.load(); Client(run: { nap() }).run() }
                    """,
                    "Intact.swift": "import Glibc\nfunc intact() async { usleep(77) }\n",
                ]
            ),
        ], c: (name: "CLib", files: FeatureCorpus.cModule))

    /// Runs `body` with the built program; `store` is a copy that may be damaged.
    private static func withStore(_ body: (_ folder: URL, _ built: Fixture.Built, _ tool: LintTool) throws -> Void)
        throws
    {
        try Fixture.withFolder { folder in
            let built = try program.build(in: folder)
            try FileManager.default.moveItem(
                at: folder.appending(path: "store"), to: folder.appending(path: "original"))
            try body(folder, built, try LintTool())
        }
    }

    private static func files(_ folder: URL) throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: folder.appending(path: "original").path).filter {
            var isFolder: ObjCBool = false
            return FileManager.default.fileExists(
                atPath: folder.appending(path: "original/\($0)").path, isDirectory: &isFolder)
                && !isFolder.boolValue
        }.sorted()
    }

    private static func fresh(_ folder: URL) throws {
        let copy = folder.appending(path: "store")
        try? FileManager.default.removeItem(at: copy)
        try FileManager.default.copyItem(at: folder.appending(path: "original"), to: copy)
    }

    private static func lint(
        _ tool: LintTool, _ folder: URL, _ built: Fixture.Built, environment: [String: String] = [:]
    ) throws -> LintTool.Output {
        try tool.run(
            [
                folder.path, "--index-store", folder.appending(path: "store").path, "--index-library",
                built.toolchain.indexLibrary, "--format", "json",
            ], in: folder, environment: environment)
    }

    /// What holds for every store, however damaged.
    private static func check(_ output: LintTool.Output, _ what: Comment) {
        #expect(output.code == 1, "\(what): ended with \(output.code.map(String.init) ?? "a signal"): \(output.errors)")
        #expect(
            output.errors.split(separator: "\n").allSatisfy { $0.hasPrefix("loopguard-lint: ") },
            "\(what): \(output.errors)")
        let text = String(decoding: output.text, as: UTF8.self)
        #expect(text.contains("Intact.swift"), "\(what): what is not damaged is judged")
        #expect((try? JSONSerialization.jsonObject(with: output.text)) != nil, "\(what): the report is whole")
    }

    @Test func damagedStoresAreSurvived() throws {
        let environment = ProcessInfo.processInfo.environment
        let seconds = environment["LOOPGUARD_STORE_FUZZ_SECONDS"].flatMap(Double.init) ?? 20
        let seed = environment["LOOPGUARD_SEED"].flatMap(UInt64.init) ?? UInt64.random(in: 0..<1 << 53)
        print("store fuzz: LOOPGUARD_SEED=\(seed)")
        var random = SplitMix(state: seed)
        try Self.withStore { folder, built, tool in
            let all = try Self.files(folder)
            let victims = all.filter { !$0.contains("Intact") }
            let clock = ContinuousClock()
            let end = clock.now + .seconds(min(seconds, 86_400))
            var (runs, survived) = (0, 0)
            while clock.now < end {
                try Self.fresh(folder)
                var done: [String] = []
                for _ in 0..<(1 + random.below(3)) {
                    let victim = victims[random.below(victims.count)]
                    done.append(try StoreDamage.damage(victim, of: all, in: folder, &random))
                }
                let output = try Self.lint(tool, folder, built)
                Self.check(output, "seed \(seed), run \(runs): \(done.joined(separator: ", "))")
                runs += 1
                survived += output.errors.contains("is damaged") ? 1 : 0
            }
            print("store fuzz: \(runs) stores, \(survived) of them would have killed the reader")
            #expect(runs > 0)
        }
    }

    /// The canary: damage that kills a reader is found, and only the guard saves the tool from it.
    @Test func whatKillsTheLibraryIsNamedAndLeftOut() throws {
        try Self.withStore { folder, built, tool in
            let all = try Self.files(folder)
            let records = all.filter {
                $0.contains("/records/") && ($0.contains("App.swift") || $0.contains("Lib.swift"))
            }
            #expect(records.count == 2)
            var random = SplitMix(state: 1)
            for _ in 0..<400 {
                try Self.fresh(folder)
                let record = records[random.below(records.count)]
                _ = try StoreDamage.flip(record, in: folder, &random)
                let unguarded = try Self.lint(
                    tool, folder, built,
                    environment: ["LOOPGUARD_LINT_IN_PROCESS": "1", "SWIFT_BACKTRACE": "enable=no"])
                guard unguarded.code == nil else { continue }
                let guarded = try Self.lint(tool, folder, built)
                Self.check(guarded, "a record that kills the library")
                let name = URL(filePath: record).lastPathComponent
                #expect(guarded.errors.contains("\(name) in the index is damaged (the index library died of it"))
                #expect(String(decoding: guarded.text, as: UTF8.self).contains(name), "the report says it as well")
                return
            }
            Issue.record("no damage killed the library: does the unguarded run read the store at all?")
        }
    }

    @Test func aReaderThatNeverComesBackIsGivenUp() throws {
        try Self.withStore { folder, built, tool in
            try Self.fresh(folder)
            let record = try #require(
                try Self.files(folder).first { $0.contains("/records/") && $0.contains("App.swift") })
            let path = folder.appending(path: "store/\(record)").path
            try FileManager.default.removeItem(atPath: path)
            // Whoever opens a pipe that nobody writes to waits for ever.
            #expect(mkfifo(path, 0o600) == 0)
            let output = try Self.lint(tool, folder, built, environment: ["LOOPGUARD_LINT_READ_SECONDS": "1"])
            Self.check(output, "a record that cannot be read to its end")
            #expect(output.errors.contains("it took longer than 1.0 s to read"))
        }
    }

    @Test func emptyForeignAndMissingFilesAreSaid() throws {
        try Self.withStore { folder, built, tool in
            let record = try #require(
                try Self.files(folder).first { $0.contains("/records/") && $0.contains("App.swift") })
            let path = folder.appending(path: "store/\(record)")
            for content in [Data(), Data("ELF".utf8), Data(repeating: 0xff, count: 4096), nil] {
                try Self.fresh(folder)
                if let content { try content.write(to: path) } else { try FileManager.default.removeItem(at: path) }
                let output = try Self.lint(tool, folder, built)
                Self.check(output, "\(content.map { "\($0.count) bytes" } ?? "no file")")
                #expect(
                    String(decoding: output.text, as: UTF8.self).contains(path.lastPathComponent),
                    "the report says which record cannot be read")
            }
        }
    }
}
