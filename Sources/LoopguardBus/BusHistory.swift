/// What a topic still remembers after a position.
public struct BusHistory: Sendable, Equatable {
    /// In order, all behind the position that was asked for.
    public var messages: [BusMessage]
    /// Place of the newest message of the topic, whether it is among `messages` or not; nil when the topic is unknown.
    public var top: BusPosition?
    /// True only when the messages begin directly behind the position that was asked for, in its epoch, and none is missing
    /// among them. Otherwise
    /// something was missed for good and the client must load its state anew: a partial catch-up never looks complete.
    public var isComplete: Bool
    /// True when the limit cut the answer off: ask again after the last message.
    public var hasMore: Bool

    public init(messages: [BusMessage], top: BusPosition?, isComplete: Bool, hasMore: Bool = false) {
        self.messages = messages
        self.top = top
        self.isComplete = isComplete
        self.hasMore = hasMore
    }

    /// The answer of a bus that remembers nothing.
    public static let none = BusHistory(messages: [], top: nil, isComplete: false)
}
