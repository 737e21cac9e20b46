"""Redis goes away and comes back; the server says so, lives, and goes on."""

import json

import pytest

from harness.cluster import spread_over_workers
from harness.waiting import eventually


@pytest.fixture
def cluster(start_server, redis):
    return start_server("--workers", "3", "--redis", redis.url)


def expect_error(member, text, timeout=20):
    """The sender is told that its message was not published; returns what it was told."""
    member.send(text)
    while True:
        answer = member.recv(timeout=timeout)
        assert answer != text, "published without Redis?"
        if isinstance(answer, str) and answer.startswith("{"):
            fields = json.loads(answer)
            if "error" in fields:
                return fields


def flows(members):
    """Whether a message of the first reaches all."""
    number = flows.number = getattr(flows, "number", 0) + 1
    members[0].send(f"flow {number}")
    for member in members:
        while member.recv(timeout=5) != f"flow {number}":
            pass
    return True


def join(cluster, client):
    pairs = spread_over_workers(cluster, lambda: client(cluster, "/ws/rooms/faults"), 3, 4)
    members = [member for member, _ in pairs]
    for index, member in enumerate(members):
        member.send(f"join {index}")
        while member.recv(timeout=15) != f"join {index}":
            pass
    assert flows(members)
    return members


def not_ready(cluster):
    response = cluster.admin("/readyz")
    return response if response.status == 503 else None


def test_killed_and_restarted(cluster, client, redis):
    members = join(cluster, client)
    pids = cluster.worker_pids()
    redis.kill()

    error = expect_error(members[0], "lost")
    assert "unavailable" in json.dumps(error)
    red = eventually(lambda: not_ready(cluster), 20, "/readyz is red")
    assert "redis" in red.text.lower() or "bus" in red.text.lower()
    assert cluster.admin("/healthz").status == 200

    # What needs no Redis goes on.
    echo = client(cluster, "/ws/echo")
    echo.send("alive")
    assert echo.recv(timeout=10) == "alive"

    redis.start()
    eventually(cluster.is_ready, 30, "/readyz is green again")
    eventually(lambda: flows(members), 20, "messages flow again, for the same connections")
    assert cluster.worker_pids() == pids, "nobody was restarted"
    newcomer = client(cluster, "/ws/rooms/faults")
    newcomer.send("hello")
    while newcomer.recv(timeout=10) != "hello":
        pass


def test_it_can_happen_again(cluster, client, redis):
    members = join(cluster, client)
    for _ in range(3):
        redis.kill()
        eventually(lambda: not_ready(cluster), 20, "/readyz is red")
        redis.start()
        eventually(cluster.is_ready, 30, "/readyz is green again")
        eventually(lambda: flows(members), 20, "messages flow again")


def test_a_redis_that_does_not_answer_is_as_good_as_none(cluster, client, redis):
    members = join(cluster, client)
    redis.pause()
    try:
        assert "error" in expect_error(members[0], "lost", timeout=30)
        eventually(lambda: not_ready(cluster), 30, "/readyz is red")
        assert cluster.admin("/healthz").status == 200
    finally:
        redis.resume()
    eventually(cluster.is_ready, 30, "/readyz is green again")
    eventually(lambda: flows(members), 20, "messages flow again")


def test_the_server_starts_without_redis_and_waits_for_it(start_server, client, redis):
    redis.kill()
    server = start_server("--redis", redis.url, ready=False)
    eventually(lambda: not_ready(server), 20, "/readyz is red")
    echo = client(server, "/ws/echo")
    echo.send("alive")
    assert echo.recv(timeout=10) == "alive"
    redis.start()
    eventually(server.is_ready, 30, "/readyz is green")
    member = client(server, "/ws/rooms/late")
    eventually(lambda: flows([member]), 20, "messages flow")


def test_two_servers_share_rooms_through_redis(start_server, client, redis):
    """Hosts, that is: nothing but Redis connects them."""
    first, second = (start_server("--redis", redis.url) for _ in range(2))
    members = [client(first, "/ws/rooms/hosts"), client(second, "/ws/rooms/hosts")]
    for index, member in enumerate(members):
        member.send(f"join {index}")
        while member.recv(timeout=15) != f"join {index}":
            pass
    assert flows(members) and flows(members[::-1])


def test_without_a_password_it_is_refused_with_a_reason(start_server, client, redis):
    redis.kill()
    redis.options = ("--requirepass", "secret")
    redis.process = None
    from harness.process import Process

    redis.process = Process(["redis-server", "--port", redis.port, "--bind", "127.0.0.1", "--save", "", *redis.options])
    eventually(lambda: redis.command("PING").startswith(b"-NOAUTH"), 15, "Redis answers")
    server = start_server("--redis", redis.url, ready=False)
    red = eventually(lambda: not_ready(server), 20, "/readyz is red")
    eventually(lambda: "NOAUTH" in not_ready(server).text or server.log_lines_with("NOAUTH"), 15, "the reason is shown")
    assert red.status == 503

    right = start_server("--redis", f"redis://:secret@127.0.0.1:{redis.port}")
    member = client(right, "/ws/rooms/password")
    eventually(lambda: flows([member]), 20, "messages flow with the password")
    assert not right.log_lines_with("secret")
