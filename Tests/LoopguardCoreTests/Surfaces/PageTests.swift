import Foundation
import Testing

@testable import LoopguardCore

@Suite struct PageTests {
    static let pages: [(String, @Sendable (ClusterStatus) -> String)] = [
        ("stalls", { StallsPage.html($0) }), ("loops", { LoopsPage.html($0) }), ("offload", { OffloadPage.html($0) }),
        ("flame", { FlameGraph.svg(StallsDocument($0)) }), ("timeline", { TimelinePicture.svg($0) }),
    ]

    @Test func aTiredEngineerFindsWhatMatters() throws {
        let html = StallsPage.html(Gallery.cluster())
        for words in [
            "1 loop is stalled now", ">4.81 s</span> so far", "MetricsCache.snapshot()",
            "waiting for a lock held by thread 5040",
            "Sources/App/Metrics/MetricsCache.swift:131", "/ws/dashboard", "b2e4f0c1-7d", "3,990 connections behind it",
            "SlowStore.load(_:)", "blocked in clock_nanosleep(2)", "Sources/App/SlowStore.swift:17",
            "<dt>Stalls</dt><dd>7</dd>",
            "host at fault", "silent for 3.20 s", "<i>async</i>", "<i>inlined</i>", "perf priority refused",
            "<code>try await Task.sleep(for:)</code>", "not ready: redis is away", "1 more sample", "50 ms",
            "stale: the thread moved on while it was read (program counter moved)",
        ] {
            #expect(html.contains(words), "\(words)")
        }
        // Ongoing stalls before places, runtime frames folded, the worst place first.
        let now = try #require(html.range(of: "Going on now"))
        let places = try #require(html.range(of: "Places, most harmful first"))
        #expect(now.lowerBound < places.lowerBound)
        let worst = try #require(html.range(of: "class=\"rank\">1</span>SlowStore.load(_:)"))
        #expect(worst.lowerBound > places.lowerBound)
        #expect(html.contains("<summary>2 runtime frames: clock_nanosleep … usleep</summary>"))
    }

    @Test func nothingToShow() {
        let quiet = StallsPage.html(.sample([.sample()]))
        #expect(quiet.contains("No loop is stalled"))
        #expect(quiet.contains("No stall so far"))
        #expect(!quiet.contains("<article"))
        for (name, render) in Self.pages {
            #expect(!render(ClusterStatus(workers: [])).isEmpty, "\(name)")
        }
        #expect(StallsPage.html(ClusterStatus(workers: [])).contains("No worker is known"))
        #expect(StallsText.render(ClusterStatus(workers: [])).contains("No worker is known"))
    }

    @Test(arguments: [
        "<script>alert(1)</script>", "\" onmouseover=\"alert(1)", "' onload='x", "]]><svg/onload=x>", "--><b>",
        "&lt;b&gt;",
        "</title></style></main><script>", "\u{0}\u{1b}[31m\u{202e}x",
    ])
    func nothingFromOutsideBecomesMarkup(_ text: String) throws {
        let harmless = Gallery.poisoned("harmless")
        for (name, render) in Self.pages {
            let page = render(Gallery.poisoned(text))
            // The same tags as with a harmless text, in number and kind: the rest is text.
            #expect(tags(page) == tags(render(harmless)), "\(name)")
            #expect(!page.contains("\u{1b}"), "\(name)")
            #expect(!page.contains("\u{202e}"), "\(name)")
            #expect(!page.contains("\u{0}"), "\(name)")
            try checkXML(page, name: name)
        }
        let terminal = StallsText.render(Gallery.poisoned(text)) + LoopsPage.text(Gallery.poisoned(text))
        #expect(!terminal.contains("\u{1b}"))
        #expect(!terminal.contains("\u{202e}"))
    }

    /// The graph must be well-formed XML; the pages' bodies nearly are, so only their tags are compared.
    private func checkXML(_ page: String, name: String) throws {
        guard name == "flame" || name == "timeline" else { return }
        var open: [Substring] = []
        for tag in tags(page) where !tag.hasSuffix("/") && !tag.hasPrefix("?") {
            if tag.hasPrefix("/") {
                #expect(open.popLast() == tag.dropFirst())
            } else {
                open.append(tag[...])
            }
        }
        #expect(open.isEmpty)
    }

    /// The names of all tags in order, `/` in front of closing ones and behind self-closing ones.
    private func tags(_ page: String) -> [String] {
        // Scripts contain `<` and `>` of their own, always the same.
        let scripts = [PageShell.script, FlameGraph.script].reduce(page) { $0.replacing($1, with: "") }
        return scripts.matches(of: /<([\/!?]?[a-zA-Z0-9]+)([^>]*)>/).map { match in
            String(match.1) + (match.2.hasSuffix("/") ? "/" : "")
        }
    }

