"""Clients cannot take the descriptors that the admin address needs."""

import re

import pytest

from harness import http
from harness.process import Process
from harness.server import BINARY
from harness.waiting import eventually
from harness.websocket import RawClient

LIMIT = 200


@pytest.fixture
def limited_server():
    """(process, port, admin port) of a server that may have 200 open files, and no more."""
    process = Process(
        ["bash", "-c", f'ulimit -n {LIMIT}; exec "$0" "$@"', BINARY, "--port", "0", "--admin", "127.0.0.1:0"]
    )
    try:
        port = int(process.wait_for_output(r"Listening on http://[^:]+:(\d+)").group(1))
        admin = int(process.wait_for_output(r"Admin on http://[^:]+:(\d+)").group(1))
        yield process, port, admin
    finally:
        process.kill()


def test_the_admin_address_answers_while_clients_hold_all_that_they_may(limited_server):
    process, port, admin = limited_server
    eventually(lambda: any("ulimit -n" in line for line in process.stderr), 10, "the low limit is told")
    members = []
    try:
        for _ in range(LIMIT):
            members.append(RawClient(port))
            if members[-1].status != 101:
                break
        assert members[-1].status == 503, "the one too many learns why"
        assert len(members) == LIMIT // 2 + 1
        assert http.request(admin, "/healthz").status == 200
        assert http.request(admin, "/debug/stalls").status == 200
    finally:
        for member in members:
            member.socket.close()

    def comes_in():
        with RawClient(port) as client:
            return client.status == 101

    eventually(comes_in, 10, "there is room again")
