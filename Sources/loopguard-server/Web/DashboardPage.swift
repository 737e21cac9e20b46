import LoopguardWebSocket
import NIOCore
import NIOHTTP1

/// The live page at `/`: one document with its style and script inside, served from the binary.
enum DashboardPage {
    /// The page allows exactly its own style and script, by a nonce made for each answer, and connections to its own host.
    static func answer(nonce: String = makeNonce()) -> HTTPAnswer {
        var answer = HTTPAnswer.html(html(nonce: nonce))
        for (name, value) in [
            ("content-security-policy", policy(nonce: nonce)), ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"), ("cache-control", "no-store"),
        ] { answer.headers.replaceOrAdd(name: name, value: value) }
        return answer
    }

    static func policy(nonce: String) -> String {
        "default-src 'none'; style-src 'nonce-\(nonce)'; script-src 'nonce-\(nonce)'; connect-src 'self'; "
            + "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    }

    /// 128 random bits.
    static func makeNonce() -> String {
        var generator = SystemRandomNumberGenerator()
        return (0..<2).map { _ in String(generator.next() as UInt64, radix: 16) }.joined()
    }

    static func html(nonce: String) -> String {
        document.replacing("{{nonce}}", with: nonce).replacing("{{style}}", with: style)
            .replacing("{{script}}", with: script)
    }

    private static let document = #"""
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <title>Loopguard</title>
        <link rel="icon" href="data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E%3Crect width='32' height='32' rx='8' fill='%230d7a6f'/%3E%3Cpath d='M6 17h5l3-8 5 14 3-6h4' fill='none' stroke='white' stroke-width='2.5' stroke-linejoin='round' stroke-linecap='round'/%3E%3C/svg%3E">
        <style nonce="{{nonce}}">{{style}}</style>
        </head>
        <body>
        <header>
          <svg class="mark" viewBox="0 0 32 32" aria-hidden="true"><rect width="32" height="32" rx="8"/><path d="M6 17h5l3-8 5 14 3-6h4"/></svg>
          <h1>Loopguard</h1>
          <span id="state" class="pill waiting" role="status">connecting</span>
          <span class="grow"></span>
          <a href="/debug/stalls">Stalls</a>
          <a href="/debug/loops">Loops</a>
          <a href="/metrics">Metrics</a>
        </header>
        <main>
          <section class="card chart" aria-labelledby="cpu-title">
            <div class="row">
              <h2 id="cpu-title">CPU use</h2>
              <span class="grow"></span>
              <span class="note" id="producer"></span>
            </div>
            <p class="value"><span id="value">–</span><small>%</small></p>
            <svg id="plot" viewBox="0 0 720 220" preserveAspectRatio="none" role="img" aria-label="CPU use over the last two minutes">
              <g id="grid"></g>
              <path id="area"></path>
              <path id="line"></path>
            </svg>
            <div class="row note"><span id="oldest"></span><span class="grow"></span><span id="newest"></span></div>
          </section>
          <section class="tiles" aria-label="This tab">
            <div class="card tile"><h2>Worker</h2><p id="worker">–</p><span class="note" id="worker-note"></span></div>
            <div class="card tile"><h2>Connections</h2><p id="connections">–</p><span class="note" id="connections-note"></span></div>
            <div class="card tile"><h2>Skew</h2><p id="skew">–</p><span class="note" id="skew-note"></span></div>
            <div class="card tile"><h2>Stalls</h2><p id="stall-total">–</p><span class="note" id="stall-note"></span></div>
          </section>
          <section class="card" aria-labelledby="stalls-title">
            <div class="row"><h2 id="stalls-title">Newest stalls</h2><span class="grow"></span><a href="/debug/stalls">all stalls with their stacks</a></div>
            <ul id="stalls"></ul>
            <p class="empty" id="no-stalls">None yet. Every handler gave its event loop back in time.</p>
          </section>
          <section class="card" aria-labelledby="workers-title">
            <h2 id="workers-title">Workers</h2>
            <table><thead><tr><th>Worker</th><th>Process</th><th class="number">Connections</th><th></th><th class="number">Stalls</th><th>State</th></tr></thead><tbody id="workers"></tbody></table>
          </section>
        </main>
        <footer class="note">Connection <code id="connection">–</code> · correlation <code id="correlation">–</code></footer>
        <script nonce="{{nonce}}">{{script}}</script>
        </body>
        </html>
        """#
}
