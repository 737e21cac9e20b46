"""A run ends with a verdict on its stalls, and with an exit code that fails a pipeline."""

import json
import os
import signal

import jsonschema
import pytest

from harness import stalls
from harness.cluster import spread_over_workers
from harness.demo import misbehave
from harness.server import REPOSITORY, run_to_end
from harness.waiting import eventually

GATE = 3
USAGE = 64
FLAGS = ("--demo", "--watchdog-ms", "50", "--loops", "1")


def stall(server, client, kind="sleep", milliseconds=300):
    """A handler of `/ws/demo/…` stalls its loop, and it is over."""
    connection = client(server, f"/ws/demo/{kind}")
    misbehave(connection, milliseconds)
    connection.recv(timeout=15)
    stalls.wait_for_finished(server, f"/ws/demo/{kind}")


def read(path, schema):
    """A file that the program wrote, as its schema wants it; source paths are of no machine."""
    document = json.loads(path.read_text())
    jsonschema.validate(document, json.loads((REPOSITORY / f"Documentation/{schema}.schema.json").read_text()))
    assert str(REPOSITORY) not in path.read_text()
    return document


def end(server):
    code = server.stop()
    return code, "\n".join(server.process.stdout)


def test_a_run_without_stalls_passes(start_server, client, tmp_path):
    report = tmp_path / "verdict.json"
    server = start_server(*FLAGS, "--stall-budget", "max<10s,p99<5s", "--stall-budget-report", str(report))
    client(server, "/ws/echo").send("hello")
    code, out = end(server)
    assert code == 0, out
    assert "stall gate: passed" in out
    verdict = read(report, "stall-verdict")
    assert verdict["ticks"] > 0
    assert [rule["is_kept"] for rule in verdict["rules"]] == [True, True]


def test_a_broken_budget_is_exit_code_3(start_server, client, tmp_path):
    report = tmp_path / "verdict.json"
    server = start_server(*FLAGS, "--stall-budget", "max<200ms,/ws/demo/sleep:count<1,/ws/demo/read:count<1",
                          "--stall-budget-report", str(report))
    stall(server, client)
    code, out = end(server)
    assert code == GATE, out
    assert "BROKEN  max<200ms" in out
    assert "demoSleepOnEventLoop" in out
    verdict = read(report, "stall-verdict")
    assert [rule["is_kept"] for rule in verdict["rules"]] == [False, False, True]
    assert verdict["rules"][0]["at_least"] >= 300_000_000
    place = next(place for place in verdict["places"] if place["route"] == "/ws/demo/sleep")
    assert place["standing"] == "not-compared"
    assert place["max_ns"] >= 300_000_000


def test_a_stall_that_goes_on_at_the_end_counts(start_server, client):
    server = start_server(*FLAGS, "--stall-budget", "max<500ms", "--drain-seconds", "1")
    connection = client(server, "/ws/demo/sleep")
    misbehave(connection, 10_000)
    stalls.wait_for_ongoing(server, "/ws/demo/sleep")
    code, out = end(server)
    assert code == GATE, out
    assert "BROKEN  max<500ms" in out


def test_the_way_of_a_baseline(start_server, client, tmp_path):
    """Written from a run, refused without reasons, accepts the same stall of another run, fails another one, expires."""
    baseline = tmp_path / "baseline.json"
    server = start_server(*FLAGS, "--write-stall-baseline", str(baseline))
    stall(server, client)
    code, out = end(server)
    assert code == 0, out
    written = read(baseline, "stall-baseline")
    entry = next(entry for entry in written["accepted"] if "demoSleepOnEventLoop" in entry["where"])

    code, _, err = run_to_end(*FLAGS, "--stall-baseline", str(baseline))
    assert code == USAGE
    assert "has no reason" in err

    for accepted in written["accepted"]:
        accepted["reason"] = "demo"
    baseline.write_text(json.dumps(written))
    code, out = run(start_server, client, baseline, ["sleep"], "max<200ms")
    assert code == 0, out
    assert f"accepted  {entry['fingerprint']}" in out

    code, out = run(start_server, client, baseline, ["sleep", "read"], "max<10s")
    assert code == GATE, out
    assert "NEW  " in out and "demoReadFromPipe" in out
    pasted = next(line for line in out.splitlines() if line.strip().startswith("{") and "demoReadFromPipe" in line)
    assert json.loads(pasted)["reason"] == ""

    entry["until"] = "2020-01-31"
    baseline.write_text(json.dumps(written))
    code, out = run(start_server, client, baseline, ["sleep"], "max<10s")
    assert code == GATE, out
    assert f"EXPIRED  {entry['fingerprint']}" in out

    code, out = run(start_server, client, baseline, [], "max<10s")
    assert code == 0, out
    assert f"unused in the baseline: {entry['fingerprint']}" in out


def run(start_server, client, baseline, kinds, budget):
    server = start_server(*FLAGS, "--stall-baseline", str(baseline), "--stall-budget", budget)
    for kind in kinds:
        stall(server, client, kind)
    return end(server)


def test_workers_are_judged_together(start_server, client, redis, tmp_path):
    report = tmp_path / "verdict.json"
    server = start_server(*FLAGS, "--workers", "2", "--redis", redis.url, "--stall-budget", "max<200ms,count<100",
                          "--stall-budget-report", str(report))
    pairs = spread_over_workers(server, lambda: client(server, "/ws/demo/sleep"), 2, 4)
    seen = set()
    for connection, worker in pairs:
        if worker not in seen:
            seen.add(worker)
            misbehave(connection, 300)
            connection.recv(timeout=15)
    assert len(seen) == 2
    code, out = end(server)
    assert code == GATE, out
    assert out.count("stall gate:") == 1
    verdict = read(report, "stall-verdict")
    assert verdict["cut_short"] == 0, out
    assert verdict["without_details"] == 0, out
    assert sum(place["count"] for place in verdict["places"] if place["route"] == "/ws/demo/sleep") == 2


def test_a_worker_that_was_killed_is_named(start_server, client, redis):
    server = start_server(*FLAGS, "--workers", "2", "--redis", redis.url, "--stall-budget", "max<10s")
    pid = server.worker_pids()[1]
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: server.worker_pids().get(1) not in (pid, 0, None), 20, "worker 1 is started again")
    server.wait_until_ready(2)
    code, out = end(server)
    assert code == 0, out
    assert "1 of the processes ended without telling" in out


@pytest.mark.parametrize(
    "flags, words",
    [
        (("--stall-budget", "p99<20ms"), "at most 20 ms"),
        (("--stall-budget", "p99"), "<="),
        (("--stall-budget", "speed<1ms"), "p999"),
        (("--stall-baseline", "/nonexistent.json"), "/nonexistent.json"),
        (("--stall-baseline", "/dev/null"), "it is a device"),
        (("--stall-baseline", "/"), "it is a folder"),
        (("--config", "/dev/zero"), "it is a device"),
        (("--stall-budget-report", "/nonexistent/verdict.json"), "cannot write"),
        (("--write-stall-baseline", "/nonexistent/baseline.json"), "cannot write"),
    ],
)
def test_what_cannot_be_used_is_said_at_the_start(flags, words):
    code, _, err = run_to_end("--port", "0", "--admin", "off", *flags)
    assert code == USAGE
    assert words in err


def test_the_examples_of_the_documentation_are_valid():
    text = (REPOSITORY / "Documentation/Budget.md").read_text()
    blocks = [block.split("```")[0] for block in text.split("```json\n")[1:]]
    assert blocks
    for block in blocks:
        json.loads(block)
