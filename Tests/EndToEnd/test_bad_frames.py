"""What breaks RFC 6455 is answered with the code that the RFC names, and hurts nobody else."""

import pytest

from harness.websocket import BINARY, CLOSE, CONTINUATION, PING, RawClient, TEXT, frame

CASES = {
    "unmasked": (frame(TEXT, "a", mask=False), 1002),
    "first reserved bit": (frame(TEXT, "a", rsv=4), 1002),
    "second reserved bit": (frame(TEXT, "a", rsv=2), 1002),
    "third reserved bit": (frame(TEXT, "a", rsv=1), 1002),
    "reserved data opcode": (frame(0x3, "a"), 1002),
    "reserved control opcode": (frame(0xB, "a"), 1002),
    "fragmented ping": (frame(PING, "a", fin=False), 1002),
    "long ping": (frame(PING, "a" * 126), 1002),
    "continuation of nothing": (frame(CONTINUATION, "a"), 1002),
    "new message within a fragmented one": (frame(TEXT, "a", fin=False) + frame(TEXT, "b"), 1002),
    "16-bit length of 1": (frame(BINARY, "a", long_form=16), 1002),
    "64-bit length of 1": (frame(BINARY, "a", long_form=64), 1002),
    "length with the highest bit": (frame(BINARY, b"", length=1 << 63, long_form=64), 1002),
    "close of one byte": (frame(CLOSE, b"\x03"), 1002),
    "close with code 999": (frame(CLOSE, b"\x03\xe7"), 1002),
    "close with code 1005": (frame(CLOSE, b"\x03\xed"), 1002),
    "close with code 1006": (frame(CLOSE, b"\x03\xee"), 1002),
    "close with code 5000": (frame(CLOSE, b"\x13\x88"), 1002),
    "invalid UTF-8": (frame(TEXT, b"\xff\xfe"), 1007),
    "cut UTF-8": (frame(TEXT, "é".encode()[:1]), 1007),
    "surrogate in UTF-8": (frame(TEXT, b"\xed\xa0\x80"), 1007),
    "invalid UTF-8 in the second fragment": (frame(TEXT, "a", fin=False) + frame(CONTINUATION, b"\xc0\xaf"), 1007),
    "invalid UTF-8 in a close reason": (frame(CLOSE, b"\x03\xe8\xff"), 1007),
    # The announcement is enough: nobody waits for, or keeps, what is too big.
    "announced oversize": (frame(BINARY, b"", length=1 << 40), 1009),
    "oversize in fragments": (
        frame(BINARY, bytes(700_000), fin=False) + frame(CONTINUATION, bytes(700_000), fin=False), 1009),
}


@pytest.mark.parametrize("name", CASES)
def test_a_bad_frame_has_one_answer(shared_server, name):
    data, code = CASES[name]
    with RawClient(shared_server.port) as raw, RawClient(shared_server.port) as neighbour:
        try:
            raw.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass  # It may have closed before all was sent; the close frame is read below.
        assert raw.close_code() == code
        neighbour.send(TEXT, "unharmed")
        assert neighbour.receive() == (TEXT, b"unharmed")


def test_too_many_fragments(shared_server):
    with RawClient(shared_server.port) as raw:
        try:
            raw.send(TEXT, "", fin=False)
            raw.socket.sendall(frame(CONTINUATION, "a", fin=False) * 2000)
        except (BrokenPipeError, ConnectionResetError):
            pass
        assert raw.close_code() in (1008, 1009)


def test_what_follows_a_close_is_not_handled(shared_server):
    with RawClient(shared_server.port) as raw:
        raw.socket.sendall(frame(CLOSE, b"\x03\xe8") + frame(TEXT, "after"))
        opcode, _ = raw.receive()
        assert opcode == CLOSE
        with pytest.raises((EOFError, ConnectionResetError)):
            raw.receive()


@pytest.mark.parametrize("path", ["/ws/dashboard"])
def test_binary_where_only_text_makes_sense_is_1003(shared_server, path):
    with RawClient(shared_server.port, path) as raw:
        raw.send(BINARY, b"\x00")
        assert raw.close_code() == 1003
