"""`/debug/stalls` and its neighbours: live by server-sent events, without JavaScript, as pictures and as downloads."""

import json
import re
import socket
import xml.dom.minidom

import pytest

from harness import stalls
from harness.browser import Browser
from harness.demo import misbehave
from harness.waiting import eventually


@pytest.fixture(scope="module")
def browser():
    instance = Browser()
    yield instance
    instance.close()


@pytest.fixture
def stalled(start_server, client):
    """A server with one finished stall."""
    server = start_server("--demo")
    misbehave(client(server, "/ws/demo/sleep", headers={"X-Correlation-ID": "e2e-first"}), 300)
    stalls.wait_for_finished(server, "/ws/demo/sleep")
    return server


class Stream:
    """A reader of the live events."""

    def __init__(self, server):
        self.socket = socket.create_connection(("127.0.0.1", server.admin_port), timeout=15)
        self.socket.sendall(b"GET /debug/stalls/events HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n")
        self.received = b""

    def read(self):
        """False at the end of the stream."""
        data = self.socket.recv(65536)
        self.received += data
        return bool(data)

    def wait_for(self, pattern):
        for _ in range(100):
            if re.search(pattern, self.received):
                return
            assert self.read(), f"the stream ended without {pattern}: {self.received}"
        raise AssertionError(f"no {pattern} in {self.received}")


@pytest.mark.parametrize("workers", [1, 2])
def test_events_tell_of_a_stall_while_it_lasts_and_end_with_the_server(request, start_server, client, workers):
    flags = ["--demo"]
    if workers > 1:
        flags += ["--workers", str(workers), "--redis", request.getfixturevalue("redis").url]
    server = start_server(*flags)
    stream = Stream(server)
    stream.wait_for(rb"200 OK[\s\S]*text/event-stream[\s\S]*retry: 2000\n\n")
    stream.wait_for(rb'data: {"ongoing":0,"total":\d+}')
    misbehave(client(server, "/ws/demo/sleep"), 4000)
    stream.wait_for(rb'event: change\ndata: {"ongoing":[1-9]')
    stalls.wait_for_ongoing(server, "/ws/demo/sleep")
    stream.wait_for(rb'"ongoing":[1-9][\s\S]*"ongoing":0,"total":[1-9]')
    assert server.stop() == 0
    while stream.read():
        pass


def test_a_page_renews_itself_and_keeps_open_what_is_open(browser, stalled, client):
    page = browser.open(f"http://127.0.0.1:{stalled.admin_port}/debug/stalls")
    eventually(lambda: page.evaluate("document.getElementById('live')?.textContent") == "live", 20, "the page is live")
    page.evaluate("window.marker = 7; document.querySelector('details[data-key$=\":evidence\"]').open = true; 0")
    misbehave(client(stalled, "/ws/demo/sleep", headers={"X-Correlation-ID": "e2e-second"}), 5000)
    age = "document.querySelector('[data-since]')?.textContent"
    eventually(lambda: page.evaluate(age), 8, "the page shows the stall that goes on")
    first = page.evaluate(age)
    eventually(lambda: page.evaluate(age) not in (first, None), 4, "its age ticks", every=0.1)
    eventually(lambda: "No loop is stalled" in page.text(), 20, "the page shows its end")
    assert page.evaluate("window.marker") == 7, "it was never loaded again"
    assert page.evaluate("document.querySelector('details[data-key$=\":evidence\"]').open") is True
    assert page.errors == []
    page.close()


def test_nothing_moves_while_text_is_selected(browser, stalled, client):
    page = browser.open(f"http://127.0.0.1:{stalled.admin_port}/debug/stalls")
    eventually(lambda: page.evaluate("document.getElementById('live')?.textContent") == "live", 20, "the page is live")
    page.evaluate("window.before = document.getElementById('main'); getSelection().selectAllChildren(document.querySelector('h3')); 0")
    misbehave(client(stalled, "/ws/demo/sleep"), 2500)
    stalls.wait_for_ongoing(stalled, "/ws/demo/sleep")
    eventually(lambda: not stalls.of_route(stalls.ongoing(stalled), "/ws/demo/sleep"), 15, "the stall is over")
    assert page.evaluate("window.before === document.getElementById('main')")
    page.evaluate("getSelection().removeAllRanges()")
    eventually(lambda: page.evaluate("window.before !== document.getElementById('main')"), 10, "it is renewed afterwards")
    assert page.errors == []
    page.close()


def test_the_page_without_a_script(browser, stalled):
    page = browser.open("about:blank")
    page.call("Emulation.setScriptExecutionDisabled", value=True)
    page.call("Page.navigate", url=f"http://127.0.0.1:{stalled.admin_port}/debug/stalls.html?refresh=2")

    def text():
        for _ in range(20):
            try:
                root = page.call("DOM.getDocument")["root"]["nodeId"]
                return page.call("DOM.getOuterHTML", nodeId=root)["outerHTML"]
            except AssertionError:
                pass  # it was loaded again in between
        raise AssertionError("the page never stands still")

    eventually(lambda: "e2e-first" in text(), 20, "the page tells of the stall")
    shown = text()
    assert 'http-equiv="refresh"' in shown and "hold it still" in shown
    stamp = re.search(r"As of ([^.]+)\.", shown).group(1)

    def is_newer():
        found = re.search(r"As of ([^.]+)\.", text())
        return found and found.group(1) != stamp

    eventually(is_newer, 15, "it was loaded again")
    page.close()


