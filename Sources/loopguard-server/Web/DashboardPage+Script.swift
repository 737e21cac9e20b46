extension DashboardPage {
    static let script = #"""
        "use strict";
        const POINTS = 60, INTERVAL = 2000, FIRST_WAIT = 500, LONGEST_WAIT = 20000, STABLE = 10000, QUIET = 6500;
        const $ = id => document.getElementById(id);
        const svg = "http://www.w3.org/2000/svg";
        // Read by tests: the series of this tab, {seq, value, at_ms}, oldest first.
        window.loopguardSeries = [];
        const received = new Map();
        let socket = null, attempt = 0, retry = null, stable = null, me = null, smallest = Infinity, lastHeard = 0, connected = false;

        function show(text, kind) { const pill = $("state"); pill.textContent = text; pill.className = "pill " + kind; }

        function connect() {
          clearTimeout(retry);
          show(attempt ? "reconnecting" : "connecting", "waiting");
          const scheme = location.protocol === "https:" ? "wss:" : "ws:";
          const mine = socket = new WebSocket(scheme + "//" + location.host + "/ws/dashboard");
          mine.onopen = () => {
            if (mine !== socket) return;
            connected = true;
            show("live", "");
            // Only a connection that has lasted shows that the server is well again.
            stable = setTimeout(() => { attempt = 0; }, STABLE);
          };
          mine.onmessage = event => { if (mine === socket) receive(event.data); };
          mine.onclose = () => {
            if (mine !== socket) return;
            connected = false;
            clearTimeout(stable);
            // Full jitter: all tabs of a restarted worker come back at different times.
            const wait = Math.max(50, Math.random() * Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** attempt));
            attempt = Math.min(attempt + 1, 10);
            show("reconnecting in " + (wait / 1000).toFixed(1) + " s", "lost");
            retry = setTimeout(connect, wait);
          };
        }
        addEventListener("online", () => { if (!connected) connect(); });

        function receive(text) {
          let message;
          try { message = JSON.parse(text); } catch { return; }
          if (message.type === "hello") hello(message);
          else if (message.type === "cpu") cpu(message);
          else if (message.type === "workers") workers(message);
          else if (message.type === "stalls") stalls(message);
        }

        function hello(message) {
          me = message;
          smallest = Infinity;
          received.clear();
          $("worker").textContent = message.worker === 0 ? "single" : "#" + message.worker;
          $("worker-note").textContent = "process " + message.pid + " on " + message.host;
          $("stall-note").textContent = "over " + message.threshold_ms + " ms";
          $("connection").textContent = message.connection;
          $("correlation").textContent = message.correlation;
        }

        function cpu(message) {
          const series = window.loopguardSeries;
          const now = Date.now();
          const last = series[series.length - 1];
          // Numbers start again when the cluster has lost its memory: then so does the series.
          if (last && message.seq + POINTS < last.seq) series.length = 0;
          if (series.some(point => point.seq === message.seq)) return;
          series.push({ seq: message.seq, value: message.value, at_ms: message.at_ms });
          series.sort((a, b) => a.seq - b.seq);
          if (series.length > POINTS) series.splice(0, series.length - POINTS);
          const newest = series[series.length - 1];
          $("value").textContent = newest.value.toFixed(1);
          $("producer").textContent = "value " + newest.seq + ", measured by " + message.producer;
          document.title = newest.value.toFixed(0) + " % · Loopguard";
          lastHeard = performance.now();
          // What came as history says nothing about the way here.
          if (message === newest || newest.seq === message.seq) skew(message, now);
          draw();
        }

        function skew(message, now) {
          const offset = now - message.at_ms;
          if (offset > 1500 && smallest === Infinity && window.loopguardSeries.length > 1) return;
          smallest = Math.min(smallest, offset);
          const before = received.get(message.seq - 1);
          received.set(message.seq, { now, at: message.at_ms });
          received.delete(message.seq - 8);
          $("skew").textContent = Math.round(offset - smallest) + " ms";
          if (before) {
            const gap = (now - before.now) - (message.at_ms - before.at);
            $("skew-note").textContent = (gap >= 0 ? "+" : "") + Math.round(gap) + " ms since the last value";
          } else $("skew-note").textContent = "against the fastest value";
        }

        function draw() {
          const series = window.loopguardSeries, width = 720, height = 220;
          const newest = series[series.length - 1];
          const top = Math.max(10, Math.ceil(Math.max(...series.map(p => p.value)) / 10) * 10);
          const x = p => width - (newest.seq - p.seq) * width / (POINTS - 1);
          const y = p => height - p.value / top * (height - 6);
          const visible = series.filter(p => x(p) >= -1);
          const points = visible.map(p => x(p).toFixed(1) + "," + y(p).toFixed(1));
          $("line").setAttribute("d", points.length === 1 ? "M" + points[0] + "h0.1" : "M" + points.join("L"));
          $("area").setAttribute("d", "M" + x(visible[0]).toFixed(1) + "," + height + "L" + points.join("L") + "L" + width + "," + height + "Z");
          const grid = $("grid");
          grid.replaceChildren();
          for (const share of [0, 0.5, 1]) {
            const line = document.createElementNS(svg, "line"), at = height - share * (height - 6);
            for (const [name, value] of [["x1", 0], ["x2", width], ["y1", at], ["y2", at]]) line.setAttribute(name, value);
            grid.append(line);
          }
          $("oldest").textContent = new Date(newest.at_ms - (POINTS - 1) * INTERVAL).toLocaleTimeString();
          $("newest").textContent = "top line " + top + " % · " + new Date(newest.at_ms).toLocaleTimeString();
        }

        function cell(row, text, kind) {
          const cell = row.insertCell();
          if (text !== null) cell.textContent = text;
          if (kind) cell.className = kind;
          return cell;
        }

        function workers(message) {
          const list = message.workers, total = list.reduce((sum, w) => sum + w.connections, 0);
          const most = Math.max(1, ...list.map(w => w.connections));
          $("connections").textContent = total.toLocaleString();
          $("connections-note").textContent = "on " + list.length + (list.length === 1 ? " worker" : " workers");
          const body = $("workers");
          body.replaceChildren();
          for (const worker of list) {
            const row = body.insertRow();
            const isMe = me && me.pid === worker.pid && me.host === worker.host;
            if (isMe) row.className = "me";
            cell(row, (worker.worker === 0 ? "single" : "#" + worker.worker) + (isMe ? " (this tab)" : ""));
            cell(row, worker.pid + " on " + worker.host);
            cell(row, worker.connections.toLocaleString(), "number");
            const bar = document.createElement("div"), part = document.createElement("i");
            bar.className = "bar";
            part.style.width = worker.connections / most * 100 + "%";
            bar.append(part);
            cell(row, null).append(bar);
            cell(row, worker.stalls.toLocaleString(), "number");
            cell(row, worker.stalled_loops ? worker.stalled_loops + " stalled" : "fine");
          }
        }

        function stalls(message) {
          $("stall-total").textContent = message.total.toLocaleString();
          const list = $("stalls");
          list.replaceChildren();
          $("no-stalls").hidden = message.stalls.length > 0;
          for (const stall of message.stalls) {
            const item = document.createElement("li");
            if (stall.ongoing) item.className = "ongoing";
            const add = (kind, text) => { const part = document.createElement("span"); part.className = kind; part.textContent = text; item.append(part); };
            add("took", stall.duration_ms.toLocaleString() + " ms" + (stall.ongoing ? " …" : ""));
            add("place", stall.place || stall.route || stall.loop);
            add("when note", stall.ongoing ? "now" : new Date(stall.at_ms).toLocaleTimeString());
            add("why", stall.cause + (stall.route ? " · " + stall.route : "") + " · " + (stall.worker ? "worker " + stall.worker + ", " : "") + stall.loop);
            list.append(item);
          }
        }

        setInterval(() => {
          if (!connected || !lastHeard) return;
          const quiet = performance.now() - lastHeard;
          if (quiet > QUIET) show("no values for " + Math.round(quiet / 1000) + " s", "waiting");
          else show("live", "");
        }, 1000);
        connect();
        """#
}
