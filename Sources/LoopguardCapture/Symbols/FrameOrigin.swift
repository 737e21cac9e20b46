/// Whose code a frame is. Pure.
public enum FrameOrigin {
    /// True for the Swift runtime and standard libraries, libc, NIO and Loopguard: not what the reader of a stall looks for.
    ///
    /// - Parameters:
    ///   - module: base name of the executable or library.
    ///   - function: demangled name.
    ///   - symbol: mangled name, if known; it tells the Swift module.
    ///   - file: source file, if known.
    public static func isRuntime(module: String?, function: String?, symbol: String? = nil, file: String? = nil) -> Bool
    {
        if let module, systemLibraries.contains(where: { module.hasPrefix($0) }) { return true }
        if let symbol, let swiftModule = FunctionName.module(ofMangled: symbol),
            runtimeModules.contains(swiftModule) || swiftModule.hasPrefix("CNIO")
        {
            return true
        }
        if let file, runtimePaths.contains(where: { file.contains($0) }) { return true }
        guard let function else { return false }
        return generatedNames.contains(where: { function.contains($0) })
            || runtimePrefixes.contains(where: { function.hasPrefix($0) })
    }

    /// Name of a frame in a stub of the linker, on the way to another module's function.
    static let linkageStub = "(procedure linkage)"

    /// How the names of system libraries begin.
    private static let systemLibraries = [
        "libswift", "lib_Foundation", "libFoundation", "libdispatch", "libBlocksRuntime", "lib_FoundationICU",
        "libc.so",
        "libc-", "libpthread", "libm.so", "libm-", "libdl.so", "libdl-", "librt.so", "librt-", "libresolv", "libnss_",
        "libstdc++", "libc++", "libgcc_s", "ld-linux", "ld-2", "linux-vdso", "linux-gate", "libunwind", "libTesting",
        "libXCTest", "lib_TestDiscovery", "lib_Testing", "libtsan", "libasan", "libloopguard-preload",
    ]

    /// Swift modules that are the runtime even when linked into the executable.
    private static let runtimeModules: Set<String> = [
        "Swift", "_Concurrency", "Synchronization", "_StringProcessing", "_RegexParser", "Dispatch", "Foundation",
        "FoundationEssentials", "FoundationInternationalization", "Glibc", "SwiftGlibc", "Observation", "Distributed",
        "NIO", "NIOCore", "NIOPosix", "NIOEmbedded", "NIOHTTP1", "NIOHTTP2", "NIOWebSocket", "NIOSSL", "NIOTLS",
        "NIOConcurrencyHelpers", "NIOFoundationCompat", "NIOFileSystem", "_NIOFileSystem", "_NIODataStructures",
        "_NIOBase64",
        "_NIOConcurrency", "NIOExtras", "NIOTransportServices", "Atomics", "Logging", "DequeModule",
        "OrderedCollections",
        "Loopguard", "LoopguardCore", "LoopguardCapture", "LoopguardWebSocket", "LoopguardBus", "LoopguardRedis",
        "CLoopguard", "LoopguardStrict", "LoopguardTesting", "Testing", "XCTest",
    ]

    /// Parts of paths of source files, for code that has no Swift module.
    private static let runtimePaths = [
        "/swift/stdlib/", "/swift/include/swift/", "/stdlib/public/", "/swift-corelibs-libdispatch/",
        "/swift-corelibs-foundation/", "/swift-foundation/Sources/", "/swift-foundation-icu/", "/swift-nio/Sources/",
        "/swift-nio-ssl/Sources/", "/swift-nio-http2/Sources/", "/swift-nio-extras/Sources/", "/swift-atomics/Sources/",
        "/swift-testing/Sources/", "/Sources/CLoopguard/", "/Sources/CLoopguardStrict/", "/Sources/LoopguardStrict/",
        "/Sources/Loopguard/", "/Sources/LoopguardWebSocket/", "/sysdeps/", "/nptl/", "/glibc-", "/compiler-rt/lib/",
    ]

    /// Parts of names that the compiler makes.
    private static let generatedNames = [
        "partial apply for", "partial apply forwarder", "reabstraction thunk", "completeTaskWithClosure",
        "thunk for @", "protocol witness for", "outlined ", "dispatch thunk of", "vtable thunk", "autoclosure thunk",
        "curry thunk", "value witness", "metadata accessor", "lazy protocol witness table", "destroy for ",
        "assignWithCopy", "thunk for ",
    ]

    private static let runtimePrefixes = [
        "@objc ", linkageStub,
        "swift_", "_swift_", "swift::", "dispatch_", "_dispatch_", "__libc_", "__GI_",
        "_start",
        "__interceptor_", "___interceptor_", "__tsan_", "__asan_", "__sanitizer_",
        "lg_", "std::", "objc_", "block_destroy_helper", "__swift_", "_Block_",
    ]
}
