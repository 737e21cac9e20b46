"""What the main port answers to bad HTTP and to bad handshakes."""

import socket

import pytest

from harness.http import raw_request, read_head
from harness.waiting import eventually
from harness.websocket import RawClient, handshake


def answer(server, text):
    return raw_request(server.port, text.replace("\n", "\r\n").encode("latin-1"))


@pytest.mark.parametrize(
    "text",
    [
        "GARBAGE\n\n",
        "GET\n\n",
        "GET / HTTP/9.9\n\n",
        "GET / HTTP/1.1\nHost: a\nbad header line\n\n",
        "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\n\n",  # TLS on the plain port
    ],
)
def test_malformed_http_is_400(shared_server, text):
    status, headers, _ = answer(shared_server, text)
    assert status == 400
    assert headers.get("connection", "close").lower() == "close"


def test_headers_without_end_are_refused(shared_server):
    status, _, _ = answer(shared_server, "GET / HTTP/1.1\nHost: a\n" + "X-Filler: " + "a" * 64 * 1024 + "\n\n")
    assert status in (400, 431)


def test_a_path_without_end_is_refused(shared_server):
    status, _, _ = answer(shared_server, "GET /" + "a" * 64 * 1024 + " HTTP/1.1\nHost: a\n\n")
    assert status in (400, 414, 431)


@pytest.mark.parametrize("path", ["/nowhere", "/ws", "/ws/nowhere", "/ws/rooms", "/ws/rooms/", "/ws/rooms/a/b", "/../etc/passwd"])
def test_unknown_path_is_404(shared_server, path):
    assert shared_server.get(path).status == 404
    with RawClient(shared_server.port, path) as raw:
        assert raw.status == 404


@pytest.mark.parametrize("path", ["/", "/ws/echo"])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_wrong_method_is_405_and_says_which_is_right(shared_server, path, method):
    response = shared_server.get(path, method=method, body=b"body")
    assert response.status == 405
    assert "GET" in response.headers["allow"]


def test_a_plain_get_of_a_websocket_is_426(shared_server):
    response = shared_server.get("/ws/echo")
    assert response.status == 426
    assert response.headers["upgrade"].lower() == "websocket"


@pytest.mark.parametrize(
    "changes, statuses",
    [
        ({"Sec-WebSocket-Version": "8"}, (426,)),
        ({"Sec-WebSocket-Version": None}, (400, 426)),
        ({"Sec-WebSocket-Key": None}, (400,)),
        ({"Sec-WebSocket-Key": "short"}, (400,)),
        ({"Upgrade": "h2c"}, (400, 426)),
        ({"Upgrade": None}, (400, 426)),
    ],
)
def test_a_bad_handshake_says_what_is_wrong(shared_server, changes, statuses):
    with RawClient(shared_server.port, "/ws/echo", changes) as raw:
        assert raw.status in statuses
        if changes.get("Sec-WebSocket-Version") == "8":
            assert raw.headers["sec-websocket-version"] == "13"


@pytest.mark.parametrize("origin", ["https://evil.example", "http://127.0.0.1:1", "null", "http://127.0.0.1.evil.example"])
def test_a_foreign_origin_is_403(shared_server, origin):
    with RawClient(shared_server.port, "/ws/echo", {"Origin": origin}) as raw:
        assert raw.status == 403


def test_the_own_origin_and_none_are_let_in(shared_server):
    for headers in ({"Origin": shared_server.origin}, {}):
        with RawClient(shared_server.port, "/ws/echo", headers) as raw:
            assert raw.status == 101


def test_a_listed_origin_is_let_in(start_server):
    server = start_server("--origin", "https://app.example")
    with RawClient(server.port, "/ws/echo", {"Origin": "https://app.example"}) as raw:
        assert raw.status == 101
    with RawClient(server.port, "/ws/echo", {"Origin": "https://other.example"}) as raw:
        assert raw.status == 403


def test_a_handshake_that_never_ends_is_cut(shared_server):
    with socket.create_connection(("127.0.0.1", shared_server.port), timeout=30) as slow:
        slow.sendall(handshake(shared_server.port, "/ws/echo")[:-2])
        status, _, _ = read_head(slow)
    assert status == 408


def test_bytes_right_behind_the_handshake_are_the_first_frame(shared_server):
    from harness.websocket import TEXT, frame

    with RawClient.__new__(RawClient) as raw:
        raw.socket = socket.create_connection(("127.0.0.1", shared_server.port), timeout=10)
        raw.socket.sendall(handshake(shared_server.port, "/ws/echo") + frame(TEXT, "early"))
        raw.status, raw.headers, raw._received = read_head(raw.socket)
        assert raw.status == 101
        assert raw.receive() == (TEXT, b"early")


def test_the_connection_limit_is_503(start_server):
    server = start_server("--max-connections", "2")
    with RawClient(server.port) as first, RawClient(server.port) as second:
        assert (first.status, second.status) == (101, 101)
        with RawClient(server.port) as third:
            assert third.status in (503, None)
        first.socket.close()

        def let_in():
            with RawClient(server.port) as again:
                return again.status == 101

        eventually(let_in, 10, "a freed place can be taken")
