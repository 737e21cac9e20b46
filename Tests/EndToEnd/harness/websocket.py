"""WebSocket clients: a well-behaved one (the `websockets` package) and one that can break every rule."""

import base64
import os
import socket
import struct

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from .http import read_head

TEXT, BINARY, CLOSE, PING, PONG, CONTINUATION = 0x1, 0x2, 0x8, 0x9, 0xA, 0x0


def open_websocket(server, path, headers=None, origin=None, **options):
    options.setdefault("open_timeout", 10)
    options.setdefault("close_timeout", 5)
    return connect(
        server.websocket_url(path),
        additional_headers=headers,
        origin=origin,
        compression=None,
        proxy=None,
        ping_interval=None,
        max_size=None,
        max_queue=None,
        legacy=True,
        **options,
    )


def wait_for_close(client, timeout=15.0):
    """(code, reason) that the server closed with; messages before are dropped. None as code: no close frame came."""
    try:
        while True:
            client.recv(timeout=timeout)
    except ConnectionClosed as closed:
        return (closed.rcvd.code, closed.rcvd.reason) if closed.rcvd else (None, "")


class RawClient:
    """A WebSocket client over a socket, frame by frame; masks as it should unless told otherwise."""

    def __init__(self, port, path="/ws/echo", headers=None, timeout=10.0):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.sendall(handshake(port, path, headers))
        self.status, self.headers, self._received = read_head(self.socket)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, opcode, payload=b"", **bits):
        self.socket.sendall(frame(opcode, payload, **bits))

    def receive(self):
        """(opcode, payload) of the next frame. Raises EOFError when the server has closed the connection."""
        first, second = self._take(2)
        assert second & 0x80 == 0, "a server must not mask"
        length = second & 0x7F
        if length == 126:
            (length,) = struct.unpack("!H", self._take(2))
        elif length == 127:
            (length,) = struct.unpack("!Q", self._take(8))
        return first & 0x0F, self._take(length)

    def close_code(self):
        """Code of the close frame that comes, None when the connection ends without one."""
        try:
            while True:
                opcode, payload = self.receive()
                if opcode == CLOSE:
                    return struct.unpack("!H", payload[:2])[0] if len(payload) >= 2 else 1005
        except (EOFError, ConnectionResetError):
            return None

    def reset(self):
        """Ends the connection with RST instead of FIN."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def _take(self, count):
        while len(self._received) < count:
            chunk = self.socket.recv(65536)
            if not chunk:
                raise EOFError("connection closed by the server")
            self._received += chunk
        taken, self._received = self._received[:count], self._received[count:]
        return taken


def handshake(port, path, headers=None):
    fields = {
        "Host": f"127.0.0.1:{port}",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
        "Sec-WebSocket-Version": "13",
    }
    fields.update(headers or {})
    lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items() if value is not None)]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def frame(opcode, payload=b"", fin=True, mask=True, rsv=0, length=None, long_form=None):
    """One frame. `length` lies about the length; `long_form` (16 or 64) writes it longer than needed."""
    if isinstance(payload, str):
        payload = payload.encode()
    announced = len(payload) if length is None else length
    head = bytes([(0x80 if fin else 0) | rsv << 4 | opcode])
    flag = 0x80 if mask else 0
    if long_form == 64 or announced > 0xFFFF:
        head += bytes([flag | 127]) + struct.pack("!Q", announced)
    elif long_form == 16 or announced > 125:
        head += bytes([flag | 126]) + struct.pack("!H", announced)
    else:
        head += bytes([flag | announced])
    if not mask:
        return head + payload
    key = os.urandom(4)
    return head + key + bytes(byte ^ key[index % 4] for index, byte in enumerate(payload))
