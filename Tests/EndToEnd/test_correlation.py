"""One identifier leads from a client to everything that was done for it."""

import re

import pytest

from harness.cluster import spread_over_workers
from harness.waiting import eventually
from harness.websocket import RawClient


def test_the_client_s_identifier_is_kept_and_echoed(shared_server):
    with RawClient(shared_server.port, "/ws/echo", {"X-Correlation-ID": "order-4711"}) as raw:
        assert raw.headers["x-correlation-id"] == "order-4711"


def test_without_one_each_connection_gets_its_own(shared_server):
    seen = set()
    for _ in range(3):
        with RawClient(shared_server.port) as raw:
            seen.add(raw.headers["x-correlation-id"])
    assert len(seen) == 3
    assert all(re.fullmatch(r"[\x21-\x7e]{8,128}", one) for one in seen)


@pytest.mark.parametrize("bad", ["a" * 1000, "with space", 'quote"', "", "tab\there", "<script>"])
def test_a_bad_identifier_is_replaced_not_logged(shared_server, bad):
    with RawClient(shared_server.port, "/ws/echo", {"X-Correlation-ID": bad}) as raw:
        assert raw.status in (101, 400)
        if raw.status == 101:
            assert raw.headers["x-correlation-id"] != bad
    if len(bad) > 8:
        assert not shared_server.log_lines_with(bad)


def test_it_stands_in_the_log_lines_of_the_connection(start_server, client):
    server = start_server("--log-level", "debug")
    identifier = "e2e-log-line"
    connection = client(server, "/ws/echo", headers={"X-Correlation-ID": identifier})
    connection.send("a")
    connection.recv(timeout=10)
    connection.close()
    lines = eventually(lambda: [l for l in server.logs() if identifier in str(l)], 10, "log lines with the identifier")
    # As a field of its own, not somewhere within a text.
    assert all(identifier in flat(line).values() for line in lines), lines


def test_it_travels_through_redis_into_other_workers_logs(start_server, redis, client):
    server = start_server("--workers", "2", "--redis", redis.url, "--log-level", "debug")
    identifier = "e2e-through-redis"
    members = spread_over_workers(server, lambda: client(server, "/ws/rooms/correlated"), workers=2, count=2)
    for member, _ in members:
        # After it has come back, the member's worker is known to listen.
        member.send("here")
        member.recv(timeout=10)
    publisher = client(server, "/ws/rooms/correlated", headers={"X-Correlation-ID": identifier})
    publisher.send("hello")

    def workers_with_it():
        found = {flat(line).get("worker", flat(line).get("pid")) for line in server.logs() if identifier in str(line)}
        return found if len(found - {None}) >= 2 else None

    eventually(workers_with_it, 10, "the identifier in the logs of two workers")


def flat(line, into=None):
    """A log line's fields, nested ones too, as text."""
    into = {} if into is None else into
    for name, value in line.items():
        if isinstance(value, dict):
            flat(value, into)
        else:
            into[name] = str(value)
    return into
