import LoopguardCapture
import LoopguardCore

/// A frame that is to be looked up.
struct FrameRequest: Equatable {
    var module: String
    var buildID: String?
    var offset: UInt64
    var address: String
    var kind: CapturedAddress.Kind
    /// What the report knows already.
    var function: String?
}

/// Reads the frames of one stack in turn, and tells which of them miss something.
struct FrameReader {
    private var lastAddress: String?
    private var lastFunction: String?
    private var isInnermost = true

    /// Nil for a frame that is complete, or of which the report does not say where it lies in a file.
    mutating func next(_ frame: JSONValue) -> FrameRequest? {
        let address = frame["address"]?.string ?? ""
        let kind = frame["kind"]?.string ?? FrameKind.physical.rawValue
        let function = frame["function"]?.string
        // The frames of one address: those inlined come first. One of them that has been named shows that all are.
        let isContinued = lastAddress == address && lastAddress != nil
        let place = addressKind(kind)
        defer {
            lastAddress = kind == FrameKind.inlined.rawValue ? address : nil
            if kind == FrameKind.physical.rawValue {
                isInnermost = false
                lastFunction = function
            }
        }
        guard kind != FrameKind.inlined.rawValue, !isContinued else { return nil }
        guard let module = frame["module"]?.string,
            let offset = frame["module_offset"]?.string.flatMap(Self.hexadecimal)
        else { return nil }
        let hasLine = frame["file"]?.string != nil
        let isSystem = FrameOrigin.isRuntime(module: module, function: nil)
        guard function == nil || (!hasLine && !isSystem) else { return nil }
        return FrameRequest(
            module: module, buildID: frame["build_id"]?.string?.lowercased(), offset: offset, address: address,
            kind: place, function: function)
    }

    /// The report does not say what an address is. The innermost frame is the instruction itself, and so is the one that a
    /// signal handler's trampoline returns to; the others are return addresses.
    private func addressKind(_ kind: String) -> CapturedAddress.Kind {
        if kind == FrameKind.async.rawValue { return .asyncResume }
        if isInnermost || lastFunction?.hasSuffix("restore_rt") == true { return .programCounter }
        return .returnAddress
    }

    static func hexadecimal(_ text: String) -> UInt64? {
        text.hasPrefix("0x") && text.utf8.count <= 18 ? UInt64(text.dropFirst(2), radix: 16) : nil
    }
}

extension StackFrame {
    /// The frame as JSON, with all else that the report said of it.
    func merged(into old: JSONValue) -> JSONValue {
        var members = old.object ?? [:]
        members["function"] = function.map(JSONValue.string) ?? members["function"]
        members["file"] = file.map(JSONValue.string)
        members["line"] = line.map { .integer(Int64($0)) }
        members["kind"] = .string(kind.rawValue)
        members["is_runtime"] = .bool(isRuntime)
        return .object(members)
    }
}
