import LoopguardCore

extension DebugModule {
    /// The frames at an address in this module: the functions inlined there, innermost first, then the one that the code was
    /// generated for. At least one frame; what is not known of it is nil.
    ///
    /// - Parameters:
    ///   - address: in the process that was captured; with the module's load bias taken off it is the address in the file.
    ///   - bias: that load bias, 0 if `address` is an address in the file.
    ///   - shownAddress: what the frames say their address is.
    ///   - unknown: names what the file knows nothing of.
    func frames(
        of address: CapturedAddress, bias: UInt64, shownAddress: String, unknown: (UInt64) -> String? = { _ in nil }
    ) -> [StackFrame] {
        let place = address.instruction
        let kind = address.frameKind
        let offset = "0x" + String(address.value &- bias, radix: 16)
        func frame(_ symbol: String?, file: String? = nil, line: Int? = nil, kind: FrameKind) -> StackFrame {
            let function = symbol.map { isC ? FunctionName.withoutAlias($0) : FunctionName.readable($0) }
            let isCompilers = file.map(LineTable.isReal) == false
            return StackFrame(
                function: function, file: isCompilers ? nil : file, line: isCompilers ? nil : line, module: name,
                address: shownAddress, moduleOffset: offset, buildId: buildID, kind: kind,
                isRuntime: FrameOrigin.isRuntime(module: name, function: function, symbol: symbol, file: file))
        }
        let scopes = scopes(at: place)
        if address.kind == .asyncResume, let outer = scopes.last {
            // A caller that waits: only where it goes on counts, not what happens to be inlined at that instruction.
            return [frame(outer.symbol, file: outer.file, line: outer.line, kind: .async)]
        }
        guard scopes.isEmpty else {
            return scopes.map { frame($0.symbol, file: $0.file, line: $0.line, kind: $0.isInlined ? .inlined : kind) }
        }
        if let symbol = symbol(at: place) { return [frame(symbol, kind: kind)] }
        return [frame(isLinkageStub(at: place) ? FrameOrigin.linkageStub : unknown(place), kind: kind)]
    }
}

extension CapturedAddress {
    /// A return address may already belong to the next line or, after a call that never returns, the next function.
    var instruction: UInt64 { kind == .returnAddress && value > 0 ? value - 1 : value }

    var frameKind: FrameKind { kind == .asyncResume ? .async : .physical }
}
