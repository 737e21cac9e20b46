"""A client that does not read costs the others nothing, and the server a bounded amount."""

import re
import socket

import pytest

from harness.waiting import eventually
from harness.websocket import TEXT, RawClient, wait_for_close

# More than the kernel's buffers on both sides and the server's queue hold together.
FLOOD_MESSAGES, FLOOD_BYTES = 400, 64 * 1024


def join_without_reading(server, room):
    raw = RawClient(server.port, f"/ws/rooms/{room}")
    assert raw.status == 101
    raw.send(TEXT, "here")
    assert raw.receive() == (TEXT, b"here")
    return raw


def flood(publisher, reader):
    for number in range(FLOOD_MESSAGES):
        publisher.send(f"{number:06d}" + "x" * FLOOD_BYTES)
        # Both read: what is slow here is the third.
        for member in (publisher, reader):
            message = member.recv(timeout=15)
            while message == "here":
                message = member.recv(timeout=15)
            assert message.startswith(f"{number:06d}"), "the others miss nothing and wait for nobody"


def drops(server):
    return sum(
        float(line.rsplit(" ", 1)[1])
        for line in server.admin("/metrics").text.splitlines()
        if re.match(r"loopguard_\w*(drop|slow)\w*(\{|\s)", line)
    )


def test_disconnect(start_server, client):
    server = start_server("--slow-consumer", "disconnect")
    publisher, reader = (client(server, "/ws/rooms/flood") for _ in range(2))
    slow = join_without_reading(server, "flood")
    flood(publisher, reader)
    eventually(lambda: sum(server.connections().values()) == 2, 20, "the slow client is gone")
    slow.socket.settimeout(20)
    assert slow.close_code() in (1013, None), "cut, or told to try again later behind what it had been sent"
    lines = server.disconnects("1013")
    assert len(lines) == 1, "the log says why"


@pytest.mark.parametrize("policy", ["dropOldest", "dropNewest", "latestOnly"])
def test_drops_are_counted_and_the_client_stays(start_server, client, policy):
    server = start_server("--slow-consumer", policy)
    publisher, reader = (client(server, "/ws/rooms/flood") for _ in range(2))
    slow = join_without_reading(server, "flood")
    flood(publisher, reader)
    assert sum(server.connections().values()) == 3
    assert drops(server) > 0
    # It gets something, in order, and far from everything.
    slow.socket.settimeout(3)
    seen = []
    try:
        while True:
            opcode, payload = slow.receive()
            if opcode == TEXT and payload != b"here":
                seen.append(int(payload[:6]))
    except TimeoutError:
        pass
    assert seen == sorted(seen) and len(seen) == len(set(seen))
    assert 0 < len(seen) < FLOOD_MESSAGES
    if policy in ("dropOldest", "latestOnly"):
        assert seen[-1] == FLOOD_MESSAGES - 1
    slow.socket.close()


def test_a_slow_reader_of_its_own_echo_is_held_back(shared_server):
    """Back-pressure instead of memory: the server stops reading who does not read."""
    with RawClient(shared_server.port, timeout=5) as raw:
        raw.socket.settimeout(3)
        sent = 0
        from harness.websocket import BINARY, frame

        data = frame(BINARY, bytes(256 * 1024))
        with pytest.raises(TimeoutError):
            while sent < 200 * 1024 * 1024:
                sent += raw.socket.send(data)
        assert sent < 100 * 1024 * 1024


def test_everybody_leaves_in_peace_afterwards(start_server, client):
    server = start_server()
    member = client(server, "/ws/rooms/peace")
    slow = join_without_reading(server, "peace")
    for _ in range(50):
        member.send("y" * FLOOD_BYTES)
    slow.reset()
    assert server.stop() == 0
    assert wait_for_close(member)[0] in (1001, 1012)
