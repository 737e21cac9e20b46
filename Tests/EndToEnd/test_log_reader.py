"""Whoever reads the log, or does not, the server serves."""

import os
import re
import subprocess
import threading

import pytest

from harness import http
from harness.process import Process
from harness.redis import free_port
from harness.server import BINARY
from harness.waiting import eventually
from harness.websocket import CLOSE, TEXT, RawClient

# Each closed connection is a log line of about 300 bytes: several times what a pipe holds (64 KiB).
CONNECTIONS = 800


@pytest.fixture
def unread_server():
    """A server whose standard error is a pipe that nobody reads; (process, port, admin port, reading end)."""
    reader, writer = os.pipe()
    environment = {k: v for k, v in os.environ.items() if not k.startswith("LOOPGUARD_")}
    child = subprocess.Popen(
        [BINARY, "--port", "0", "--admin", "127.0.0.1:0", "--log-level", "debug"],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=writer, env=environment, text=True,
    )
    os.close(writer)
    watchdog = threading.Timer(60, child.kill)
    watchdog.start()
    try:
        port = int(re.search(r":(\d+)$", child.stdout.readline().strip()).group(1))
        admin = int(re.search(r":(\d+)/debug", child.stdout.readline()).group(1))
        yield child, port, admin, reader
    finally:
        watchdog.cancel()
        child.kill()
        child.wait(10)
        child.stdout.close()
        os.close(reader)


def test_a_log_that_nobody_reads_stalls_nothing(unread_server):
    child, port, admin, reader = unread_server
    for _ in range(CONNECTIONS):
        with RawClient(port) as client:
            client.send(TEXT, "x")
            assert client.receive() == (TEXT, b"x")
            client.send(CLOSE, b"\x03\xe8")
            assert client.close_code() == 1000
    stalls = http.request(admin, "/debug/stalls.txt").text
    assert "write(2)" not in stalls

    child.terminate()
    assert child.wait(20) == 0, "nor does it keep the server from ending"
    os.set_blocking(reader, False)
    text = os.read(reader, 1 << 20).decode()
    assert text.count("WebSocket closed") > 50, "what the pipe had room for was written"


def test_closed_standard_streams_are_not_taken_by_sockets():
    port = free_port()
    process = Process(
        ["bash", "-c", 'exec "$0" "$@" 0<&- 1>&- 2>&-', BINARY, "--port", port, "--admin", "off"]
    )

    def answers():
        try:
            return http.request(port, "/healthz").status == 200
        except OSError:
            return False

    try:
        eventually(answers, 20, "the server answers")
        for number in range(3):
            assert os.readlink(f"/proc/{process.pid}/fd/{number}") == "/dev/null"
    finally:
        process.kill()
