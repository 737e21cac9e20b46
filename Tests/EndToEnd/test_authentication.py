"""`/ws/secure`: the first message or a cookie says who it is."""

import json

import pytest

from harness.server import Server, run_to_end
from harness.tokens import SECRET, token
from harness.websocket import RawClient, wait_for_close

AUTHENTICATED = {"status": "authenticated"}
COOKIE = "loopguard_token"


@pytest.fixture(scope="module")
def secure():
    server = Server("--auth-secret", SECRET)
    try:
        yield server.wait_until_ready()
    finally:
        server.process.kill()


def authenticate(client, server, jwt):
    connection = client(server, "/ws/secure")
    connection.send(json.dumps({"token": jwt}))
    return connection


def test_a_good_token_lets_in_and_the_rest_is_a_room(secure, client):
    alice, bob = authenticate(client, secure, token("alice")), authenticate(client, secure, token("bob"))
    for member in (alice, bob):
        assert json.loads(member.recv(timeout=10)) == AUTHENTICATED
    alice.send("hello")
    assert alice.recv(timeout=10) == "hello"
    assert bob.recv(timeout=10) == "hello"


@pytest.mark.parametrize(
    "jwt",
    {
        "rubbish": "garbage",
        "empty": "",
        "other secret": token(secret="another secret that is long enough too"),
        "expired": token(lifetime=-60),
        "unsigned": token(algorithm="none"),
        "cut": token()[:-4],
        "not yet": token(nbf=4102444800),
    }.items(),
    ids=lambda pair: pair[0],
)
def test_a_bad_token_is_4001(secure, client, jwt):
    assert wait_for_close(authenticate(client, secure, jwt[1])) == (4001, "Unauthorized: Invalid Token")


def test_no_token_is_4001(secure, client):
    connection = client(secure, "/ws/secure")
    connection.send("{}")
    assert wait_for_close(connection) == (4001, "Unauthorized: Invalid Token")


@pytest.mark.parametrize(
    "message", ["not json", "[]", '"token"', '{"token": 7}', "{", "", b"\x00\x01", json.dumps({"token": "a"}).encode()])
def test_a_malformed_first_message_is_1008(secure, client, message):
    connection = client(secure, "/ws/secure")
    connection.send(message)
    assert wait_for_close(connection)[0] == 1008


def test_an_endless_first_message_is_refused(secure, client):
    connection = client(secure, "/ws/secure")
    connection.send(json.dumps({"token": "a" * 200_000}))
    assert wait_for_close(connection)[0] in (1008, 1009, 4001)


def test_silence_is_4002(secure, client):
    silent = client(secure, "/ws/secure")
    assert wait_for_close(silent, timeout=15) == (4002, "Auth Timeout")


def test_pings_are_not_a_token(secure):
    from harness.websocket import PING

    with RawClient(secure.port, "/ws/secure", timeout=15) as raw:
        for _ in range(3):
            raw.send(PING, b"still here")
        assert raw.close_code() == 4002


def test_nothing_is_said_in_a_room_before_authentication(secure, client):
    member = authenticate(client, secure, token("member"))
    assert json.loads(member.recv(timeout=10)) == AUTHENTICATED
    stranger = client(secure, "/ws/secure")
    member.send("secret")
    assert member.recv(timeout=10) == "secret"
    with pytest.raises(TimeoutError):
        stranger.recv(timeout=0.5)


def test_a_token_that_expires_ends_the_connection(secure, client):
    connection = authenticate(client, secure, token(lifetime=3))
    assert json.loads(connection.recv(timeout=10)) == AUTHENTICATED
    assert wait_for_close(connection, timeout=15)[0] == 4001


def test_a_cookie_from_the_own_origin_lets_in(secure, client):
    headers = {"Cookie": f"other=1; {COOKIE}={token('carol')}"}
    connection = client(secure, "/ws/secure", headers=headers, origin=secure.origin)
    assert json.loads(connection.recv(timeout=10)) == AUTHENTICATED
    connection.send("by cookie")
    assert connection.recv(timeout=10) == "by cookie"


def test_a_cookie_from_elsewhere_does_not(secure, client):
    headers = {"Cookie": f"{COOKIE}={token('carol')}", "Origin": "https://evil.example"}
    with RawClient(secure.port, "/ws/secure", headers) as raw:
        assert raw.status == 403


def test_a_cookie_without_an_origin_does_not_count(secure, client):
    connection = client(secure, "/ws/secure", headers={"Cookie": f"{COOKIE}={token('carol')}"})
    assert wait_for_close(connection, timeout=15) == (4002, "Auth Timeout")


def test_a_bad_cookie_is_4001(secure, client):
    connection = client(secure, "/ws/secure", headers={"Cookie": f"{COOKIE}=garbage"}, origin=secure.origin)
    assert wait_for_close(connection) == (4001, "Unauthorized: Invalid Token")


def test_the_token_command_makes_one_that_is_let_in(secure, client):
    code, out, err = run_to_end("token", "--sub", "dave", env={"LOOPGUARD_AUTH_SECRET": SECRET})
    assert code == 0, err
    connection = authenticate(client, secure, out.strip())
    assert json.loads(connection.recv(timeout=10)) == AUTHENTICATED


def test_tokens_are_never_logged(secure, client):
    good, bad = token("erin"), token(secret="another secret that is long enough too")
    connection = authenticate(client, secure, good)
    assert json.loads(connection.recv(timeout=10)) == AUTHENTICATED
    wait_for_close(authenticate(client, secure, bad))
    everything = "\n".join(secure.process.stdout + secure.process.stderr)
    assert not any(secret in everything for secret in (good, bad, SECRET))
