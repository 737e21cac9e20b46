"""A handler that blocks is found while it blocks, with all that is needed to repair it."""

import json

import jsonschema
import pytest

from harness import stalls
from harness.demo import misbehave
from harness.server import REPOSITORY, Server
from harness.waiting import eventually


@pytest.fixture(scope="module")
def demo():
    server = Server("--demo", "--watchdog-ms", "50", "--loops", "2")
    try:
        yield server.wait_until_ready()
    finally:
        server.process.kill()


@pytest.fixture(scope="module")
def schema():
    return json.loads((REPOSITORY / "Documentation/stall-report.schema.json").read_text())


def check(report, schema):
    jsonschema.validate(report, {**schema["$defs"]["report"], "$defs": schema["$defs"]})
    assert report["kind"] == "single-job"
    assert report["threshold_ns"] == 50_000_000
    assert report["duration_ns"] >= report["threshold_ns"]
    assert report["blast"]["connections"] >= 1
    assert report["remedy"]
    assert any(sample["validity"] == "verified" for sample in report["samples"])


def planted(report, name):
    """The first three frames that are not the runtime's name the planted function, with file and line."""
    for sample in report["samples"]:
        frames = [frame for frame in sample["frames"] if not frame["is_runtime"]][:3]
        for frame in frames:
            if name in (frame.get("function") or "") and frame.get("file") and (frame.get("line") or 0) > 0:
                return frame
    raise AssertionError(f"no frame with {name!r} among the first three of any sample:\n{json.dumps(report, indent=1)}")


def test_a_sleeping_handler_is_shown_while_it_sleeps(demo, schema, client):
    correlation = "e2e-sleep-1"
    sleeper = client(demo, "/ws/demo/sleep", headers={"X-Correlation-ID": correlation})
    misbehave(sleeper, 5000)
    report = stalls.wait_for_ongoing(demo, "/ws/demo/sleep", timeout=4)[0]

    check(report, schema)
    assert report["ongoing"] is True
    assert report["cause"]["category"] == "blocked-in-system-call"
    assert report["cause"]["system_call"] in ("clock_nanosleep", "nanosleep")
    assert report["scope"]["correlation"] == correlation
    assert report["scope"]["connection"]
    assert report["scope"]["message"] == 1
    assert ":" in report["scope"]["remote"]
    frame = planted(report, "demoSleepOnEventLoop")
    assert frame["file"].endswith(".swift")

    jsonschema.validate(stalls.document(demo), schema)

    # The same stall in the forms for people, still ongoing.
    text = demo.admin("/debug/stalls").text
    page = demo.admin("/debug/stalls", headers={"Accept": "text/html"}).text
    for form in (text, page):
        assert correlation in form and "/ws/demo/sleep" in form and frame["file"].split("/")[-1] in form

    done = stalls.wait_for_finished(demo, "/ws/demo/sleep")
    check(done, schema)
    assert done["id"] == report["id"] and done["ongoing"] is False
    assert done["duration_ns"] > report["duration_ns"]
    assert len(done["samples"]) > 1, "a long stall is sampled again"
    assert done["fingerprint"] == report["fingerprint"]
    jsonschema.validate(stalls.document(demo), schema)
    assert sleeper.recv(timeout=10) is not None


@pytest.mark.parametrize(
    "name, category, function",
    [
        ("spin", "computing", "demoSpinOnEventLoop"),
        ("lock", "lock-wait", "demoWaitForContendedLock"),
        ("read", "blocked-in-system-call", "demoReadFromPipe"),
        ("dns", "blocked-in-system-call", "demoResolveNameBlocking"),
    ],
)
def test_each_cause_has_its_class(demo, schema, client, name, category, function):
    route = f"/ws/demo/{name}"
    connection = client(demo, route, headers={"X-Correlation-ID": f"e2e-{name}"})
    misbehave(connection)
    report = stalls.wait_for_finished(demo, route)
    check(report, schema)
    if name == "spin" and report["cause"]["shares"]["run_delay"] > 0.25:
        # The machine was busy with something else, and the report says so instead of blaming the handler.
        assert report["cause"]["category"] in ("computing", "mixed", "starved"), report["cause"]
    else:
        assert report["cause"]["category"] == category, report["cause"]
    assert report["scope"]["correlation"] == f"e2e-{name}"
    planted(report, function)
    if name == "lock":
        owner = report["cause"]["lock_owner"]
        assert owner and owner.split()[0].isdigit(), report["cause"]
    if name == "read":
        assert report["cause"]["system_call"] == "read"
        assert "pipe" in report["cause"]["target"]
    if name == "dns":
        assert report["cause"]["system_call"] in ("poll", "ppoll")
    if name == "spin":
        assert report["cause"]["shares"]["waiting"] < 0.25, report["cause"]


def test_the_same_work_done_right_is_no_stall(demo, client):
    connection = client(demo, "/ws/demo/offload")
    misbehave(connection)
    assert connection.recv(timeout=20) is not None
    assert stalls.of_route(stalls.recent(demo) + stalls.ongoing(demo), "/ws/demo/offload") == []
    pools = [worker["offload"] for worker in demo.admin("/debug/offload.json").json()["workers"]]
    assert sum(pool["completed"] for pool in pools) >= 1
    assert "demo-sleep" in [entry["name"] for pool in pools for entry in pool["by_name"]]


def test_a_loop_in_trouble_gets_no_new_connections(demo, client):
    sleeper = client(demo, "/ws/demo/sleep")
    misbehave(sleeper, 5000)
    stalls.wait_for_ongoing(demo, "/ws/demo/sleep", timeout=4)
    # Every one of these answers while the other loop stands still.
    for number in range(6):
        echo = client(demo, "/ws/echo")
        echo.send(str(number))
        assert echo.recv(timeout=2) == str(number)
    assert stalls.of_route(stalls.ongoing(demo), "/ws/demo/sleep"), "the stall must outlast the check"


def test_reports_of_one_place_are_grouped(demo, client):
    """Two stalls in the same line make one site that counts both."""
    for _ in range(2):
        connection = client(demo, "/ws/demo/spin")
        misbehave(connection)
        assert connection.recv(timeout=20) is not None

    def counted():
        sites = stalls.document(demo)["sites"]
        mine = [s for s in sites if (s["worst"].get("scope") or {}).get("route") == "/ws/demo/spin"]
        return mine if mine and max(site["count"] for site in mine) >= 2 else None

    eventually(counted, 10, "a site that counts two stalls of spin")


def test_well_behaved_traffic_is_never_reported(start_server, client):
    # A wide threshold: on two busy cores the host itself can hold a thread for 50 ms.
    server = start_server("--watchdog-ms", "250")
    before = stalls.total(server)
    members = [client(server, "/ws/rooms/quiet") for _ in range(10)]
    echo = client(server, "/ws/echo")
    for number in range(100):
        for member in members[:3]:
            member.send(f"{number}" * 50)
        echo.send(b"\x00" * 10_000)
        assert len(echo.recv(timeout=10)) == 10_000
    for member in members:
        for _ in range(300):
            member.recv(timeout=10)
    assert stalls.total(server) == before
    assert stalls.ongoing(server) == [] and stalls.recent(server) == []
