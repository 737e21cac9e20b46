"""Several workers behave like one server, and outlive each other."""

import os
import signal
import threading

import pytest

from harness.cluster import spread_over_workers
from harness.demo import misbehave
from harness.waiting import eventually
from harness.websocket import TEXT, RawClient, open_websocket, wait_for_close

WORKERS = 3


@pytest.fixture
def cluster(start_server, redis):
    return start_server("--workers", str(WORKERS), "--redis", redis.url)


def settle(members):
    """Every member's subscription stands; what was sent for that is out of the way."""
    members[0].send("settled?")
    for member in members:
        while member.recv(timeout=15) != "settled?":
            pass


def join_room(cluster, client, room, count):
    pairs = spread_over_workers(cluster, lambda: client(cluster, f"/ws/rooms/{room}"), WORKERS, count)
    for index, (member, _) in enumerate(pairs):
        member.send(f"join {index}")
        while member.recv(timeout=15) != f"join {index}":
            pass
    settle([member for member, _ in pairs])
    return pairs


def is_alive(pid):
    try:
        os.kill(pid, 0)
        return True
    except ProcessLookupError:
        return False


def test_everybody_sees_one_order_on_all_workers(cluster, client):
    pairs = join_room(cluster, client, "order", 9)
    members = [member for member, _ in pairs]
    publishers = [next(m for m, w in pairs if w == worker) for worker in sorted({w for _, w in pairs})]
    each = 100

    def publish(index):
        for number in range(each):
            publishers[index].send(f"{index}:{number}")

    threads = [threading.Thread(target=publish, args=(index,)) for index in range(len(publishers))]
    for thread in threads:
        thread.start()
    seen = [[member.recv(timeout=20) for _ in range(each * len(publishers))] for member in members]
    for thread in threads:
        thread.join(10)

    assert len(publishers) == 3
    assert all(one == seen[0] for one in seen), "two clients have seen different orders"
    assert len(set(seen[0])) == 300, "nothing twice, nothing missing"
    for index in range(3):
        assert [m for m in seen[0] if m.startswith(f"{index}:")] == [f"{index}:{n}" for n in range(each)]


def test_a_killed_worker_is_restarted_and_the_others_do_not_notice(cluster, client):
    pairs = join_room(cluster, client, "survivors", 6)
    pids = cluster.worker_pids()
    victim = pairs[0][1]
    os.kill(pids[victim], signal.SIGKILL)

    survivors = [member for member, worker in pairs if worker != victim]
    assert survivors
    for member, worker in pairs:
        if worker == victim:
            assert wait_for_close(member)[0] is None, "there was nobody left to say goodbye"
    survivors[0].send("still here")
    for member in survivors:
        assert member.recv(timeout=10) == "still here"

    def replaced():
        now = cluster.worker_pids()
        views = {view["worker"]: view for view in cluster.workers()}
        return now.get(victim) not in (None, 0, pids[victim]) and views[victim]["state"] == "running" and now

    now = eventually(replaced, 20, "the supervisor has put another in its place")
    assert {w: p for w, p in now.items() if w != victim} == {w: p for w, p in pids.items() if w != victim}
    restarts = {w["worker"]: w["restarts"] for w in cluster.admin("/debug/stalls.json").json()["workers"]}
    assert restarts[victim] == 1
    eventually(cluster.is_ready, 20, "/readyz is green again")
    # And the new one takes part.
    again = spread_over_workers(cluster, lambda: client(cluster, "/ws/rooms/survivors"), 1, 1)[0][0]
    again.send("back")
    for member in [again, *survivors]:
        while member.recv(timeout=10) != "back":
            pass


def test_a_worker_that_dies_again_and_again_is_not_restarted_in_a_hurry(cluster):
    for _ in range(3):
        pids = cluster.worker_pids()
        os.kill(pids[1], signal.SIGKILL)
        eventually(lambda: cluster.worker_pids().get(1) not in (None, 0, pids[1]), 30, "worker 1 is replaced")
    assert cluster.process.child.poll() is None
    eventually(cluster.is_ready, 30, "/readyz is green again")


