import CLoopguard
public import LoopguardCore

/// Names the addresses of captured stacks: function, file and line, inlined functions, module.
///
/// Uses the program's own DWARF debug information (which SwiftPM writes in debug and in release builds) through libdw, then
/// symbol tables, then module, offset and build-id, with which the line can be found offline (``SymbolFile``). The first
/// address in a module costs tens of milliseconds, further ones about 0.1 ms, known ones next to nothing.
///
/// What is remembered belongs to a module, not to an address: a library that is loaded where another one lay is named after
/// its own file. A file that was replaced after it was loaded is noticed by its build-id and not used.
///
/// For one thread, the report thread: it reads files and allocates. Never use it on the watchdog or an event loop.
public final class Symbolizer {
    /// Most addresses that are remembered; when the cache is full it is emptied.
    public let maxCachedAddresses: Int
    /// Most compile units whose debug information is kept in memory; when there are more, all files are closed and read again
    /// as they are needed.
    public let maxLoadedUnits: Int
    /// Most modules that are kept open; when there are more, all files are closed and read again as they are needed.
    public let maxOpenModules: Int

    private var cache: [Key: [StackFrame]] = [:]
    private var modules: [LoadedModule: Open] = [:]
    private var lastNumber = 0
    /// Of the call that runs: modules do not change so fast that each address need ask for its module's name again.
    private var recent: [(range: Range<UInt64>, module: Open)] = []

    private struct Key: Hashable {
        var address: CapturedAddress
        var module: Int
    }

    private struct Open {
        /// Never used twice.
        var number: Int
        var bias: UInt64
        var debug: DebugModule
    }

    /// - Parameters:
    ///   - maxCachedAddresses: default 16,384 addresses (some megabytes).
    ///   - maxLoadedUnits: default 256 (some tens of megabytes).
    ///   - maxOpenModules: default 64.
    public init(maxCachedAddresses: Int = 16_384, maxLoadedUnits: Int = 256, maxOpenModules: Int = 64) {
        self.maxCachedAddresses = max(1, maxCachedAddresses)
        self.maxLoadedUnits = max(1, maxLoadedUnits)
        self.maxOpenModules = max(1, maxOpenModules)
    }

    // loopguard:blocking
    /// Names addresses, in the same order. An address with inlined functions gives several frames, innermost first; one that
    /// nothing is known of gives a frame with its address alone. The first address of a module reads its debug information from
    /// disk.
    public func symbolicate(_ addresses: [CapturedAddress]) -> [StackFrame] {
        recent.removeAll(keepingCapacity: true)
        defer { recent.removeAll(keepingCapacity: true) }
        return addresses.flatMap(frames(of:))
    }

    /// Compile units in memory, for tests of the limit.
    var loadedUnits: Int { modules.values.reduce(0) { $0 + $1.debug.loadedUnits } }
    /// Modules that are open, for tests of the limit.
    var openModules: Int { modules.count }
    /// Addresses that are remembered, for tests of the limit.
    var cachedAddresses: Int { cache.count }

    private func frames(of address: CapturedAddress) -> [StackFrame] {
        let text = "0x" + String(address.value, radix: 16)
        guard let module = module(at: address.instruction) else {
            return [
                StackFrame(function: nil, address: text, kind: address.frameKind, provenance: address.provenance)
            ]
        }
        let key = Key(address: address, module: module.number)
        if let known = cache[key] { return known }
        let debug = module.debug
        var frames = debug.frames(of: address, bias: module.bias, shownAddress: text) { place in
            debug.hasFile ? nil : Self.exportedSymbol(at: place)
        }
        for index in frames.indices { frames[index].provenance = address.provenance }
        if cache.count >= maxCachedAddresses { cache.removeAll(keepingCapacity: true) }
        cache[key] = frames
        if loadedUnits > maxLoadedUnits { closeAll() }
        return frames
    }

    private func module(at address: UInt64) -> Open? {
        if let known = recent.first(where: { $0.range.contains(address) }) { return known.module }
        var found = lg_module()
        guard !FaultInjection.fails(.moduleLookUp), lg_module_find(address, &found), found.start < found.end else {
            return nil
        }
        let loaded = LoadedModule(found)
        let module: Open
        if let known = modules[loaded] {
            module = known
        } else {
            if modules.count >= maxOpenModules { closeAll() }
            lastNumber += 1
            module = Open(
                number: lastNumber, bias: found.bias,
                debug: DebugModule(path: loaded.path, loadBias: found.bias, loadedBuildID: loaded.buildID))
            modules[loaded] = module
        }
        recent.append((found.start..<found.end, module))
        return module
    }

    /// What is cached of the modules stays of use only until they are opened again, under new numbers.
    private func closeAll() {
        modules.removeAll(keepingCapacity: true)
        recent.removeAll(keepingCapacity: true)
    }

    /// What the loader knows: for modules without a file, such as the kernel's vDSO. It takes the loader's lock, which the
    /// stalled thread may hold, so it is not asked about others.
    private static func exportedSymbol(at address: UInt64) -> String? {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 1024) { buffer in
            guard let base = buffer.baseAddress, lg_module_exported_symbol(address, base, buffer.count) else {
                return nil
            }
            return String(cString: base)
        }
    }
}
