import Foundation
import Testing

@testable import LoopguardLint

/// Compiles a small program with the running toolchain and reads what the compiler wrote of it.
@Suite struct ProgramIndexTests {
    static let source = """
        import Glibc
        protocol Store { func load() -> Int }
        struct Slow: Store { func load() -> Int { usleep(3); return 1 } }
        class Base { func go() {} }
        final class Derived: Base { override func go() { helper() } }
        func helper() {}
        func nap() async { helper() }
        func use(_ store: any Store) { _ = store.load() }
        var answer: Int { helper(); return 42 }
        func ask() { _ = answer }
        """

    static func compiled() throws -> ProgramIndex {
        let folder = FileManager.default.temporaryDirectory.appending(path: "lint-index-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: "A.swift")
        try source.write(to: file, atomically: true, encoding: .utf8)
        let toolchain = try #require(Toolchain.find())
        let compile = Process()
        compile.executableURL = URL(filePath: toolchain.compiler)
        compile.arguments = [
            "-c", "-parse-as-library", "-index-ignore-system-modules", "-index-store-path",
            folder.appending(path: "store").path, "-o", folder.appending(path: "A.o").path, "-module-name", "A",
            file.path,
        ]
        try compile.run()
        compile.waitUntilExit()
        try #require(compile.terminationStatus == 0)
        let store = try IndexStore(path: folder.appending(path: "store").path, library: toolchain.indexLibrary)
        return ProgramIndex(reading: store)
    }

    private func id(_ name: String, _ index: ProgramIndex) throws -> ProgramIndex.SymbolID {
        try #require(
            index.symbols.firstIndex { $0.name == name && $0.kind != .extension }.map { ProgramIndex.SymbolID($0) })
    }

    @Test func callsOverridesAndWitnesses() throws {
        let index = try Self.compiled()
        #expect(index.problems.isEmpty)
        let file = try #require(index.files.first)
        #expect(index.files.count == 1)
        #expect(file.module == "A")

        let usleep = try #require(index.id(ofUSR: "c:@F@usleep"))
        let sleeping = try #require(file.occurrences.first { $0.symbol == usleep })
        #expect(sleeping.roles.contains(.call))
        #expect(sleeping.line == 3)
        #expect(index[sleeping.container].name == "load()")
        #expect(!index[usleep].isSwift)

        let requirement = try #require(index.overrides.first { !$0.value.isEmpty && index[$0.key].name == "load()" })
        #expect(requirement.value.map { index[$0].name } == ["load()"])
        let go = try #require(index.overrides.first { index[$0.key].name == "go()" })
        #expect(index.definitions[go.value[0]]?.line == 5)

        let dynamic = try #require(file.occurrences.first { $0.line == 8 && $0.roles.contains([.call, .dynamic]) })
        #expect(dynamic.symbol == requirement.key)
        #expect(index[dynamic.receiver].name == "Store")
        let nap = try id("nap()", index)
        #expect(index[nap].isAsync)
        #expect(!index[try id("helper()", index)].isAsync)
        #expect(index.subtypes[try id("Store", index)]?.map { index[$0].name } == ["Slow"])

        // A getter is a callee of its own, and belongs to its property.
        let getter = try #require(index.symbols.firstIndex { $0.accessor == .getter })
        #expect(file.occurrences.contains { $0.line == 10 && Int($0.symbol) == getter && $0.roles.contains(.call) })
        #expect(index.parents[ProgramIndex.SymbolID(getter)].map { index[$0].name } == "answer")
    }

    @Test func aFolderWithoutIndexSaysWhatToDo() throws {
        let toolchain = try #require(Toolchain.find())
        let failure = #expect(throws: IndexStoreError.self) {
            _ = try IndexStore(path: "/nonexistent", library: toolchain.indexLibrary)
        }
        #expect(failure?.code == .noStore)
        #expect(failure?.description.contains("swift build --build-tests") == true)
    }

    @Test func aForeignLibraryIsRefused() throws {
        let failure = #expect(throws: IndexStoreError.self) {
            _ = try IndexStore(path: "/tmp", library: "/usr/lib/x86_64-linux-gnu/libc.so.6")
        }
        #expect(failure?.code == .noLibrary)
        #expect(failure?.cause?.contains("indexstore_") == true)
    }
}
