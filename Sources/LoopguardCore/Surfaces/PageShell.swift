/// What all debug pages have in common: head, navigation, the script that keeps a page fresh.
enum PageShell {
    /// The endpoints in the navigation, in order.
    private static let links: [(path: String, label: String)] = [
        ("/debug/stalls", "Stalls"), ("/debug/loops", "Loops"), ("/debug/offload", "Offload"),
        ("/debug/stalls/flamegraph.svg", "Flame graph"), ("/debug/timeline", "Timeline"), ("/metrics", "Metrics"),
        ("/debug/stalls.json", "JSON"),
    ]

    /// A whole document.
    ///
    /// - Parameters:
    ///   - path: the page's own entry in the navigation.
    ///   - title: of the window; put what matters first.
    ///   - nowUnixNs: the wall clock of the figures; with it the page is live and ages tick.
    ///   - refreshSeconds: without a script a live page is loaded again after so long; 0 = not.
    static func html(
        path: String, title: String, main: HTML, nowUnixNs: Int64? = nil, refreshSeconds: Int = 0
    ) -> String {
        let now: HTML = nowUnixNs.map { " data-now=\"\($0 / 1_000_000)\"" } ?? HTML()
        let reload: HTML =
            nowUnixNs != nil && refreshSeconds > 0
            ? "<noscript><meta http-equiv=\"refresh\" content=\"\(refreshSeconds)\"></noscript>\n" : HTML()
        let navigation = links.map { link -> HTML in
            let current: HTML = link.path == path ? " aria-current=\"page\"" : ""
            return "<a href=\"\(link.path)\"\(current)>\(link.label)</a>"
        }.joined()
        let page: HTML = """
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <title>\(title)</title>
            \(reload)<style>\(css)\(CauseColor.css)\(TimelinePicture.css)</style>
            </head>
            <body>
            <a class="skip" href="#main">Skip to the content</a>
            <header class="bar"><a class="brand" href="/">Loopguard</a><nav aria-label="Pages">\(navigation)</nav>\
            <span id="live" role="status"></span></header>
            <main id="main" tabindex="-1"\(now)>
            \(main)
            </main>
            <script>\(HTML(stringLiteral: script))</script>
            </body>
            </html>

            """
        return page.text
    }

