/// Where on the loop a stall is planted.
enum Place: String, Codable, CaseIterable, Sendable {
    case channelHandler = "channel handler"
    case scheduledTask = "scheduled task"
    case asyncHandler = "async handler"
    case childTask = "child task"
    case nestedGroup = "nested task group"
    case actor = "actor"

    /// What a report must call a stall of one job here.
    var kinds: [String] {
        switch self {
        case .channelHandler, .scheduledTask: ["loop-work"]
        case .asyncHandler, .childTask, .nestedGroup, .actor: ["single-job"]
        }
    }
}
