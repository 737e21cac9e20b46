// What strict mode objects to stands among the reports, but is no stall: a loop that is held up by such a call has a stall of its
// own, and counting both would tell of twice the harm.
extension StallsDocument {
    /// Stalls that go on, without blocking calls.
    var stalledNow: [StallReport] { ongoing.filter { $0.kind != .blockingCall } }

    /// Places of stalls, without those of blocking calls.
    var stallSites: [StallSite] { sites.filter { $0.worst.kind != .blockingCall } }
}
