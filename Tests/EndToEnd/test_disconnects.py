"""However a client goes, it is one log line, and nothing of it stays behind."""

import pytest

from harness.waiting import eventually
from harness.websocket import BINARY, CLOSE, RawClient, TEXT, frame, handshake


@pytest.fixture(scope="module")
def server():
    from harness.server import Server

    instance = Server("--log-level", "debug")
    try:
        yield instance.wait_until_ready()
    finally:
        instance.process.kill()


def leave_cleanly(raw):
    raw.send(CLOSE, b"\x03\xe8bye")
    assert raw.close_code() == 1000
    raw.socket.close()


def leave_going_away(raw):
    raw.send(CLOSE, b"\x03\xe9")
    assert raw.close_code() == 1001
    raw.socket.close()


def leave_without_close(raw):
    raw.socket.close()


def leave_in_mid_frame(raw):
    raw.socket.sendall(frame(BINARY, bytes(1000))[:500])
    raw.socket.close()


def leave_in_mid_message(raw):
    raw.send(TEXT, "half", fin=False)
    raw.socket.close()


def leave_with_reset(raw):
    raw.reset()


def leave_with_reset_in_mid_frame(raw):
    raw.socket.sendall(frame(BINARY, bytes(1000))[:500])
    raw.reset()


def leave_half_open(raw):
    """Says that it will send no more, and still reads."""
    raw.socket.shutdown(1)
    raw.close_code()
    raw.socket.close()


WAYS = [leave_cleanly, leave_going_away, leave_without_close, leave_in_mid_frame, leave_in_mid_message,
        leave_with_reset, leave_with_reset_in_mid_frame, leave_half_open]


@pytest.mark.parametrize("leave", WAYS, ids=lambda way: way.__name__)
@pytest.mark.parametrize("path", ["/ws/echo", "/ws/rooms/leavers"])
def test_one_log_line_and_nothing_left(server, leave, path):
    identifier = f"{leave.__name__}{path.replace('/', '-')}"
    raw = RawClient(server.port, path, {"X-Correlation-ID": identifier})
    assert raw.status == 101
    raw.send(TEXT, "hello")
    assert raw.receive() == (TEXT, b"hello")
    leave(raw)
    eventually(lambda: sum(server.connections().values()) == 0, 15, "no connection is left")

    lines = eventually(lambda: server.disconnects(identifier), 10, "the log line of the disconnect")
    assert len(lines) == 1, lines
    assert lines[0]["level"].lower() in ("debug", "info", "notice"), lines
    assert {"code", "reason", "initiator"} <= lines[0].keys()


def test_many_at_once(server):
    """Resets in a burst, some before their handshake is done."""
    clients = [RawClient(server.port, "/ws/rooms/burst") for _ in range(60)]
    for index, raw in enumerate(clients):
        raw.send(TEXT, str(index))
    for raw in clients:
        raw.reset()
    import socket

    for _ in range(20):
        with socket.create_connection(("127.0.0.1", server.port)) as early:
            early.sendall(handshake(server.port, "/ws/echo")[:40])
    eventually(lambda: sum(server.connections().values()) == 0, 20, "no connection is left")
    assert server.process.child.poll() is None
    errors = [line for line in server.logs() if line["level"].lower() in ("error", "critical")]
    assert errors == []