def test_a_timeline_that_does_not_fit_shows_its_newest_end(browser, stalled):
    page = browser.open("about:blank")
    page.call("Emulation.setDeviceMetricsOverride", width=400, height=800, deviceScaleFactor=1, mobile=True)
    page.call("Emulation.setScriptExecutionDisabled", value=True)
    page.call("Page.navigate", url=f"http://127.0.0.1:{stalled.admin_port}/debug/loops")
    # Where the right edges of the picture and of its frame are; the page itself has no say without its script.
    edges = """(() => { const frame = document.querySelector(".picture"); if (!frame) return null;
        const svg = frame.querySelector("svg").getBoundingClientRect(), box = frame.getBoundingClientRect();
        return [svg.width - box.width, Math.abs(box.right - svg.right),
                document.documentElement.scrollWidth - innerWidth]; })()"""
    hidden, distance, sideways = eventually(lambda: page.evaluate(edges), 10, "the page is there")
    assert hidden > 100 and distance < 20, "the newest end is in sight, the oldest is not"
    assert sideways <= 0, "only the picture scrolls"
    page.close()


def test_pictures(browser, stalled):
    report = stalls.recent(stalled)[0]
    for path in ("/debug/timeline", "/debug/timeline?minutes=60", "/debug/stalls/flamegraph.svg",
                 f"/debug/stalls/flamegraph.svg?site={report['fingerprint']}"):
        xml.dom.minidom.parseString(stalled.admin(path).text)
    timeline = stalled.admin("/debug/timeline").text
    assert f"/debug/stalls#site-{report['fingerprint']}" in timeline and 'class="c-blocked"' in timeline
    loops = stalled.admin("/debug/loops", headers={"Accept": "text/html"}).text
    assert 'class="timeline"' in loops and 'class="histogram"' in loops

    page = browser.open(f"http://127.0.0.1:{stalled.admin_port}/debug/stalls/flamegraph.svg")
    eventually(lambda: page.evaluate("document.getElementById('tools')?.hasAttribute('visibility') === false"), 20, "the script runs")
    page.evaluate("(() => { const box = document.getElementById('search'); box.value = 'demoSleep.*'; box.dispatchEvent(new Event('input')); })()")
    found = page.evaluate("document.getElementById('found').textContent")
    assert re.fullmatch(r"matched \d+\.\d % of the time", found) and found != "matched 0.0 % of the time"
    shown = "[...document.querySelectorAll('g.f')].filter(g => g.style.display !== 'none').length"
    whole = page.evaluate(shown)
    page.evaluate("document.querySelector('g.hit').dispatchEvent(new MouseEvent('click'))")
    assert "zoomed to" in page.evaluate("document.getElementById('zoomed').textContent")
    page.evaluate("document.getElementById('reset').click()")
    assert page.evaluate(shown) == whole and page.evaluate("document.querySelectorAll('g.hit').length") == 0
    assert page.errors == []
    page.close()


def test_downloads(stalled):
    expected = {"/debug/stalls.json": "inline", "/debug/stalls.collapsed": "attachment",
                "/debug/stalls.speedscope.json": "attachment", "/debug/stalls/flamegraph.svg": "inline"}
    page = stalled.admin("/debug/stalls.html").text
    for path, disposition in expected.items():
        assert stalled.admin(path).headers["content-disposition"].startswith(disposition + "; filename=")
        assert f'href="{path}" download' in page
    lines = stalled.admin("/debug/stalls.collapsed").text.splitlines()
    assert lines and all(re.fullmatch(r"[^;]+(;[^;]+)* \d+", line) for line in lines)
    assert any("demoSleep" in line for line in lines)
    file = json.loads(stalled.admin("/debug/stalls.speedscope.json").text)
    profile = file["profiles"][file["activeProfileIndex"]]
    assert len(profile["samples"]) == len(profile["weights"]) and sum(profile["weights"]) == profile["endValue"]
    names = {file["shared"]["frames"][index]["name"] for sample in profile["samples"] for index in sample}
    assert any("demoSleep" in name for name in names)


@pytest.mark.parametrize("garbage, status", [(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400), (b"BREW / HTCPCP\r\n\r\n", 400),
                                             (b"GET / HTTP/1.1\r\nX: " + b"x" * 200_000 + b"\r\n\r\n", 431)])
def test_what_is_no_request_is_told_so_in_a_line(shared_server, garbage, status):
    with socket.create_connection(("127.0.0.1", shared_server.admin_port), timeout=15) as connection:
        connection.sendall(garbage)
        answer = b""
        try:
            while data := connection.recv(65536):
                answer += data
        except ConnectionResetError:
            pass  # the rest of a large header was never read
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status)
    assert body.startswith(b"%d: " % status) and body.count(b"\n") == 1
