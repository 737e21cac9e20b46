/// What all debug pages have in common: head, navigation, the script that keeps a page fresh.
enum PageShell {
    /// The endpoints in the navigation, in order.
    private static let links: [(path: String, label: String)] = [
        ("/debug/stalls", "Stalls"), ("/debug/loops", "Loops"), ("/debug/offload", "Offload"),
        ("/debug/stalls/flamegraph.svg", "Flame graph"), ("/metrics", "Metrics"), ("/debug/stalls.json", "JSON"),
    ]

    /// A whole document.
    ///
    /// - Parameters:
    ///   - path: the page's own entry in the navigation.
    ///   - title: of the window; put what matters first.
    static func html(path: String, title: String, main: HTML) -> String {
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
            <style>\(css)</style>
            </head>
            <body>
            <header class="bar"><a class="brand" href="/">Loopguard</a><nav>\(navigation)</nav><span id="live"></span></header>
            <main id="main">
            \(main)
            </main>
            <script>\(HTML(stringLiteral: script))</script>
            </body>
            </html>

            """
        return page.text
    }

    /// Fetches the page every 2 s and swaps `<main>`, keeping open what is open and leaving a selection alone. The hash in
    /// `PageSecurity` covers exactly this text.
    static let script = """
        "use strict";
        (() => {
          const live = document.getElementById("live");
          let failures = 0;
          const say = (text, bad) => { live.textContent = text; live.className = bad ? "bad" : ""; };
          const keyed = root => root.querySelectorAll("details[data-key]");
          const refresh = async () => {
            const selection = window.getSelection();
            if (document.hidden || (selection && !selection.isCollapsed)) return;
            try {
              const answer = await fetch(location.href, { headers: { Accept: "text/html" }, cache: "no-store" });
              if (!answer.ok) throw new Error(answer.status);
              const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
              const next = fresh.getElementById("main");
              const main = document.getElementById("main");
              if (!next || !main) return;
              const state = new Map();
              keyed(main).forEach(d => state.set(d.dataset.key, d.open));
              keyed(next).forEach(d => { if (state.has(d.dataset.key)) d.open = state.get(d.dataset.key); });
              main.replaceWith(document.adoptNode(next));
              document.title = fresh.title;
              failures = 0;
              say("live", false);
            } catch (error) {
              failures += 1;
              say("no answer (" + failures + ")", true);
            }
          };
          say("live", false);
          setInterval(refresh, 2000);
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
        .figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(132px,1fr));gap:1px;background:var(--line);
        border:1px solid var(--line);border-radius:10px;overflow:hidden;margin:0 0 16px}
        .figures div{background:var(--card);padding:12px 16px}
        .figures dt{color:var(--soft);font-size:13px}
        .figures dd{margin:2px 0 0;font-size:20px;font-weight:600;font-variant-numeric:tabular-nums;letter-spacing:-.01em}
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
        .head .time{white-space:nowrap;font-weight:650;font-variant-numeric:tabular-nums;font-size:18px}
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
        td.m{font-family:var(--mono);font-size:13px;overflow-wrap:anywhere}
        tr.bad td{background:var(--redbg)}td:has(svg){vertical-align:middle;padding-top:6px;padding-bottom:6px}
        svg.bars{display:block;height:28px;width:150px}svg.bars rect{fill:var(--bar)}
        .empty{background:var(--card);border:1px dashed var(--line);border-radius:10px;padding:24px;color:var(--soft);
        text-align:center}
        footer{margin:36px 0 0;color:var(--faint);font-size:13px}
        a{color:var(--blue)}
        a:focus-visible,summary:focus-visible{outline:2px solid var(--blue);outline-offset:2px}
        @media (max-width:640px){main{padding:16px}.bar{padding:10px 16px}.stall{padding:14px}.head{flex-direction:column;
        gap:0}}
        """

    /// The workers as a row of marks; silent ones are red.
    static func workers(_ workers: [StallsDocument.Worker], now: Int64) -> HTML {
        guard !workers.isEmpty else { return "<p class=\"note bad\">No worker is known.</p>" }
        let hasHosts = Set(workers.map(\.host)).count > 1
        let items = workers.map { worker -> HTML in
            let name = worker.name(withHost: hasHosts)
            if worker.isSilent {
                return
                    "<li class=\"bad\"><b>\(name)</b> silent for \(HumanText.duration(ns: worker.silentForNs)) <span>· pid \(worker.pid)</span></li>"
            }
            let isWarning = worker.state != "running" || !worker.notReady.isEmpty
            var text: HTML = "<b>\(name)</b> \(worker.state) "
            text += "<span>· \(HumanText.count(worker.connections, "connection")) · pid \(worker.pid)"
            if let started = worker.startedAtUnixNs {
                let up = UInt64(clamping: now.saturatingSubtract(started))
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
