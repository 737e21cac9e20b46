import Glibc
public import LoopguardCore

/// An executable, a library or a separate debug file, in which frames of a report are looked up that have only module and
/// offset. It names them as ``Symbolizer`` names them in the running program.
///
/// Reads the file as it is needed; about 50 ms for the first frame of a large program. For one thread at a time. The file is
/// trusted like a program: libdw reads most damaged files without harm, but not all (`Tools/Fuzz`).
public final class SymbolFile {
    /// Where the file is.
    public let path: String
    /// Name of the module that it describes: that of the file, without `.debug`, unless told otherwise.
    public let module: String
    /// Hexadecimal; nil when the file has none.
    public var buildID: String? { debug.buildID }
    /// Whether there is debug information; without it frames get a function at best, but no line.
    public var hasLines: Bool { debug.hasLines }

    private let debug: DebugModule
    private var cache: [CapturedAddress: [StackFrame]] = [:]

    /// Most addresses that are remembered; when there are more, all are forgotten.
    private static let maxCachedAddresses = 65_536

    // loopguard:blocking
    /// - Parameters:
    ///   - path: of an ELF file.
    ///   - module: what the report calls the module. System libraries are named by their symbols alone, as in the running
    ///     program, and are known by this name.
    /// - Throws: ``CaptureError/Code/unreadableFile``.
    public init(path: String, module: String? = nil) throws(CaptureError) {
        try ElfCheck.check(path)
        self.path = path
        self.module = module ?? Self.moduleName(path)
        debug = DebugModule(file: path, name: self.module, loadBias: 0, wantedBuildID: nil)
        guard debug.hasFile else {
            throw CaptureError(
                .unreadableFile, "\(path) has no loadable segments: it is no executable, library or debug file.")
        }
    }

    /// The frames at an address of the file, innermost first, at least one. Their address is `shownAddress`.
    ///
    /// - Parameters:
    ///   - offset: address in the file: `module_offset` of a report.
    ///   - kind: of the address.
    ///   - shownAddress: address in the process that wrote the report.
    public func frames(at offset: UInt64, kind: CapturedAddress.Kind, shownAddress: String) -> [StackFrame] {
        let address = CapturedAddress(value: offset, kind: kind)
        if cache.count >= Self.maxCachedAddresses { cache.removeAll(keepingCapacity: true) }
        let frames = cache[address] ?? debug.frames(of: address, bias: 0, shownAddress: "")
        cache[address] = frames
        return frames.map { frame in
            var frame = frame
            frame.address = shownAddress
            return frame
        }
    }

    static func moduleName(_ path: String) -> String {
        let name = path.split(separator: "/").last.map(String.init) ?? path
        return name.hasSuffix(".debug") ? String(name.dropLast(6)) : name
    }
}
