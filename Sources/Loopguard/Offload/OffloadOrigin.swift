/// The offloaded job whose work the running code belongs to. Tasks that the work makes with `Task { }` inherit it, so that work
/// which they offload is known as that job's.
struct OffloadOrigin: Sendable {
    @TaskLocal static var current: OffloadOrigin?

    var pool: ObjectIdentifier
    var job: UInt64
}
