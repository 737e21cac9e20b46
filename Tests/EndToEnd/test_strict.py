"""`--strict`: calls that may block are reported beside the stalls that they cause, and are not counted as stalls."""

import json

import pytest

from harness.demo import misbehave
from harness.stalls import document
from harness.waiting import eventually


@pytest.mark.parametrize(
    "demo, function, remedy",
    [
        ("sleep", "demoSleepOnEventLoop", "Task.sleep"),
        ("lock", "demoWaitForContendedLock", "actor"),
    ],
)
def test_a_blocking_call_names_the_function_that_made_it(start_server, client, tmp_path, demo, function, remedy):
    report = tmp_path / "verdict.json"
    server = start_server("--strict", "--demo", "--loops", "1", "--stall-budget", f"/ws/demo/{demo}:count<2",
                          "--stall-budget-report", str(report))
    misbehave(client(server, f"/ws/demo/{demo}"), 200)

    def of_function(calls):
        return [site for site in document(server)["sites"] if (site["worst"]["kind"] == "blocking-call") == calls
                and any(function in frame.get("function", "") for frame in frames(site) if not frame["is_runtime"])]

    def frames(site):
        return [frame for sample in site["worst"]["samples"] for frame in sample["frames"]]

    # The lock's demo also waits for a semaphore, at the same place: the longest call is the one that is shown.
    site = eventually(
        lambda: [site for site in of_function(True) if remedy in site["worst"]["remedy"]], 10, "the call is reported")[0]
    own = [frame for frame in frames(site) if not frame["is_runtime"]]
    assert function in own[0]["function"], "nothing of strict mode stands before it"
    assert not [frame for frame in own if "CLoopguardStrict" in frame.get("file", "")]
    stall = eventually(lambda: of_function(False), 10, "so is the stall")[0]
    assert stall["fingerprint"] != site["fingerprint"] and stall["count"] == 1
    now = document(server)
    counts = [site["count"] for site in now["sites"] if site["worst"]["kind"] != "blocking-call"]
    assert now["total"] == sum(counts), "a call is no stall"
    assert function in server.admin("/debug/stalls.txt").text
    server.stop()
    rules = json.loads(report.read_text())["rules"]
    assert [rule["is_kept"] for rule in rules] == [True], "the budget counts the stall alone"