    /// Renews `<main>` when the server says that something changed (server-sent events), or every 3 s where there are none. What is
    /// open stays open, the focus stays where it is, and nothing moves while somebody selects text or types. Ages tick in between.
    /// The hash in `PageSecurity` covers exactly this text.
    static let script = """
        "use strict";
        (() => {
          const live = document.getElementById("live");
          const main = () => document.getElementById("main");
          if (!main().dataset.now) return;
          let failures = 0, wanted = false, busy = false, last = 0, offset = 0, polling = 0;
          const say = (text, bad) => { if (live.textContent !== text) live.textContent = text; live.className = bad ? "bad" : ""; };
          const sync = () => { offset = Number(main().dataset.now) - Date.now(); };
          const keyed = root => root.querySelectorAll("details[data-key]");
          const isInUse = () => {
            const selection = window.getSelection();
            if (selection && !selection.isCollapsed && main().contains(selection.anchorNode)) return true;
            return ["INPUT", "SELECT", "TEXTAREA"].includes(document.activeElement?.tagName);
          };
          const place = () => {
            const active = document.activeElement;
            if (!active || !main().contains(active)) return null;
            const box = active.closest("[data-key]");
            if (box && active.tagName === "SUMMARY") return () => [...keyed(main())].find(d => d.dataset.key === box.dataset.key)?.querySelector("summary");
            const tag = active.tagName.toLowerCase(), text = active.textContent;
            const number = [...main().querySelectorAll(tag)].filter(e => e.textContent === text).indexOf(active);
            return () => [...main().querySelectorAll(tag)].filter(e => e.textContent === text)[number];
          };
          const swap = fresh => {
            const next = fresh.getElementById("main"), old = main(), focused = place();
            if (!next) return;
            const state = new Map();
            keyed(old).forEach(d => state.set(d.dataset.key, d.open));
            keyed(next).forEach(d => { if (state.has(d.dataset.key)) d.open = state.get(d.dataset.key); });
            const answer = document.getElementById("selftest-answer")?.textContent;
            old.replaceWith(document.adoptNode(next));
            if (answer) { const box = document.getElementById("selftest-answer"); if (box) box.textContent = answer; }
            focused?.()?.focus({ preventScroll: true });
            document.title = fresh.title;
            sync();
          };
          const refresh = async () => {
            wanted = true;
            if (busy || document.hidden || isInUse() || Date.now() - last < 450) return;
            busy = true; wanted = false; last = Date.now();
            try {
              const answer = await fetch(location.href, { headers: { Accept: "text/html" }, cache: "no-store" });
              if (!answer.ok) throw new Error(answer.status);
              const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
              if (isInUse()) wanted = true; else swap(fresh);
              failures = 0;
              say("live", false);
            } catch (error) {
              failures += 1;
              say("no answer (" + failures + ")", true);
            }
            busy = false;
          };
          const poll = () => { if (!polling) polling = setInterval(refresh, 3000); };
          const stop = () => { clearInterval(polling); polling = 0; };
          const length = ms => {
            if (ms < 1000) return Math.max(0, Math.round(ms)) + " ms";
            const s = ms / 1000;
            if (s < 60) return s.toFixed(s < 10 ? 2 : 1) + " s";
            const whole = Math.floor(s), part = (a, x, b, y) => y ? a + " " + x + " " + y + " " + b : a + " " + x;
            if (whole < 3600) return part(Math.floor(whole / 60), "min", "s", whole % 60);
            return part(Math.floor(whole / 3600), "h", "min", Math.floor(whole % 3600 / 60));
          };
          setInterval(() => {
            if (document.hidden) return;
            if (wanted && !isInUse()) refresh();
            if (isInUse() || failures > 0) return;
            main().querySelectorAll("[data-since]").forEach(e => {
              e.textContent = length(Date.now() + offset - Number(e.dataset.since));
            });
          }, 200);
          document.addEventListener("submit", async event => {
            if (!("selftest" in event.target.dataset)) return;
            event.preventDefault();
            const answer = document.getElementById("selftest-answer");
            answer.textContent = "…";
            try {
              const reply = await fetch(event.submitter.formAction, { method: "POST" });
              document.getElementById("selftest-answer").textContent = (await reply.text()).trim().slice(0, 400);
            } catch { document.getElementById("selftest-answer").textContent = "no answer"; }
          });
          sync();
          say("live", false);
          document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh(); });
          const events = new EventSource("/debug/stalls/events");
          events.addEventListener("open", () => { stop(); if (failures > 0) refresh(); });
          events.addEventListener("change", refresh);
          events.addEventListener("heartbeat", refresh);
          events.addEventListener("error", () => { poll(); refresh(); });
        })();
        """

