"""The server under test."""

import json
import os
import signal
from pathlib import Path

from . import http
from .process import Process
from .waiting import eventually

REPOSITORY = Path(__file__).resolve().parents[3]
BINARY = os.environ.get("LOOPGUARD_SERVER", str(REPOSITORY / ".build/release/loopguard-server"))


def run_to_end(*flags, env=None, timeout=20.0):
    """Runs the binary until it ends; for flags that it refuses and for its other commands."""
    process = Process([BINARY, *flags], env=env)
    try:
        code = process.wait(timeout)
    finally:
        process.kill()
    return code, "\n".join(process.stdout), "\n".join(process.stderr)


class Server:
    """A running `loopguard-server` with ports of its own."""

    def __init__(self, *flags, env=None, tls=False):
        fixed = ["--host", "127.0.0.1", "--port", "0", "--admin", "127.0.0.1:0", "--log-format", "json"]
        self.process = Process([BINARY, *fixed, *flags], env=env)
        self.tls = tls
        try:
            listening = self.process.wait_for_output(r"Listening on https?://[^:/]+:(\d+)")
            self.port = int(listening.group(1))
            admin = self.process.wait_for_output(r"Admin on http://127\.0\.0\.1:(\d+)/debug/stalls")
            self.admin_port = int(admin.group(1))
        except BaseException:
            self.process.kill()
            raise

    # Talking to it

    def websocket_url(self, path):
        return f"{'wss' if self.tls else 'ws'}://127.0.0.1:{self.port}{path}"

    @property
    def origin(self):
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    def get(self, path, **options):
        return http.request(self.port, path, **options)

    def admin(self, path, **options):
        return http.request(self.admin_port, path, **options)

    # What it says

    def logs(self):
        """Its log lines as dictionaries; a line that is not JSON fails the test."""
        lines = [line for line in list(self.process.stderr) if line.strip()]
        return [json.loads(line) for line in lines]

    def log_lines_with(self, text):
        return [line for line in list(self.process.stderr) if text in line]

    def disconnects(self, text):
        """The log lines that say how a connection ended, of those that have `text` somewhere."""
        return [line for line in self.logs() if line["message"] == "WebSocket closed" and text in str(line)]

    def workers(self):
        """Views of the workers, as `/debug/loops.json` has them."""
        return self.admin("/debug/loops.json").json()["workers"]

    def worker_pids(self):
        return {view["worker"]: view["pid"] for view in self.workers()}

    def loops(self):
        """(worker, loop) for every guarded loop."""
        return [
            (view["worker"], loop)
            for view in self.workers()
            for loop in view["loops"]
        ]

    def connections(self):
        """Open connections by worker."""
        counts = {}
        for worker, loop in self.loops():
            counts[worker] = counts.get(worker, 0) + loop["connections"]
        return counts

    def is_ready(self):
        return self.admin("/readyz").status == 200

    def wait_until_ready(self, workers=1, timeout=30.0):
        eventually(self.is_ready, timeout, "/readyz is green")

        def running():
            # Our own come first; those of other hosts that share the Redis may follow.
            views = self.workers()[:workers]
            return len(views) == workers and all(view["state"] == "running" and view["loops"] for view in views)

        eventually(running, timeout, f"{workers} workers run")
        return self

    # Its end

    def stop(self, number=signal.SIGTERM, timeout=30.0):
        """Ends it as an operator would, and says how it went."""
        self.process.signal(number)
        return self.process.wait(timeout)
