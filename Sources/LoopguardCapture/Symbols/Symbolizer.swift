import CLoopguard
public import LoopguardCore

/// Names the addresses of captured stacks: function, file and line, inlined functions, module.
///
/// Uses the program's own DWARF debug information (which SwiftPM writes in debug and in release builds) through libdw, then
/// symbol tables, then module, offset and build-id, with which the line can be found offline. The first address in a module
/// costs tens of milliseconds, further ones about 0.1 ms, known ones next to nothing.
///
/// For one thread, the report thread: it reads files and allocates. Never use it on the watchdog or an event loop.
public final class Symbolizer {
    /// Most addresses that are remembered; when the cache is full it is emptied.
    public let maxCachedAddresses: Int

    private var cache: [CapturedAddress: [StackFrame]] = [:]
    private var modules: [ModuleKey: DebugModule] = [:]

    private struct ModuleKey: Hashable {
        var path: String
        var bias: UInt64
    }

    /// - Parameter maxCachedAddresses: size of the cache. Default 16,384 addresses (some megabytes).
    public init(maxCachedAddresses: Int = 16_384) { self.maxCachedAddresses = max(1, maxCachedAddresses) }

    /// Names addresses, in the same order. An address with inlined functions gives several frames, innermost first; one that
    /// nothing is known of gives a frame with its address alone.
    public func symbolicate(_ addresses: [CapturedAddress]) -> [StackFrame] { addresses.flatMap(frames(of:)) }

    private func frames(of address: CapturedAddress) -> [StackFrame] {
        if let known = cache[address] { return known }
        let frames = lookUp(address)
        if cache.count >= maxCachedAddresses { cache.removeAll(keepingCapacity: true) }
        cache[address] = frames
        return frames
    }

    private func lookUp(_ address: CapturedAddress) -> [StackFrame] {
        var frames = named(address)
        for index in frames.indices { frames[index].provenance = address.provenance }
        return frames
    }

    private func named(_ address: CapturedAddress) -> [StackFrame] {
        let text = "0x" + String(address.value, radix: 16)
        // A return address may already belong to the next line or, after a call that never returns, the next function.
        let isReturn = address.kind == .returnAddress && address.value > 0
        let place = isReturn ? address.value - 1 : address.value
        let kind: FrameKind = address.kind == .asyncResume ? .async : .physical
        var found = lg_module()
        guard lg_module_find(place, &found) else {
            return [StackFrame(function: nil, address: text, kind: kind)]
        }
        let module = module(found)
        let offset = "0x" + String(address.value &- found.bias, radix: 16)
        func frame(_ symbol: String?, file: String? = nil, line: Int? = nil, kind: FrameKind) -> StackFrame {
            let function = symbol.map { module.isC ? FunctionName.withoutAlias($0) : FunctionName.readable($0) }
            let isCompilers = file.map(LineTable.isReal) == false
            return StackFrame(
                function: function, file: isCompilers ? nil : file, line: isCompilers ? nil : line, module: module.name,
                address: text, moduleOffset: offset,
                buildId: module.buildID, kind: kind,
                isRuntime: FrameOrigin.isRuntime(module: module.name, function: function, symbol: symbol, file: file))
        }
        let scopes = module.scopes(at: place)
        if address.kind == .asyncResume, let outer = scopes.last {
            // A caller that waits: only where it goes on counts, not what happens to be inlined at that instruction.
            return [frame(outer.symbol, file: outer.file, line: outer.line, kind: .async)]
        }
        if scopes.isEmpty, module.symbol(at: place) == nil, module.isLinkageStub(at: place) {
            return [frame(FrameOrigin.linkageStub, kind: kind)]
        }
        if scopes.isEmpty {
            return [
                frame(module.symbol(at: place) ?? (module.hasFile ? nil : Self.exportedSymbol(at: place)), kind: kind)
            ]
        }
        return scopes.map { frame($0.symbol, file: $0.file, line: $0.line, kind: $0.isInlined ? .inlined : kind) }
    }

    private func module(_ found: lg_module) -> DebugModule {
        let path = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 4096) { buffer -> String in
            var found = found
            guard let base = buffer.baseAddress, lg_module_name(&found, base, buffer.count) else {
                return "(unloaded)"
            }
            return String(cString: base)
        }
        let key = ModuleKey(path: path, bias: found.bias)
        if let known = modules[key] { return known }
        let made = DebugModule(path: path, loadBias: found.bias)
        modules[key] = made
        return made
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
