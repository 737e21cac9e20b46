import Testing

@testable import LoopguardCore

@Suite struct LiveFeedTests {
    private static let second: Int64 = 1_000_000_000

    @Test func `it tells at once what is new, and nothing while nothing is`() {
        var feed = LiveFeed()
        var cluster = ClusterStatus.sample([.sample()])
        #expect(
            feed.next(cluster, nowNs: 0)?.hasPrefix("id: 1\nevent: change\ndata: {\"ongoing\":0,\"total\":0}\n\n")
                == true)
        cluster.workers[0].status?.loops[0].ticks += 1
        cluster.workers[0].status?.generatedAtUnixNs += 1
        #expect(feed.next(cluster, nowNs: Self.second) == nil)
        cluster.workers[0].status?.stalls.ongoing = [.sample(ongoing: true)]
        #expect(feed.next(cluster, nowNs: Self.second + 1)?.contains("\"ongoing\":1") == true)
        #expect(feed.next(cluster, nowNs: Self.second + 2) == nil)
        // Another stack of the same stall is news, so is a worker that falls silent.
        cluster.workers[0].status?.stalls.ongoing[0].samples += [StackSample(offsetNs: 1, validity: .stale, frames: [])]
        #expect(feed.next(cluster, nowNs: Self.second + 3) != nil)
        cluster.workers[0].state = "silent"
        #expect(feed.next(cluster, nowNs: Self.second + 4)?.hasPrefix("id: 4\nevent: change") == true)
    }

    @Test func `a heartbeat comes when nothing was sent for five seconds`() {
        var feed = LiveFeed()
        let cluster = ClusterStatus.sample([.sample()])
        let sent = (0..<23).filter { feed.next(cluster, nowNs: Int64($0) * LiveFeed.lookEveryNs) != nil }
        #expect(sent == [0, 10, 20])
    }

    @Test func `nothing from outside gets into the stream`() {
        var feed = LiveFeed()
        let message = feed.next(Gallery.poisoned("\n\ndata: x"), nowNs: 0)
        #expect(message?.split(separator: "\n", omittingEmptySubsequences: false).count == 5)
    }
}

@Suite struct SurfaceTests {
    private func get(_ path: String, _ query: String? = nil, selfTest: Bool = false) -> DebugResponse {
        DebugResponder.respond(
            method: "GET", path: path, query: query, accept: nil, cluster: Gallery.cluster(), offersSelfTest: selfTest)
    }

    @Test func `downloads have names`() {
        let names = [
            "/debug/stalls.json": "inline; filename=\"loopguard-stalls.json\"",
            "/debug/stalls.collapsed": "attachment; filename=\"loopguard-stalls.collapsed\"",
            "/debug/stalls.speedscope.json": "attachment; filename=\"loopguard-stalls.speedscope.json\"",
            "/debug/stalls/flamegraph.svg": "inline; filename=\"loopguard-flamegraph.svg\"",
            "/debug/timeline": "inline; filename=\"loopguard-timeline.svg\"",
        ]
        for (path, name) in names {
            #expect(get(path).headers.first { $0.0 == "content-disposition" }?.1 == name, "\(path)")
        }
    }

    @Test func `the flame graph of one site has that site alone`() throws {
        let document = StallsDocument(Gallery.cluster())
        let site = try #require(document.sites.first { $0.worst.cause.category == .starved })
        let svg = get("/debug/stalls/flamegraph.svg", "site=\(site.fingerprint)").body
        #expect(svg.contains("\(HumanText.duration(ns: site.totalNs)) of stalls"))
        #expect(!svg.contains("SlowStore.load"))
        #expect(get("/debug/stalls/flamegraph.svg", "site=none").body.contains("No site none is known"))
    }

    @Test func `the timeline has bars in the colours of the causes, linked to their sites`() {
        let svg = get("/debug/timeline", "minutes=5").body
        #expect(svg.contains("Stalls of the last 5 minutes by loop"))
        #expect(svg.contains("/debug/stalls#site-00112233aabbccdd"))
        for style in ["c-blocked", "c-computing", "c-host", "c-lock live"] {
            #expect(svg.contains("<rect class=\"\(style)\""), "\(style)")
        }
        #expect(svg.contains("4.81 s so far"))
        #expect(svg.contains("worker 1  loop-1"))
        for odd in ["0", "-5", "99999999999", "x", ""] {
            #expect(get("/debug/timeline", "minutes=\(odd)").status == 200)
        }
        let far = TimelinePicture.svg(Gallery.cluster(), minutes: .max)
        #expect(far.contains("Stalls of the last 1,440 minutes"))
    }