    private static let css: HTML = """
        :root{color-scheme:light dark;--bg:#f7f7f8;--card:#fff;--line:#e3e4e8;--text:#1b1c20;--soft:#63666f;--faint:#8b8e98;
        --code:#f1f2f5;--red:#b3261e;--redbg:#fdecea;--redline:#e9a8a3;--amber:#8a5a00;--amberbg:#fff6e0;--green:#1a6e3c;
        --greenbg:#e8f5ec;--blue:#2456b8;--bluebg:#eaf1fd;--bar:#e07b39;
        --mono:ui-monospace,SFMono-Regular,"SF Mono",Menlo,Consolas,"DejaVu Sans Mono","Liberation Mono",monospace}
        @media (prefers-color-scheme:dark){:root{--bg:#131417;--card:#1b1d21;--line:#2d3037;--text:#e6e7ea;--soft:#a2a5ae;
        --faint:#7c808a;--code:#25282e;--red:#ff8a80;--redbg:#35191a;--redline:#7c302d;--amber:#f1c365;--amberbg:#2e2614;
        --green:#7fd6a0;--greenbg:#16291d;--blue:#8fb4ff;--bluebg:#1a2538;--bar:#d98b55}}
        *{box-sizing:border-box}
        body{margin:0;background:var(--bg);color:var(--text);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,
        "Helvetica Neue",Arial,sans-serif;-webkit-text-size-adjust:100%}
        .bar{display:flex;flex-wrap:wrap;align-items:baseline;gap:4px 20px;padding:12px 24px;border-bottom:1px solid var(--line);
        background:var(--card)}
        .brand{font-weight:650;letter-spacing:-.01em;color:var(--text);text-decoration:none}
        nav{display:flex;flex-wrap:wrap;gap:4px 16px;flex:1}
        nav a{color:var(--soft);text-decoration:none}nav a:hover{color:var(--text);text-decoration:underline}
        nav a[aria-current]{color:var(--text);font-weight:600}
        #live{color:var(--faint);font-size:13px}#live.bad{color:var(--red);font-weight:600}
        main{max-width:1120px;margin:0 auto;padding:24px}
        h1{font-size:26px;line-height:1.25;letter-spacing:-.015em;margin:0 0 4px;font-weight:650}
        h2{font-size:13px;text-transform:uppercase;letter-spacing:.06em;color:var(--soft);margin:36px 0 12px;font-weight:600}
        h3{font:600 16px/1.4 var(--mono);margin:0;overflow-wrap:anywhere;min-width:0}
        h1.bad,.bad{color:var(--red)}h1.good{color:var(--green)}
        .lead{color:var(--soft);margin:0 0 20px}
        .figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(132px,1fr));background:var(--card);
        border:1px solid var(--line);border-radius:10px;overflow:hidden;margin:0 0 16px}
        .figures div{padding:12px 16px;box-shadow:1px 1px 0 var(--line)}
        .figures dt{color:var(--soft);font-size:13px}
        .figures dd{margin:2px 0 0;font-size:20px;font-weight:600;font-variant-numeric:tabular-nums;letter-spacing:-.01em}
        .host{margin:0 0 4px}.host h3{font-size:14px;margin:0 0 4px}
        .workers{display:flex;flex-wrap:wrap;gap:8px;margin:0 0 16px;padding:0;list-style:none}
        .workers li{border:1px solid var(--line);background:var(--card);border-radius:8px;padding:5px 12px;font-size:14px}
        .workers li b{font-weight:600}.workers li span{color:var(--soft)}
        .workers li.bad{background:var(--redbg);border-color:var(--redline);color:var(--red)}
        .workers li.bad span{color:inherit}
        .workers li.warn{background:var(--amberbg);border-color:transparent;color:var(--amber)}
        .workers li.warn span{color:inherit}
        .note{background:var(--amberbg);color:var(--amber);border-radius:10px;padding:10px 16px;margin:0 0 16px;font-size:14px}
        .note ul{margin:4px 0 0;padding-left:20px}.note p{margin:0;font-weight:600}
        .note.bad{background:var(--redbg);color:var(--red)}
        .stall{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:16px 20px;margin:0 0 14px}
        .stall.now{border-color:var(--redline);border-left:5px solid var(--red)}
        .head{display:flex;gap:16px;justify-content:space-between;align-items:baseline}
        .head .time{white-space:nowrap;text-align:right;font-weight:650;font-variant-numeric:tabular-nums;font-size:18px}
        .now .time{color:var(--red)}
        .rank{color:var(--faint);font-weight:400;margin-right:6px}
        .cause{margin:2px 0 0;font-size:15px}
        .place{font-family:var(--mono);font-size:13.5px;overflow-wrap:anywhere}
        .meta{margin:4px 0 0;color:var(--soft);font-size:14px}
        .tag{display:inline-block;border-radius:5px;padding:0 7px;font-size:12.5px;line-height:20px;background:var(--code);
        color:var(--soft);vertical-align:1px}
        .tag.host{background:var(--amberbg);color:var(--amber)}
        .scope{display:flex;flex-wrap:wrap;gap:2px 18px;margin:10px 0 0;font-size:14px}
        .scope div{display:flex;gap:6px;min-width:0}.scope dt{color:var(--faint)}
        .scope dd{margin:0;font-family:var(--mono);font-size:13px;line-height:21px;overflow-wrap:anywhere}
        .trace{margin:12px 0 0;padding:10px 14px;background:var(--code);border-radius:8px;font:13px/1.6 var(--mono);
        list-style:none;overflow-x:auto}
        .trace .f{display:flex;flex-wrap:wrap;justify-content:space-between;gap:0 20px}
        .trace .f b{font-weight:600;overflow-wrap:anywhere}
        .trace .f span{color:var(--soft);overflow-wrap:anywhere}
        .trace .r b{font-weight:400;color:var(--soft)}
        .trace ul{list-style:none;margin:0;padding:0 0 0 16px}
        .trace i{font-style:normal;color:var(--blue);background:var(--bluebg);border-radius:4px;padding:0 5px;margin-right:6px;
        font-size:12px}
        .trace summary{color:var(--faint)}
        summary{cursor:pointer;color:var(--soft);border-radius:4px}summary:hover{color:var(--text)}
        .more{margin:10px 0 0;font-size:14px}.more ul{margin:6px 0 0;padding-left:20px;color:var(--soft)}
        .fix{margin:12px 0 0;padding:10px 14px;background:var(--greenbg);border-radius:8px;font-size:14.5px}
        .fix b{color:var(--green);margin-right:4px}
        code{font-family:var(--mono);font-size:.92em;background:var(--code);border-radius:4px;padding:1px 5px;
        overflow-wrap:anywhere}
        .fix code{background:transparent;padding:0;font-weight:600}
        .scroll{overflow-x:auto;background:var(--card);border:1px solid var(--line);border-radius:10px;margin:0 0 14px}
        table{border-collapse:collapse;width:100%;font-size:14px}
        th,td{text-align:left;padding:8px 14px;border-top:1px solid var(--line);vertical-align:baseline}
        thead th{border-top:0;color:var(--soft);font-weight:500;font-size:13px;white-space:nowrap}
        td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
        td.m{font-family:var(--mono);font-size:13px;overflow-wrap:anywhere;min-width:9ch}
        .scroll td.m{white-space:nowrap}
        tr.bad td{background:var(--redbg)}td:has(svg){vertical-align:middle;padding-top:6px;padding-bottom:6px}
        svg.bars{display:block;height:28px;width:150px}svg.bars rect{fill:var(--bar)}
        .empty{background:var(--card);border:1px dashed var(--line);border-radius:10px;padding:24px;color:var(--soft);
        text-align:center}
        .skip{position:absolute;left:-999px}.skip:focus{left:8px;top:8px;background:var(--card);padding:6px 12px;z-index:1}
        main:focus{outline:none}
        .head .time small{font-weight:400;font-size:13px;color:var(--soft);letter-spacing:0}
        .dot{margin-right:7px;vertical-align:-1px}
        .facts{display:flex;flex-wrap:wrap;gap:6px 24px;align-items:flex-end;justify-content:space-between;margin:10px 0 2px}
        .facts dl{display:flex;flex-wrap:wrap;gap:4px 26px;margin:0}.facts dt{color:var(--soft);font-size:12.5px;line-height:1.3}
        .facts dd{margin:0;font-weight:600;font-variant-numeric:tabular-nums}
        .hour{margin:0;text-align:right}.hour figcaption{color:var(--faint);font-size:11.5px;line-height:1.2}.spark{display:block;max-width:100%}.axis{stroke:var(--line);fill:none}
        .fix p{margin:0}.fix pre{margin:8px 0 0;padding:8px 12px;background:var(--card);border-radius:6px;overflow-x:auto;
        font:13px/1.55 var(--mono)}.fix pre span{color:var(--faint)}
        .links{margin:10px 0 0;font-size:14px}
        .legend{display:flex;flex-wrap:wrap;gap:4px 18px;list-style:none;margin:8px 0 0;padding:0;font-size:13.5px;color:var(--soft)}
        .card{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:12px 16px;margin:0 0 14px}
        .picture{overflow-x:auto;padding:6px 8px;direction:rtl}.picture svg{min-width:720px;display:block;direction:ltr}
        .choices{margin:0 0 8px;color:var(--soft);font-size:14px}.choices a,.choices b{margin-left:8px}
        .histograms{display:flex;flex-wrap:wrap;gap:14px}
        .histogram{margin:0;padding:12px 16px;background:var(--card);border:1px solid var(--line);border-radius:10px;
        overflow-x:auto;max-width:100%}
        .histogram figcaption{color:var(--soft);font-size:13.5px;margin:0 0 4px}.histogram svg{display:block}
        .histogram .bar{fill:var(--bar)}.histogram .hit{fill:transparent}.histogram g:hover .hit{fill:var(--code)}
        .histogram text{text-anchor:middle;fill:var(--text)}.histogram .edge{fill:var(--soft);font-size:11.5px}
        .buttons{margin:8px 0}button{font:inherit;font-size:14px;padding:5px 12px;border:1px solid var(--line);border-radius:7px;
        background:var(--code);color:var(--text);cursor:pointer}button:hover{border-color:var(--soft)}
        output{display:block;font-family:var(--mono);font-size:13px;color:var(--soft);white-space:pre-wrap}
        article:target{outline:2px solid var(--blue);outline-offset:2px}
        footer p{margin:0 0 4px}footer{margin:36px 0 0;color:var(--faint);font-size:13px}
        a{color:var(--blue)}
        a:focus-visible,summary:focus-visible,button:focus-visible,div:focus-visible{outline:2px solid var(--blue);outline-offset:2px}
        @media (max-width:640px){main{padding:16px}.bar{padding:10px 16px}.stall{padding:14px}.head{flex-direction:column;
        gap:0}}
        """

