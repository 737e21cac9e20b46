"""Headless Chromium, spoken to in its own protocol."""

import base64
import json
import shutil
import tempfile
import urllib.request

from websockets.sync.client import connect

from .process import Process
from .waiting import eventually


# Not the empty document that a tab starts with.
LOADED = "location.href !== 'about:blank' && document.readyState === 'complete'"  # a picture has no body


class Browser:
    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="loopguard-chromium-", ignore_cleanup_errors=True)
        binary = shutil.which("chromium") or shutil.which("chromium-browser")
        assert binary, "chromium is missing: Tools/setup --tests installs it"
        self.process = Process(
            [binary, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
             "--disable-background-networking", "--disable-component-update", "--disable-sync",
             # Tabs in the background must not be slowed down: both are watched at once.
             "--disable-background-timer-throttling", "--disable-renderer-backgrounding",
             "--disable-backgrounding-occluded-windows", "--window-size=1280,900", "--hide-scrollbars",
             "--no-proxy-server", "--remote-debugging-port=0", f"--user-data-dir={self.folder.name}", "about:blank"],
            env={"HOME": self.folder.name})
        self.port = eventually(self._find_port, 60, "Chromium's debugging port")

    def _find_port(self):
        with open(f"{self.folder.name}/DevToolsActivePort") as file:
            return int(file.readline())

    def open(self, url):
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/json/new?{url}", method="PUT")
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=30) as response:
            page = Page(json.load(response)["webSocketDebuggerUrl"])
        # A tab is there before its document: a probe in between would find no body.
        if url != "about:blank":
            eventually(lambda: page.evaluate(LOADED), 30, f"{url} is loaded")
        return page

    def close(self):
        self.process.kill()
        self.folder.cleanup()


class Page:
    """One tab."""

    def __init__(self, url):
        self.connection = connect(url, proxy=None, compression=None, max_size=None, ping_interval=None, legacy=True)
        self.number = 0
        self.errors = []
        self.call("Page.enable")
        self.call("Runtime.enable")

    def call(self, method, **parameters):
        self.number += 1
        self.connection.send(json.dumps({"id": self.number, "method": method, "params": parameters}))
        while True:
            answer = json.loads(self.connection.recv(timeout=30))
            if answer.get("method") == "Runtime.exceptionThrown":
                self.errors.append(answer["params"]["exceptionDetails"])
            if answer.get("id") == self.number:
                assert "error" not in answer, answer["error"]
                return answer["result"]

    def evaluate(self, expression):
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in result, result["exceptionDetails"]
        return result["result"].get("value")

    def text(self):
        """What a reader sees; nothing while the page has no body yet."""
        return self.evaluate("document.body ? document.body.innerText : ''")

    def screenshot(self, path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))

    def close(self):
        try:
            self.call("Page.close")
        except Exception:  # noqa: BLE001: it is gone either way
            pass
        self.connection.close_socket()
