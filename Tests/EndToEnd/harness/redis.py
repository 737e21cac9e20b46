"""A Redis of the test's own, which can be killed, stopped and brought back."""

import os
import signal
import socket
import tempfile

from .process import Process
from .waiting import eventually


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Redis:
    def __init__(self, *options):
        self.folder = tempfile.TemporaryDirectory(prefix="loopguard-redis-")
        self.options = options
        self.port = free_port()
        self.process = None
        self.start()

    @property
    def url(self):
        return f"redis://127.0.0.1:{self.port}"

    def start(self):
        # In memory only: after a kill everything is gone, which is the harder case.
        self.process = Process(
            ["redis-server", "--port", self.port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
             "--dir", self.folder.name, *self.options]
        )
        eventually(lambda: self.command("PING") == b"+PONG\r\n", 15, "Redis answers")

    def command(self, *words):
        """The raw answer to one command (its first 64 KiB)."""
        encoded = [str(word).encode() for word in words]
        request = b"*%d\r\n" % len(encoded) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in encoded)
        with socket.create_connection(("127.0.0.1", self.port), timeout=2) as connection:
            connection.sendall(request)
            return connection.recv(65536)

    def kill(self):
        """kill -9: connections break, data is lost."""
        self.process.signal(signal.SIGKILL)
        self.process.wait(10)

    def pause(self):
        """SIGSTOP: connections stay open, nothing answers."""
        os.kill(self.process.pid, signal.SIGSTOP)

    def resume(self):
        os.kill(self.process.pid, signal.SIGCONT)

    def close(self):
        if self.process:
            self.process.kill()
        self.folder.cleanup()