    @Test func noExternalResources() {
        for (name, render) in Self.pages {
            let page = render(Gallery.cluster()).replacing("http://www.w3.org/2000/svg", with: "")
                .replacing("http://www.w3.org/1999/xhtml", with: "")
            #expect(!page.contains("http:"), "\(name)")
            #expect(!page.contains("https:"), "\(name)")
            #expect(!page.contains("url("), "\(name)")
        }
    }

    @Test func loopsPage() {
        let html = LoopsPage.html(Gallery.cluster())
        #expect(html.contains("stalled for 4.81 s"))
        #expect(html.contains("<title>from 50 ms: 17</title>"))
        let text = LoopsPage.text(Gallery.cluster())
        #expect(text.contains("loop-1"))
        #expect(text.contains("4,120,334"))
    }

    @Test func offloadPage() {
        let html = OffloadPage.html(Gallery.cluster())
        #expect(html.contains("load-profile"))
        #expect(html.contains("1 of 4"))
        #expect(OffloadPage.text(Gallery.cluster()).contains("load-profile: 90 completed, mean 44 ms, longest 200 ms"))
        var busy = Gallery.cluster()
        busy.workers[0].status?.offload.running = 4
        #expect(OffloadPage.html(busy).contains("--blocking-threads"))
    }

    @Test func flameGraphWeighsByTime() {
        let a = StallReport.sample(id: "a", durationMs: 300, frames: [.user("leafA()"), .user("root()")])
        let b = StallReport.sample(id: "b", durationMs: 100, frames: [.user("leafB()"), .user("root()")])
        var blind = StallReport.sample(id: "c", durationMs: 100)
        blind.samples = []
        let svg = FlameGraph.svg([a, b, blind])
        #expect(svg.contains("500 ms of stalls"))
        #expect(svg.contains("<title>root()\n400 ms, 80 %"))
        #expect(svg.contains("<title>leafA()\n300 ms, 60 %"))
        #expect(svg.contains("<title>no stack: blocked in clock_nanosleep(2)\n100 ms, 20 %"))
        #expect(svg.contains("x=\"0.0\" y=\"74\" width=\"720.0\""))
        #expect(FlameGraph.svg([]).contains("0 ns of stalls"))
        // A deep recursion is cut, not crashed on.
        let deep = StallReport.sample(frames: (0..<5_000).map { .user("f\($0)()") })
        #expect(FlameGraph.svg([deep]).contains("f4999()"))
    }

    @Test func textForATerminal() {
        let text = StallsText.render(Gallery.cluster())
        for words in [
            "1. MetricsCache.snapshot()   4.81 s SO FAR", "worker 3   SILENT for 3.20 s", "[HOST AT FAULT]",
            "[2 runtime frames: clock_nanosleep … usleep]", "async ProfileHandler.onMessage(_:_:)",
            "Sources/App/SlowStore.swift:17", "correlation 3f1c9a", "-> `usleep`", "degraded: perf",
        ] {
            #expect(text.contains(words), "\(words)")
        }
        for line in text.split(separator: "\n") { #expect(line.count <= 100, "\(line)") }
    }

    @Test func dates() {
        #expect(UTCTime.text(0) == "1970-01-01 00:00:00 UTC")
        #expect(UTCTime.text(951_782_400_000_000_000) == "2000-02-29 00:00:00 UTC")
        #expect(UTCTime.text(-1) == "1969-12-31 23:59:59 UTC")
        #expect(UTCTime.text(Gallery.now) == "2026-11-24 12:31:54 UTC")
        #expect(UTCTime.text(.max) == "2262-04-11 23:47:16 UTC")
        #expect(UTCTime.text(.min) == "1677-09-21 00:12:43 UTC")
    }

    /// For looking at the pages: `LOOPGUARD_PAGES=/tmp/pages swift test --filter writesSamplePages`.
    @Test(.enabled(if: ProcessInfo.processInfo.environment["LOOPGUARD_PAGES"] != nil))
    func writesSamplePages() throws {
        let folder = URL(filePath: ProcessInfo.processInfo.environment["LOOPGUARD_PAGES"] ?? "/tmp")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for (name, render) in Self.pages {
            let file = folder.appending(path: name == "flame" || name == "timeline" ? name + ".svg" : name + ".html")
            try Data(render(Gallery.cluster()).utf8).write(to: file)
        }
        try Data(StallsPage.html(.sample([.sample()])).utf8).write(to: folder.appending(path: "quiet.html"))
        try Data(StallsText.render(Gallery.cluster()).utf8).write(to: folder.appending(path: "stalls.txt"))
        try Data(LoopsPage.text(Gallery.cluster()).utf8).write(to: folder.appending(path: "loops.txt"))
        try Data(MetricsText.render(Gallery.cluster()).utf8).write(to: folder.appending(path: "metrics.txt"))
        let index = DebugResponder.respond(
            method: "GET", path: "/", query: nil, accept: "text/html", cluster: Gallery.cluster()
        )
        try Data(index.body.utf8).write(to: folder.appending(path: "index.html"))
    }
}
