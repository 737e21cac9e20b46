"""`POST /debug/selftest` plants a stall, for people on this machine and for nobody else."""

import html
import os
import re
import signal
import threading

from harness.stalls import document, of_route
from harness.waiting import eventually


def plant(server, query="", **headers):
    path = "/debug/selftest" + (f"?{query}" if query else "")
    return server.admin(path, method="POST", headers=headers, timeout=20)


def test_a_planted_stall_is_reported(start_server):
    server = start_server("--loops", "2")
    answer = plant(server, "loop=loop-1&ms=300&kind=spin")
    assert answer.status == 200, answer.text
    outcome = answer.json()
    assert outcome["is_seen"] and outcome["loop"] == "loop-1" and outcome["duration_ns"] >= 300_000_000
    report = of_route(document(server)["recent"], "selftest")[0]
    assert report["id"] == outcome["report"] and report["fingerprint"] == outcome["fingerprint"]
    assert report["loop"] == "loop-1"


def test_every_worker_can_be_tested(start_server, redis):
    server = start_server("--workers", "2", "--redis", redis.url)
    for worker in (1, 2):
        answer = plant(server, f"worker={worker}&ms=200")
        assert answer.status == 200, answer.text
        assert answer.json()["worker"] == worker and answer.json()["is_seen"]
    seen = eventually(lambda: of_route(document(server)["recent"], "selftest"), 10, "the page has them")
    assert {report["worker"] for report in seen} <= {1, 2}
    assert plant(server, "worker=7").status == 404


def test_what_cannot_be_done_is_refused_in_words(start_server):
    server = start_server("--selftest-max-ms", "1500")
    assert plant(server, "ms=1501").status == 400 and "1500" in plant(server, "ms=1501").text
    assert plant(server, "kind=nap").status == 400
    assert plant(server, "loop=loop-99").status == 404
    assert server.admin("/debug/selftest").status in (404, 405), "a GET plants nothing"
    first = []
    thread = threading.Thread(target=lambda: first.append(plant(server, "ms=1500")))
    thread.start()
    eventually(lambda: document(server)["ongoing"], 5, "the first is under way")
    assert plant(server, "ms=100").status == 409
    thread.join(20)
    assert first[0].status == 200


def test_a_web_page_cannot_plant_one(start_server):
    server = start_server()
    for headers in (
        {"Origin": "http://evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Origin": "null"},
    ):
        assert plant(server, "ms=200", **headers).status == 403
    assert plant(server, "ms=200", Host="evil.example").status == 421
    assert not of_route(document(server)["recent"] + document(server)["ongoing"], "selftest")


def test_it_can_be_switched_off(start_server):
    server = start_server("--no-selftest")
    answer = plant(server, "ms=200")
    assert answer.status == 403 and "--no-selftest" in answer.text
    assert "/debug/selftest" not in server.admin("/").text + server.admin("/debug/stalls.html").text


def test_the_buttons_of_the_page_work_without_its_script(start_server):
    server = start_server("--loops", "2")
    assert "/debug/selftest" in server.admin("/").text
    page = server.admin("/debug/stalls.html").text
    actions = [html.unescape(action) for action in re.findall('formaction="([^"]*)"', page)]
    assert [action.split("?")[1] for action in actions] == [
        "ms=1000&worker=0&loop=loop-0", "ms=1000&worker=0&loop=loop-1"]
    answer = server.admin(
        actions[1], method="POST", timeout=20, headers={
            "Origin": f"http://127.0.0.1:{server.admin_port}", "Sec-Fetch-Site": "same-origin",
            "Accept": "text/html,application/xhtml+xml,*/*;q=0.8", "Content-Type": "application/x-www-form-urlencoded"})
    assert answer.status == 303 and answer.headers["location"] == "/debug/stalls", answer.text
    assert of_route(document(server)["recent"], "selftest")[0]["loop"] == "loop-1"


def test_a_stopped_worker_is_killed_and_replaced(start_server, redis):
    server = start_server("--workers", "2", "--redis", redis.url, "--worker-silent-seconds", "3")
    pids = server.worker_pids()
    os.kill(pids[1], signal.SIGSTOP)
    now = eventually(
        lambda: server.worker_pids().get(1) not in (None, 0, pids[1]) and server.worker_pids(), 30, "it is replaced")
    assert now[2] == pids[2], "the other one is left alone"
    eventually(server.is_ready, 20, "/readyz is green again")
    assert any("has said nothing" in line["message"] for line in server.logs())
