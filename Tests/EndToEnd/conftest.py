"""Fixtures: servers, Redis, and the tidying up behind them."""

import os

import pytest

from harness.redis import Redis
from harness.server import BINARY, Server
from harness.websocket import open_websocket


def pytest_sessionstart(session):
    if not os.access(BINARY, os.X_OK):
        pytest.exit(f"no server at {BINARY}: swift build --disable-default-traits -c release --product loopguard-server", returncode=3)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Shows the servers' output below a failed test."""
    report = yield
    if report.failed:
        for name, value in getattr(item, "funcargs", {}).items():
            servers = value.started if isinstance(value, ServerStarter) else [value]
            for server in servers:
                if isinstance(server, Server):
                    report.sections.append((f"output of {name}", server.process.output()))
    return report


class ServerStarter:
    """Starts servers for one test; ends them afterwards whatever happened."""

    def __init__(self):
        self.started = []

    def __call__(self, *flags, env=None, tls=False, ready=True):
        server = Server(*flags, env=env, tls=tls)
        self.started.append(server)
        if ready:
            count = int(flags[flags.index("--workers") + 1]) if "--workers" in flags else 1
            server.wait_until_ready(count)
        return server

    def close(self):
        for server in self.started:
            server.process.kill()


@pytest.fixture
def start_server():
    starter = ServerStarter()
    yield starter
    starter.close()


@pytest.fixture(scope="session")
def shared_server():
    """One server with the embedded default, for tests that leave it as they found it."""
    server = Server()
    try:
        server.wait_until_ready()
        yield server
        code = server.stop()
        assert code == 0, f"exit code {code}\n{server.process.output()}"
    finally:
        server.process.kill()


@pytest.fixture
def redis():
    instance = Redis()
    yield instance
    instance.close()


@pytest.fixture
def client():
    """Opens WebSockets that are closed at the end of the test."""
    opened = []

    def open_one(server, path, **options):
        connection = open_websocket(server, path, **options)
        opened.append(connection)
        return connection

    yield open_one
    for connection in opened:
        # Not a polite close: a test that failed must not wait for a server that does not answer.
        connection.close_socket()
