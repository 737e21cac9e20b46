/// The stack of another thread that explains a stall.
public struct RelatedStack: Codable, Sendable, Equatable {
    /// Why it is shown.
    public var role: RelatedRole
    /// Thread identifier.
    public var tid: Int32
    /// Name of the thread, as in `top -H`.
    public var thread: String
    /// What the thread was doing, in words, such as `blocked in read(2)`; nil when not known.
    public var state: String?
    /// Its stack.
    public var sample: StackSample

    /// All its parts.
    public init(role: RelatedRole, tid: Int32, thread: String, state: String? = nil, sample: StackSample) {
        self.role = role
        self.tid = tid
        self.thread = thread
        self.state = state
        self.sample = sample
    }
}

/// Why the stack of another thread is shown with a stall. May grow.
public struct RelatedRole: RawRepresentable, Codable, Sendable, Hashable {
    /// The name, as in JSON.
    public var rawValue: String
    /// A value by its name; unknown ones are kept.
    public init(rawValue: String) { self.rawValue = rawValue }

    /// It holds the lock that the stalled thread waits for.
    public static let lockOwner = RelatedRole(rawValue: "lock-owner")
    /// A thread of the pool that has no free thread.
    public static let poolThread = RelatedRole(rawValue: "pool-thread")
}