    @Test func `the page without a script loads itself again, unless it is held still`() {
        #expect(
            get("/debug/stalls.html").body.contains("<noscript><meta http-equiv=\"refresh\" content=\"10\"></noscript>")
        )
        #expect(get("/debug/stalls.html", "refresh=3").body.contains("content=\"3\""))
        #expect(!get("/debug/stalls.html", "refresh=0").body.contains("http-equiv"))
    }

    @Test func `buttons for the self-test are there when somebody answers`() {
        #expect(!get("/debug/stalls.html").body.contains("data-selftest"))
        let page = get("/debug/stalls.html", selfTest: true).body
        #expect(page.contains("formaction=\"/debug/selftest?ms=1000&amp;worker=1&amp;loop=loop-1\""))
    }

    @Test func `the index lists the self-test when somebody answers, and a GET says what to do`() {
        #expect(!get("/").body.contains("/debug/selftest"))
        #expect(get("/", selfTest: true).body.contains("/debug/selftest"))
        #expect(get("/debug/selftest").status == 404)
        let answer = get("/debug/selftest", selfTest: true)
        #expect(answer.status == 405 && answer.body.contains("curl -X POST"))
        #expect(answer.headers.contains { $0.0 == "allow" && $0.1 == "POST" })
    }

    @Test func `a call that strict mode objects to is shown, but counted as no stall`() throws {
        var cluster = ClusterStatus(workers: [Gallery.cluster().workers[0]])
        var call = StallReport.sample(id: "call", ongoing: true)
        call.kind = .blockingCall
        var store = StallStore()
        store.begin(call)
        cluster.workers[0].status?.stalls = store.status(total: 0)
        #expect(MetricsText.render(cluster).contains("loopguard_stalls_ongoing{worker=\"1\"} 0\n"))
        #expect(StallsText.render(cluster).contains("0 stalls going on"))
        let page = StallsPage.html(cluster)
        #expect(page.contains("No loop is stalled") && page.contains("call that may block"))
    }

    @Test func `several hosts are told apart, and a silent one is shown as such`() {
        var cluster = Gallery.cluster()
        #expect(!StallsPage.html(cluster).contains("class=\"host\""))
        cluster.workers.append(
            .init(
                host: "web-9", worker: 1, pid: 0, state: "silent", silentForNs: 9_000_000_000, restarts: 0, status: nil)
        )
        let page = StallsPage.html(cluster)
        #expect(page.contains("<h3 class=\"bad\">web-9 is silent</h3>"))
        #expect(page.contains("silent for 9.00 s"))
        #expect(page.contains("web-3, worker 1, loop-1"))
        #expect(StallsText.render(cluster).contains("web-9   worker 1   SILENT for 9.00 s"))
        #expect(LoopsPage.text(cluster).contains("web-3/1"))
    }

    @Test func `what else a stall held up is said`() {
        var cluster = Gallery.cluster()
        cluster.workers[0].status?.stalls.ongoing[0].blast.broadcastsWaiting = 12
        cluster.workers[0].status?.stalls.ongoing[0].blast.bytesWaiting = 34_000
        cluster.workers[0].status?.stalls.ongoing[0].blast.pingsMissed = 1
        for page in [StallsPage.html(cluster), StallsText.render(cluster).replacing("\n   ", with: " ")] {
            #expect(page.contains("12 broadcasts and 34.0 kB waiting"))
            #expect(page.contains("1 ping missed"))
        }
    }

    @Test func `the owner of a lock is shown with its stack`() {
        var cluster = Gallery.cluster()
        cluster.workers[0].status?.stalls.ongoing[0].related = [
            RelatedStack(
                role: .lockOwner, tid: 77, thread: "holder", state: "blocked in read(2)",
                sample: StackSample(offsetNs: 1, validity: .verified, frames: [.user("Holder.hold()")]))
        ]
        let page = StallsPage.html(cluster)
        #expect(page.contains("Who holds the lock") && page.contains("Holder.hold()"))
        #expect(StallsText.render(cluster).contains("the lock is held by holder (tid 77), blocked in read(2):"))
    }
}
