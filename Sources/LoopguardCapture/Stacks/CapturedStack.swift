public import LoopguardCore

/// A stack as the watchdog took it: addresses only. ``Symbolizer`` names them, later and on another thread.
public struct CapturedStack: Sendable, Equatable {
    public var validity: CaptureValidity
    /// Why the capture is not verified, in words.
    public var note: String?
    /// What the capture cost the calling thread, unwinding included.
    public var costNs: UInt64
    /// When registers and stack had been copied, CLOCK_MONOTONIC nanoseconds: what follows is reading the copy. Of a blocked
    /// thread: when the kernel had said, after the copy, that it had not moved. Nil when there is no copy.
    public var takenNs: UInt64?
    /// Innermost first: physical frames, with the suspended async callers after the async function that they wait for.
    public var addresses: [CapturedAddress]
    /// True when the thread was asked by a signal; false when it was blocked and only looked at.
    public var bySignal: Bool
    /// True when the signal found the thread on its way out of a system call: it was in the kernel.
    public var wasInKernel = false
    /// … with the call, when the code before the counter tells its number. Described like one that the thread is blocked in.
    public var interruptedCall: SystemCallState?

    public init(
        validity: CaptureValidity, note: String? = nil, costNs: UInt64 = 0, addresses: [CapturedAddress] = [],
        bySignal: Bool = false
    ) {
        self.validity = validity
        self.note = note
        self.costNs = costNs
        self.addresses = addresses
        self.bySignal = bySignal
    }
}

/// One address of a captured stack.
public struct CapturedAddress: Sendable, Hashable {
    public var value: UInt64
    public var kind: Kind
    /// How it was found.
    public var provenance: FrameProvenance?

    public init(value: UInt64, kind: Kind, provenance: FrameProvenance? = nil) {
        self.value = value
        self.kind = kind
        self.provenance = provenance
    }

    /// What the address means. May grow.
    public struct Kind: Sendable, Hashable {
        private let code: UInt8
        private init(_ code: UInt8) { self.code = code }

        /// The instruction that runs, or that was interrupted by a signal.
        public static let programCounter = Kind(0)
        /// The instruction after a call: the call itself is at `value - 1`.
        public static let returnAddress = Kind(1)
        /// Where a suspended async function goes on.
        public static let asyncResume = Kind(2)
    }
}
