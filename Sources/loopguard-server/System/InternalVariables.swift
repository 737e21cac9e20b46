/// Environment variables by which the supervisor tells a worker who it is. Not for users.
enum InternalVariables {
    static let workerIndex = "LOOPGUARD_WORKER_INDEX"
    /// The real admin address, for redirects.
    static let adminAddress = "LOOPGUARD_ADMIN_ADDRESS"
    /// The secret that the supervisor made, so that all workers accept the same tokens.
    static let sharedSecret = "LOOPGUARD_SHARED_SECRET"

    static let all = [workerIndex, adminAddress, sharedSecret]
}
