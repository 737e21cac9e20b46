"""Stopping: everybody is told, nothing is forced before its time, and the end always comes."""

import signal
import socket

import pytest

from harness import stalls
from harness.demo import misbehave
from harness.waiting import eventually
from harness.websocket import RawClient, open_websocket, wait_for_close


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_clients_are_sent_elsewhere_and_the_exit_code_is_0(start_server, client, number):
    server = start_server("--drain-seconds", "10")
    members = [client(server, "/ws/rooms/drain") for _ in range(20)]
    for member in members[:1]:
        member.send("here")
        member.recv(timeout=10)
    server.process.signal(number)
    for member in members:
        assert wait_for_close(member, 15)[0] in (1001, 1012)
    assert server.process.wait(20) == 0


def test_an_idle_server_stops_at_once(start_server):
    server = start_server("--drain-seconds", "100")
    assert server.stop(timeout=15) == 0


def test_a_client_that_does_not_answer_is_cut_at_the_deadline(start_server):
    server = start_server("--drain-seconds", "2")
    with RawClient(server.port) as deaf:
        assert deaf.status == 101
        assert server.stop(timeout=20) == 0
        assert deaf.close_code() in (1001, 1012)


def test_a_stuck_handler_does_not_keep_the_server(start_server, client):
    server = start_server("--demo", "--drain-seconds", "2")
    stuck = client(server, "/ws/demo/sleep")
    misbehave(stuck, 10_000)
    stalls.wait_for_ongoing(server, "/ws/demo/sleep")
    server.process.signal(signal.SIGTERM)
    code = server.process.wait(25)
    assert code >= 0, "it ends by itself"


def test_nobody_is_let_in_while_draining(start_server):
    server = start_server("--drain-seconds", "5")
    with RawClient(server.port) as deaf:  # keeps the drain going: it does not answer the close
        server.process.signal(signal.SIGTERM)
        eventually(lambda: server.admin("/readyz").status == 503, 5, "/readyz is red", every=0.01)
        try:
            with socket.create_connection(("127.0.0.1", server.port), timeout=2) as late:
                late.settimeout(2)
                late.sendall(b"GET /ws/echo HTTP/1.1\r\nHost: a\r\n\r\n")
                assert not late.recv(100).startswith(b"HTTP/1.1 101")
        except (ConnectionError, TimeoutError):
            pass
        assert deaf.close_code() in (1001, 1012)
    assert server.process.wait(20) == 0


def test_a_second_signal_is_no_crash(start_server, client):
    server = start_server("--drain-seconds", "3")
    with open_websocket(server, "/ws/echo"):
        server.process.signal(signal.SIGTERM)
        server.process.signal(signal.SIGTERM)
        assert server.process.wait(20) >= 0
