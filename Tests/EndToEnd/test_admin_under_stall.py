"""The admin address answers while every guarded loop stands still."""

import json
import statistics
import time

import jsonschema
import pytest

from harness.cluster import spread_over_loops
from harness.demo import misbehave
from harness.server import REPOSITORY
from harness.waiting import eventually

STALL_MS = 10_000
REQUESTS = 25


def all_stalled(server, wanted):
    loops = server.loops()
    return len(loops) == wanted and all(loop["stalled"] for _, loop in loops)


@pytest.mark.parametrize("workers, loops", [(1, 2), (3, 1)])
def test_admin_answers_while_all_loops_are_blocked(request, start_server, client, record_property, workers, loops):
    flags = ["--demo", "--loops", str(loops)]
    if workers > 1:
        flags += ["--workers", str(workers), "--redis", request.getfixturevalue("redis").url]
    server = start_server(*flags)
    wanted = workers * loops
    spread = spread_over_loops(server, lambda: client(server, "/ws/demo/sleep"), wanted)
    for connection in spread.values():
        misbehave(connection, STALL_MS)
    # The supervisor learns of it from the workers' next message.
    eventually(lambda: all_stalled(server, wanted), 6, f"all {wanted} loops are stalled")

    latencies = []
    for number in range(REQUESTS):
        path = ("/debug/stalls.json", "/debug/loops", "/metrics", "/healthz", "/debug/stalls")[number % 5]
        begun = time.monotonic()
        assert server.admin(path, timeout=5).status == 200
        latencies.append((time.monotonic() - begun) * 1000)
        time.sleep(0.05)

    # Causes, not times: all the answers came before a single loop had turned again.
    assert all_stalled(server, wanted), "the stalls must outlast the requests"
    report = server.admin("/debug/stalls.json").json()
    jsonschema.validate(report, json.loads((REPOSITORY / "Documentation/stall-report.schema.json").read_text()))
    assert len({(r["worker"], r["loop"]) for r in report["ongoing"]}) == wanted
    for view in report["workers"]:
        assert view["state"] == "running", "a worker whose loops are stuck still talks to the supervisor"

    p50, worst = statistics.median(latencies), max(latencies)
    record_property("admin_p50_ms", round(p50, 2))
    record_property("admin_max_ms", round(worst, 2))
    print(f"admin answers while {wanted} of {wanted} loops are blocked: p50 {p50:.2f} ms, max {worst:.2f} ms")
    eventually(lambda: not any(loop["stalled"] for _, loop in server.loops()), 20, "the loops turn again")
