import CLoopguard
import Foundation
import Glibc
import LoopguardCore
import Testing

@testable import LoopguardCapture

/// Libraries that come, go, and lie where others lay.
@Suite(.serialized, .enabled(if: Tool.find("clang") != nil, "clang is not installed")) struct ReplacedModuleTests {
    let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    /// A library with one function of the given name, at the same offset whatever the name.
    private func build(_ function: String, as file: String, buildID: Bool = true) throws {
        let source = folder.path(function + ".c")
        try Data("int \(function)(int x) { return x * 3; }\n".utf8).write(to: URL(fileURLWithPath: source))
        try Tool.run(
            try #require(Tool.find("clang")),
            [
                "-g", "-O1", "-shared", "-fPIC", buildID ? "-Wl,--build-id" : "-Wl,--build-id=none", "-o",
                folder.path(file), source,
            ])
    }

    private func load(_ file: String, _ function: String) throws -> (handle: UnsafeMutableRawPointer, address: UInt64) {
        let handle = try #require(dlopen(folder.path(file), RTLD_NOW))
        let address = UInt(bitPattern: dlsym(handle, function))
        try #require(address != 0)
        return (handle, UInt64(address))
    }

    private func name(_ symbolizer: Symbolizer, _ address: UInt64) -> StackFrame? {
        symbolizer.symbolicate([CapturedAddress(value: address, kind: .programCounter)]).first
    }

    /// The loader puts a library of the same size where one was unloaded: the address means another function then.
    @Test(arguments: [true, false]) func anotherLibraryAtTheSameAddress(buildID: Bool) throws {
        try build("first_one", as: "first.so", buildID: buildID)
        try build("other_one", as: "other.so", buildID: buildID)
        let symbolizer = Symbolizer()
        var met = 0
        for _ in 0..<20 {
            let first = try load("first.so", "first_one")
            #expect(name(symbolizer, first.address)?.function == "first_one")
            dlclose(first.handle)
            #expect(name(symbolizer, first.address)?.function == nil)
            let other = try load("other.so", "other_one")
            #expect(name(symbolizer, other.address)?.function == "other_one")
            if other.address == first.address { met += 1 }
            dlclose(other.handle)
        }
        #expect(met > 0, "the loader never used an address twice: the test shows nothing")
        #expect(symbolizer.openModules <= 2)
    }

    /// Unwind tables are kept between captures, but not those of a library that has been replaced.
    @Test(arguments: [true, false]) func theUnwinderForgetsAReplacedLibrary(buildID: Bool) throws {
        try build("first_one", as: "first.so", buildID: buildID)
        // The same address lies in the middle of another function.
        let source = folder.path("large.c")
        let body = (0..<40).map { "x = x * \($0 + 3) ^ y[x & 7];" }.joined(separator: " ")
        try Data("int other_one(int x, volatile int *y) { \(body) return x; }\n".utf8)
            .write(to: URL(fileURLWithPath: source))
        try Tool.run(
            try #require(Tool.find("clang")),
            [
                "-O1", "-shared", "-fPIC", buildID ? "-Wl,--build-id" : "-Wl,--build-id=none", "-o",
                folder.path("large.so"), source,
            ])
        let unwinder = try #require(lg_unwinder_create())
        defer { lg_unwinder_destroy(unwinder) }
        let capture = try #require(lg_capture_create(4096))
        defer { lg_capture_release(capture) }
        func start(_ counter: UInt64) -> UInt64 {
            let snapshot = lg_capture_copy_snapshot(capture)
            withUnsafeMutableBytes(of: &snapshot.pointee.registers) {
                $0.initializeMemory(as: UInt8.self, repeating: 0)
                $0.storeBytes(of: counter, toByteOffset: Int(LG_RIP) * 8, as: UInt64.self)
            }
            var frame = lg_frame()
            var end = LG_UNWIND_BROKEN
            lg_unwinder_clear(unwinder)
            return lg_unwind(unwinder, snapshot, &frame, 1, &end) == 1 ? frame.function_start : 1
        }
        var met = 0
        for _ in 0..<20 {
            let first = try load("first.so", "first_one")
            for _ in 0..<2 { #expect(start(first.address) == first.address) }
            dlclose(first.handle)
            #expect(start(first.address) == 0)
            let other = try load("large.so", "other_one")
            let inside = other.address + 60
            for _ in 0..<2 { #expect(start(inside) == other.address) }
            dlclose(other.handle)
            let again = try load("first.so", "first_one")
            // Past the end of the small function there is none.
            if again.address == other.address {
                met += 1
                #expect(start(inside) == 0)
            }
            dlclose(again.handle)
        }
        #expect(met > 0, "the loader never used an address twice: the test shows nothing")
    }

    /// The same path, another file: what an upgrade of a plug-in does.
    @Test(arguments: [true, false]) func anotherFileOfTheSameName(buildID: Bool) throws {
        let symbolizer = Symbolizer()
        for function in ["version_a", "version_b", "version_c"] {
            unlink(folder.path("plugin.so"))
            try build(function, as: "plugin.so", buildID: buildID)
            let library = try load("plugin.so", function)
            #expect(name(symbolizer, library.address)?.function == function)
            dlclose(library.handle)
        }
    }

    /// The file was replaced after it was loaded: its names would be wrong, so there are none; the build-id is that of the code
    /// that runs.
    @Test func fileReplacedWhileLoaded() throws {
        try build("loaded_one", as: "plugin.so")
        let buildID = SymbolFileID.of(folder.path("plugin.so"))
        let library = try load("plugin.so", "loaded_one")
        unlink(folder.path("plugin.so"))
        try build("replaced_one", as: "plugin.so")
        let frame = try #require(name(Symbolizer(), library.address))
        #expect(frame.function != "replaced_one")
        #expect(frame.file == nil)
        #expect(buildID != nil)
        #expect(frame.buildId == buildID)
        #expect(frame.module == "plugin.so")
        #expect(frame.moduleOffset != nil)
        dlclose(library.handle)
    }

    @Test func limitsHold() throws {
        let symbolizer = Symbolizer(maxCachedAddresses: 50, maxLoadedUnits: 8, maxOpenModules: 2)
        let libraries = try (0..<4).map { number in
            try build("function_\(number)", as: "lib\(number).so")
            return try load("lib\(number).so", "function_\(number)")
        }
        defer { for library in libraries { dlclose(library.handle) } }
        let function: @convention(c) () -> UInt64 = lg_capture_handler_runs
        // SAFETY: a C function pointer is an address.
        let own = UInt64(unsafeBitCast(function, to: UInt.self))
        var random = SplitMix64(state: 7)
        for round in 0..<40 {
            let library = libraries[round % 4]
            #expect(name(symbolizer, library.address)?.function == "function_\(round % 4)")
            // Other units of this executable lie around there.
            _ = name(symbolizer, own &+ UInt64.random(in: 0..<(1 << 20), using: &random))
            #expect(symbolizer.cachedAddresses <= 50)
            #expect(symbolizer.openModules <= 2)
            #expect(symbolizer.loadedUnits <= 9)
        }
    }

    /// In memory and in the file stands the same build-id.
    @Test func buildIDFromMemory() throws {
        var found = lg_module()
        let function: @convention(c) () -> UInt64 = lg_capture_handler_runs
        // SAFETY: a C function pointer is an address.
        try #require(lg_module_find(UInt64(unsafeBitCast(function, to: UInt.self)), &found))
        #expect(LoadedModule(found).buildID == SymbolFileID.of(ELFImage.ownPath))
        #expect(LoadedModule(found).buildID != nil)
        // Garbage is no module.
        let starts: [UInt64] = [0, 8, .max - 8, 0x7fff_ffff_f000]
        for start in starts {
            var garbage = lg_module(start: start, end: .max, bias: start, eh_frame_hdr: start, name: start)
            var bytes = [UInt8](repeating: 0, count: 64)
            #expect(lg_module_build_id(&garbage, &bytes, bytes.count) == 0)
        }
    }
}

enum SymbolFileID {
    static func of(_ path: String) -> String? { (try? SymbolFile(path: path))?.buildID }
}
