/// A stack taken during a stall.
public struct StackSample: Codable, Sendable, Equatable {
    /// Time since the stall began.
    public var offsetNs: UInt64
    /// How far the stack can be trusted.
    public var validity: CaptureValidity
    /// Why the capture is not `verified`, in words.
    public var note: String?
    /// What the capture cost the watchdog (not the stalled thread).
    public var costNs: UInt64
    /// Innermost first: physical frames, then the async parents, then the loop's frames.
    public var frames: [StackFrame]

    /// All its parts.
    public init(
        offsetNs: UInt64, validity: CaptureValidity, note: String? = nil, costNs: UInt64 = 0, frames: [StackFrame]
    ) {
        self.offsetNs = offsetNs
        self.validity = validity
        self.note = note
        self.costNs = costNs
        self.frames = frames
    }
}

/// How far a captured stack can be trusted. May grow.
public struct CaptureValidity: RawRepresentable, Codable, Sendable, Hashable {
    /// The name, as in JSON.
    public var rawValue: String
    /// A value by its name; unknown ones are kept.
    public init(rawValue: String) { self.rawValue = rawValue }

    /// The thread did not move while it was read.
    public static let verified = CaptureValidity(rawValue: "verified")
    /// The thread moved on while it was read: the frames may belong to two moments.
    public static let stale = CaptureValidity(rawValue: "stale")
    /// The unwinder could not reach the thread's start.
    public static let partial = CaptureValidity(rawValue: "partial")
    /// No frames; the note says why.
    public static let notCaptured = CaptureValidity(rawValue: "not-captured")
}

/// One line of a stack.
public struct StackFrame: Codable, Sendable, Hashable {
    /// Demangled name, or nil when the module has no symbol for the address.
    public var function: String?
    /// Source file, as in the debug information.
    public var file: String?
    /// Line in `file`.
    public var line: Int?
    /// Base name of the executable or shared library.
    public var module: String?
    /// Address, hexadecimal with `0x`.
    public var address: String
    /// Offset of the address in the module's file, hexadecimal: with the build-id it names the line offline.
    public var moduleOffset: String?
    /// Build-id of the module, hexadecimal.
    public var buildId: String?
    /// Where the frame comes from.
    public var kind: FrameKind
    /// True for frames of the runtime, libc, NIO and Loopguard itself: folded when shown, ignored by fingerprints.
    public var isRuntime: Bool
    /// How the frame was found; nil when that was not recorded.
    public var provenance: FrameProvenance?

    /// All its parts.
    public init(
        function: String?, file: String? = nil, line: Int? = nil, module: String? = nil, address: String,
        moduleOffset: String? = nil, buildId: String? = nil, kind: FrameKind, isRuntime: Bool = false,
        provenance: FrameProvenance? = nil
    ) {
        self.provenance = provenance
        self.function = function
        self.file = file
        self.line = line
        self.module = module
        self.address = address
        self.moduleOffset = moduleOffset
        self.buildId = buildId
        self.kind = kind
        self.isRuntime = isRuntime
    }
}

/// How a frame was found, which says how far it can be trusted. May grow.
public struct FrameProvenance: RawRepresentable, Codable, Sendable, Hashable {
    /// The name, as in JSON.
    public var rawValue: String
    /// A value by its name; unknown ones are kept.
    public init(rawValue: String) { self.rawValue = rawValue }

    /// The thread's own program counter: certain.
    public static let registers = FrameProvenance(rawValue: "registers")
    /// By the compiler's unwind information (DWARF call frame information) of the frame inside: certain.
    public static let unwindInformation = FrameProvenance(rawValue: "unwind-information")
    /// By the frame pointer, since the function inside has no unwind information: right unless that function uses the
    /// register for something else.
    public static let framePointer = FrameProvenance(rawValue: "frame-pointer")
    /// From the code around: a return address found in an epilogue or a prologue, or beyond a frame pointer that the kernel
    /// does not tell. Checked against the call that it returns to.
    public static let inferred = FrameProvenance(rawValue: "inferred")
    /// From the chain of async contexts.
    public static let asyncContext = FrameProvenance(rawValue: "async-context")
}

/// Where a frame comes from. May grow.
public struct FrameKind: RawRepresentable, Codable, Sendable, Hashable {
    /// The name, as in JSON.
    public var rawValue: String
    /// A value by its name; unknown ones are kept.
    public init(rawValue: String) { self.rawValue = rawValue }

    /// A frame on the thread's stack.
    public static let physical = FrameKind(rawValue: "physical")
    /// Inlined into the physical frame that follows.
    public static let inlined = FrameKind(rawValue: "inlined")
    /// A suspended async caller, from the chain of async contexts.
    public static let async = FrameKind(rawValue: "async")
}
