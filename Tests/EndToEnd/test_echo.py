"""`/ws/echo`: what goes in comes out, up to the limit."""

import os

import pytest

from harness.websocket import BINARY, CONTINUATION, PING, PONG, RawClient, TEXT, wait_for_close


def test_text_and_binary_come_back_as_they_were(shared_server, client):
    echo = client(shared_server, "/ws/echo")
    for message in ("hello", "", "grüße 🎈", b"\x00\xff\x80", b""):
        echo.send(message)
        answer = echo.recv(timeout=10)
        assert answer == message and type(answer) is type(message)


@pytest.mark.parametrize("size", [125, 126, 65535, 65536, 300_000, 1024 * 1024])
def test_every_length_form_comes_back(shared_server, client, size):
    echo = client(shared_server, "/ws/echo")
    message = os.urandom(size)
    echo.send(message)
    assert echo.recv(timeout=20) == message


def test_many_messages_keep_their_order(shared_server, client):
    echo = client(shared_server, "/ws/echo")
    messages = [f"message {number}" for number in range(2000)]
    for start in range(0, len(messages), 200):
        batch = messages[start : start + 200]
        for message in batch:
            echo.send(message)
        assert [echo.recv(timeout=10) for _ in batch] == batch


def test_fragments_are_put_together_and_controls_may_stand_between(shared_server):
    with RawClient(shared_server.port) as raw:
        raw.send(TEXT, "one ", fin=False)
        raw.send(PING, b"between")
        raw.send(CONTINUATION, "two ", fin=False)
        raw.send(CONTINUATION, "three")
        assert raw.receive() == (PONG, b"between")
        assert raw.receive() == (TEXT, b"one two three")


def test_a_character_may_be_split_between_fragments(shared_server):
    smile = "🎈".encode()
    with RawClient(shared_server.port) as raw:
        raw.send(TEXT, smile[:2], fin=False)
        raw.send(CONTINUATION, smile[2:])
        assert raw.receive() == (TEXT, smile)


def test_a_frame_may_come_byte_by_byte(shared_server):
    from harness.websocket import frame

    with RawClient(shared_server.port) as raw:
        for byte in frame(BINARY, b"slowly") + frame(BINARY, b"twice"):
            raw.socket.sendall(bytes([byte]))
        assert raw.receive() == (BINARY, b"slowly")
        assert raw.receive() == (BINARY, b"twice")


def test_one_byte_over_the_limit_is_too_big(shared_server, client):
    echo = client(shared_server, "/ws/echo")
    echo.send(os.urandom(1024 * 1024 + 1))
    assert wait_for_close(echo)[0] == 1009


def test_a_close_is_answered_with_its_code(shared_server, client):
    echo = client(shared_server, "/ws/echo")
    echo.close(code=1000, reason="done")
    assert echo.close_code == 1000


def test_the_limit_is_an_option(start_server, client):
    server = start_server("--max-message-bytes", "100")
    echo = client(server, "/ws/echo")
    echo.send("a" * 100)
    assert echo.recv(timeout=10) == "a" * 100
    echo.send("a" * 101)
    assert wait_for_close(echo)[0] == 1009


def test_options_come_from_the_environment_too(start_server, client):
    server = start_server(env={"LOOPGUARD_MAX_MESSAGE_BYTES": "100"})
    echo = client(server, "/ws/echo")
    echo.send("a" * 101)
    assert wait_for_close(echo)[0] == 1009