def test_metrics_and_pages_cover_all_workers(cluster):
    numbers = {worker for worker, _ in cluster.loops()}
    assert len(numbers) == WORKERS
    text = cluster.admin("/metrics").text
    for number in numbers:
        assert f'worker="{number}"' in text
    assert len(set(cluster.worker_pids().values())) == WORKERS


def test_sigterm_ends_all_of_them(cluster, client):
    connections = [client(cluster, "/ws/echo") for _ in range(6)]
    for connection in connections:
        connection.send("a")
        connection.recv(timeout=10)
    pids = cluster.worker_pids()
    cluster.process.signal(signal.SIGTERM)
    for connection in connections:
        assert wait_for_close(connection, 20)[0] in (1001, 1012)
    assert cluster.process.wait(30) == 0
    eventually(lambda: not any(is_alive(pid) for pid in pids.values()), 10, "no worker is left")


def test_workers_do_not_outlive_their_supervisor(cluster):
    pids = cluster.worker_pids()
    os.kill(cluster.process.pid, signal.SIGKILL)
    cluster.process.wait(10)
    eventually(lambda: not any(is_alive(pid) for pid in pids.values()), 30, "orphaned workers end")


def test_a_port_is_free_for_a_new_server_at_once(cluster, redis, start_server):
    port = cluster.port
    assert cluster.stop() == 0
    again = start_server("--port", str(port), "--workers", "2", "--redis", redis.url)
    with open_websocket(again, "/ws/echo") as connection:
        connection.send("a")
        assert connection.recv(timeout=10) == "a"


def test_new_connections_avoid_the_workers_whose_loops_are_all_stuck(start_server, redis, client):
    server = start_server("--workers", str(WORKERS), "--redis", redis.url, "--loops", "1", "--demo")
    pairs = spread_over_workers(server, lambda: client(server, "/ws/demo/sleep"), WORKERS, WORKERS)
    # All but one: their acceptors waited for a connection before the stall began, and wake for the next one as well.
    stuck = [next(c for c, worker in pairs if worker == number) for number in range(1, WORKERS)]
    for connection in stuck:
        misbehave(connection, 10_000)
    eventually(lambda: sum(loop["stalled"] for _, loop in server.loops()) == len(stuck), 10, "the stalls are seen")
    for _ in range(20):
        with RawClient(server.port, timeout=20) as raw:
            raw.send(TEXT, "x")
            assert raw.receive() == (TEXT, b"x")
    for connection in stuck:
        with pytest.raises(TimeoutError):
            connection.recv(timeout=0)


def test_a_rolling_restart_replaces_every_worker_and_never_stops_serving(cluster, client):
    """SIGHUP: the new worker is up before the old one drains."""
    pairs = join_room(cluster, client, "rolling", 6)
    before = set(cluster.worker_pids().values())
    cluster.process.signal(signal.SIGHUP)

    def answers():
        try:
            with RawClient(cluster.port, "/ws/echo") as raw:
                raw.send(TEXT, "there?")
                return raw.receive() == (TEXT, b"there?")
        except (ConnectionError, AssertionError, OSError):
            return False

    def is_replaced():
        # Whom a worker has accepted and not read yet when its drain begins must come again, and is served then.
        assert answers() or answers(), "nobody answers during the restart"
        now = [view["pid"] for view in cluster.workers() if view["state"] == "running"]
        return len(now) == WORKERS and not set(now) & before and len(cluster.workers()) == WORKERS

    eventually(is_replaced, 40, "all workers are new ones")
    for member, _ in pairs:
        assert wait_for_close(member)[0] in (1001, 1012), "told to come back, not cut off"
    assert not any(is_alive(pid) for pid in before)
    newcomers = join_room(cluster, client, "rolling", 6)
    newcomers[0][0].send("still a room")
    assert all(member.recv(timeout=15) == "still a room" for member, _ in newcomers)
