extension DashboardPage {
    static let style = #"""
        :root{--bg:#f4f6f5;--card:#fff;--ink:#17211f;--soft:#5c6b68;--line:#dfe6e4;--accent:#0d7a6f;--fill:#0d7a6f22;--good:#0d7a6f;--bad:#b3261e;--badbg:#b3261e14;--warn:#8a5a00;--warnbg:#8a5a0018}
        @media (prefers-color-scheme:dark){:root{--bg:#0f1514;--card:#172120;--ink:#e6efed;--soft:#94a6a2;--line:#263331;--accent:#4fd1c0;--fill:#4fd1c022;--good:#4fd1c0;--bad:#ff8a80;--badbg:#ff8a801f;--warn:#f2c063;--warnbg:#f2c0631f}}
        *{box-sizing:border-box}
        body{margin:0;background:var(--bg);color:var(--ink);font:15px/1.45 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;-webkit-font-smoothing:antialiased}
        header{display:flex;align-items:center;gap:12px;padding:18px 24px;max-width:1080px;margin:auto}
        h1{font-size:18px;margin:0;letter-spacing:-.01em}
        h2{font-size:13px;font-weight:600;color:var(--soft);margin:0}
        a{color:var(--accent);text-decoration:none;font-weight:500}
        a:hover{text-decoration:underline}
        :focus-visible{outline:2px solid var(--accent);outline-offset:2px;border-radius:4px}
        header a{margin-left:6px}
        .mark{width:28px;height:28px}.mark rect{fill:#0d7a6f}.mark path{fill:none;stroke:#fff;stroke-width:2.5;stroke-linejoin:round;stroke-linecap:round}
        .grow{flex:1}
        .row{display:flex;align-items:baseline;gap:12px}
        .pill{font-size:12px;font-weight:600;padding:3px 10px;border-radius:99px;background:var(--fill);color:var(--good);white-space:nowrap}
        .pill::before{content:"";display:inline-block;width:7px;height:7px;border-radius:50%;background:currentColor;margin-right:6px;vertical-align:1px}
        .pill.waiting{color:var(--warn);background:var(--warnbg)}.pill.lost{color:var(--bad);background:var(--badbg)}
        main{display:grid;gap:16px;padding:0 24px;max-width:1080px;margin:auto}
        .card{background:var(--card);border:1px solid var(--line);border-radius:14px;padding:18px 20px;min-width:0}
        .value{font-size:64px;line-height:1.1;font-weight:650;letter-spacing:-.03em;margin:4px 0 8px;font-variant-numeric:tabular-nums}
        .value small{font-size:26px;font-weight:500;color:var(--soft);margin-left:4px;letter-spacing:0}
        #plot{display:block;width:100%;height:220px;overflow:visible}
        #grid line{stroke:var(--line);vector-effect:non-scaling-stroke}
        #line{fill:none;stroke:var(--accent);stroke-width:2.5;vector-effect:non-scaling-stroke;stroke-linejoin:round;stroke-linecap:round}
        #area{fill:var(--fill)}
        .note{color:var(--soft);font-size:12.5px;font-variant-numeric:tabular-nums}
        .tiles{display:grid;gap:16px;grid-template-columns:repeat(4,minmax(0,1fr))}
        .tile p{font-size:28px;font-weight:620;letter-spacing:-.02em;margin:6px 0 2px;font-variant-numeric:tabular-nums;white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
        .tile .note{display:block;min-height:1.45em}
        ul{list-style:none;margin:10px 0 0;padding:0}
        li{display:grid;grid-template-columns:92px minmax(0,1fr) auto;gap:4px 14px;padding:10px 0;border-top:1px solid var(--line);align-items:baseline}
        li .took{font-weight:650;white-space:nowrap;font-variant-numeric:tabular-nums}
        li .place{font-family:ui-monospace,SFMono-Regular,Menlo,monospace;font-size:13px;overflow-wrap:anywhere}
        li .why{grid-column:2;color:var(--soft);font-size:13px;overflow-wrap:anywhere}
        li.ongoing .took{color:var(--bad)}
        .empty{color:var(--soft);margin:12px 0 2px}
        table{width:100%;border-collapse:collapse;margin-top:8px;font-variant-numeric:tabular-nums}
        th{font-size:12px;font-weight:500;color:var(--soft);text-align:left;padding:6px 8px 6px 0}
        td{padding:8px 8px 8px 0;border-top:1px solid var(--line);white-space:nowrap}
        .number{text-align:right}
        td:nth-child(4){width:38%;padding-left:8px}
        th:last-child,td:last-child{padding-left:20px}
        tr.me td:first-child{font-weight:650}
        .bar{height:8px;border-radius:4px;background:var(--fill);overflow:hidden}.bar i{display:block;height:100%;background:var(--accent);border-radius:4px}
        footer{padding:18px 24px 32px;max-width:1080px;margin:auto;overflow-wrap:anywhere}
        code{font-family:ui-monospace,SFMono-Regular,Menlo,monospace;font-size:12px}
        @media (max-width:760px){.tiles{grid-template-columns:repeat(2,minmax(0,1fr))}header{padding:14px 16px;flex-wrap:wrap}main{padding:0 16px}footer{padding:16px}.value{font-size:52px}li{grid-template-columns:88px minmax(0,1fr)}header{gap:8px}li .when{grid-column:2}td:nth-child(2),th:nth-child(2){display:none}}
        """#
}
