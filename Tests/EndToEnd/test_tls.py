"""TLS on the main port."""

import ssl
import subprocess

import pytest

from harness.server import Server
from harness.websocket import open_websocket


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1",
         "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate],
        check=True, capture_output=True, timeout=60)
    return certificate, key


@pytest.fixture(scope="module")
def secure_server(certificate):
    server = Server("--tls-cert", certificate[0], "--tls-key", certificate[1], tls=True)
    try:
        yield server.wait_until_ready()
    finally:
        server.process.kill()


def test_echo_over_tls(secure_server, certificate):
    context = ssl.create_default_context(cafile=certificate[0])
    with open_websocket(secure_server, "/ws/echo", ssl=context) as echo:
        for message in ("hello", b"\x00" * 200_000):
            echo.send(message)
            assert echo.recv(timeout=10) == message


def test_the_origin_is_https(secure_server, certificate):
    context = ssl.create_default_context(cafile=certificate[0])
    with open_websocket(secure_server, "/ws/echo", ssl=context, origin=secure_server.origin) as echo:
        echo.send("hello")
        assert echo.recv(timeout=10) == "hello"


def test_plain_http_on_the_tls_port_hurts_nobody(secure_server, certificate):
    import socket

    with socket.create_connection(("127.0.0.1", secure_server.port), timeout=10) as plain:
        plain.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        try:
            assert not plain.recv(1000).startswith(b"HTTP/1.1 200")
        except ConnectionResetError:
            pass
    context = ssl.create_default_context(cafile=certificate[0])
    with open_websocket(secure_server, "/ws/echo", ssl=context) as echo:
        echo.send("still there")
        assert echo.recv(timeout=10) == "still there"


def test_old_tls_is_refused(secure_server):
    import socket
    import warnings

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        context.maximum_version = ssl.TLSVersion.TLSv1_1
        context.minimum_version = ssl.TLSVersion.TLSv1
    with socket.create_connection(("127.0.0.1", secure_server.port), timeout=10) as connection:
        with pytest.raises((ssl.SSLError, ConnectionResetError)):
            context.wrap_socket(connection)