    /// The workers as a row of marks, for each host a row when there are several; silent ones are red.
    static func workers(_ document: StallsDocument) -> HTML {
        guard !document.workers.isEmpty else { return "<p class=\"note bad\">No worker is known.</p>" }
        guard document.hasSeveralHosts else { return row(document.workers, document) }
        var hosts: [String] = []
        for worker in document.workers where !hosts.contains(worker.host ?? "") { hosts.append(worker.host ?? "") }
        return hosts.map { host -> HTML in
            let workers = document.workers.filter { ($0.host ?? "") == host }
            let mark: HTML = workers.allSatisfy(\.isSilent) ? " class=\"bad\"" : HTML()
            let silence: HTML = workers.allSatisfy(\.isSilent) ? " is silent" : HTML()
            return """
                <div class="host"><h3\(mark)>\(host.isEmpty ? "host not known" : host)\(silence)</h3>\(row(workers, document))</div>

                """
        }.joined()
    }

    private static func row(_ workers: [StallsDocument.Worker], _ document: StallsDocument) -> HTML {
        let items = workers.map { worker -> HTML in
            if worker.isSilent {
                return
                    "<li class=\"bad\"><b>worker \(worker.worker)</b> silent for \(HumanText.duration(ns: worker.silentForNs)) <span>· pid \(worker.pid)</span></li>"
            }
            let isWarning = worker.state != "running" || !worker.notReady.isEmpty
            var text: HTML = "<b>worker \(worker.worker)</b> \(worker.state) "
            text += "<span>· \(HumanText.count(worker.connections, "connection")) · pid \(worker.pid)"
            if let started = worker.startedAtUnixNs {
                let up = UInt64(clamping: document.generatedAtUnixNs.saturatingSubtract(started))
                text += " · up \(HumanText.duration(ns: up))"
            }
            if worker.restarts > 0 { text += " · \(HumanText.count(worker.restarts, "restart"))" }
            text += "</span>"
            if worker.stalledLoops > 0 {
                text += " <b class=\"bad\">\(HumanText.count(worker.stalledLoops, "loop")) stalled</b>"
            }
            if !worker.notReady.isEmpty { text += " · not ready: \(worker.notReady.joined(separator: "; "))" }
            let mark: HTML = isWarning ? " class=\"warn\"" : ""
            return "<li\(mark)>\(text)</li>"
        }
        return "<ul class=\"workers\">\(items.joined())</ul>"
    }

    /// What is not known of other hosts.
    static func notes(_ notes: [String]) -> HTML {
        notes.map { note -> HTML in "<p class=\"note warn\">\(note)</p>\n" }.joined()
    }

    /// One figure with its name.
    static func figure(_ name: String, _ value: String) -> HTML { "<div><dt>\(name)</dt><dd>\(value)</dd></div>" }

    /// Text with `` `code` `` in it.
    static func inlineCode(_ text: String) -> HTML {
        var result = HTML()
        for (index, part) in text.split(separator: "`", omittingEmptySubsequences: false).enumerated() {
            result += index % 2 == 1 ? "<code>\(String(part))</code>" : "\(String(part))"
        }
        return result
    }
}
