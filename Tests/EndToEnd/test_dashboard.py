"""The page at `/` in real tabs: one series for everybody, whichever worker a tab is connected to."""

import json
import os
import signal

import pytest

from harness.browser import Browser
from harness.server import REPOSITORY
from harness.waiting import eventually

PICTURES = REPOSITORY / ".build/e2e"
# What a page offers to tests: its series as [{seq, value, at_ms}], oldest first.
SERIES = "JSON.stringify(window.loopguardSeries || [])"
# "#2" with several workers, nothing yet before the first message.
WORKER = "(document.getElementById('worker')?.textContent.match(/^#([0-9]+)$/) || [])[1]"


@pytest.fixture(scope="module")
def browser():
    instance = Browser()
    yield instance
    instance.close()


@pytest.fixture
def cluster(start_server, redis):
    return start_server("--workers", "3", "--redis", redis.url, "--demo")


def series(page):
    return {point["seq"]: point["value"] for point in json.loads(page.evaluate(SERIES))}


def worker(page):
    return page.evaluate(WORKER)


def open_on_two_workers(browser, cluster, most=30):
    """Two tabs on different workers; tabs on the same worker are closed again."""
    address = f"http://127.0.0.1:{cluster.port}/"
    first = browser.open(address)
    eventually(lambda: worker(first) is not None, 20, "the first tab knows its worker")
    for _ in range(most):
        second = browser.open(address)
        eventually(lambda: worker(second) is not None, 20, "the tab knows its worker")
        if worker(second) != worker(first):
            return first, second
        second.close()
    raise AssertionError(f"{most} tabs were all on worker {worker(first)}")


def common(first, second, count):
    """The values that both tabs have, once there are `count` of them."""

    def probe():
        one, two = series(first), series(second)
        both = sorted(one.keys() & two.keys())
        return (one, two, both) if len(both) >= count else None

    return eventually(probe, 40, f"{count} values in both tabs", every=0.25)


def test_two_tabs_on_different_workers_show_one_series(browser, cluster):
    first, second = open_on_two_workers(browser, cluster)
    one, two, both = common(first, second, 5)
    assert {seq: one[seq] for seq in both} == {seq: two[seq] for seq in both}
    assert both == list(range(both[0], both[0] + len(both))), "no value is left out"
    assert all(0 <= one[seq] <= 100 for seq in both), "a share of CPU, in percent"
    first.screenshot(PICTURES / "dashboard.png")
    assert (PICTURES / "dashboard.png").stat().st_size > 5000

    # Kill the first tab's worker: the tab comes back by itself, and the series goes on for both.
    victim = worker(first)
    last = max(series(second))
    os.kill(cluster.worker_pids()[int(victim)], signal.SIGKILL)
    eventually(lambda: max(series(first), default=0) > last + 3, 40, "the first tab goes on", every=0.25)
    eventually(lambda: max(series(second)) > last + 3, 40, "the second tab goes on", every=0.25)
    one, two = series(first), series(second)
    after = [seq for seq in one.keys() & two.keys() if seq > last]
    assert after and {seq: one[seq] for seq in after} == {seq: two[seq] for seq in after}
    assert first.errors == [] and second.errors == []
    first.close()
    second.close()


def test_a_tab_survives_a_restart_of_redis(browser, cluster, redis):
    page = browser.open(f"http://127.0.0.1:{cluster.port}/")
    eventually(lambda: len(series(page)) >= 2, 30, "two values")
    redis.kill()
    eventually(lambda: not cluster.is_ready(), 20, "/readyz is red")
    redis.start()
    eventually(cluster.is_ready, 30, "/readyz is green again")
    before = len(page.text())
    points = json.loads(page.evaluate(SERIES))
    eventually(lambda: json.loads(page.evaluate(SERIES))[-1] != points[-1], 30, "new values come", every=0.25)
    assert before > 0 and page.errors == []
    page.close()


def test_a_single_worker_needs_no_redis(browser, start_server):
    server = start_server()
    page = browser.open(f"http://127.0.0.1:{server.port}/")
    eventually(lambda: len(series(page)) >= 2, 30, "two values", every=0.25)
    assert page.errors == []
    page.close()


def test_the_stalls_page_shows_an_ongoing_stall(browser, start_server, client):
    from harness import stalls
    from harness.demo import misbehave

    server = start_server("--demo")
    misbehave(client(server, "/ws/demo/sleep", headers={"X-Correlation-ID": "e2e-picture"}), 8000)
    stalls.wait_for_ongoing(server, "/ws/demo/sleep")
    page = browser.open(f"http://127.0.0.1:{server.admin_port}/debug/stalls")
    eventually(lambda: "e2e-picture" in page.text(), 6, "the page names the client")
    page.screenshot(PICTURES / "stalls.png")
    assert "/ws/demo/sleep" in page.text()
    assert page.errors == []
    page.close()
