"""What the command line refuses: one clear message and one exit code for each mistake."""

import socket

import pytest

from harness.server import run_to_end

# Exit codes of sysexits.h.
USAGE = 64


def test_help_groups_the_flags():
    code, out, _ = run_to_end("--help")
    assert code == 0
    for flag in ("--port", "--admin", "--workers", "--loops", "--watchdog-ms", "--redis", "--tls-cert", "--tls-key",
                 "--auth-secret", "--auth-jwks", "--origin", "--max-connections", "--max-message-bytes",
                 "--slow-consumer", "--blocking-threads", "--blocking-queue",
                 "--blocking-queue-age-ms", "--no-cooperative-pool-watch", "--drain-seconds", "--log-format", "--demo",
                 "--stall-budget", "--stall-baseline", "--stall-budget-report", "--write-stall-baseline", "--strict"):
        assert flag in out, f"{flag} is not in --help"


def test_unknown_flag():
    code, _, err = run_to_end("--no-such-flag")
    assert code == USAGE
    assert "--no-such-flag" in err


@pytest.mark.parametrize(
    "flag, value, allowed",
    [
        ("--port", "65536", "65535"),
        ("--port", "eighty", "65535"),
        ("--admin", "nowhere", "HOST:PORT"),
        ("--workers", "0", "1"),
        ("--loops", "0", "1"),
        ("--watchdog-ms", "-5", "1"),
        ("--watchdog-ms", "soon", "1"),
        ("--max-message-bytes", "0", "1"),
        ("--slow-consumer", "whatever", "disconnect"),
        ("--log-format", "xml", "json"),
        ("--blocking-threads", "0", "1"),
        ("--drain-seconds", "-1", "0"),
    ],
)
def test_a_bad_value_names_flag_value_and_what_is_allowed(flag, value, allowed):
    code, _, err = run_to_end(f"{flag}={value}", *([] if flag == "--port" else ["--port", "0"]))
    assert code == USAGE, err
    assert flag in err and value in err and allowed in err


def test_a_bad_value_in_the_environment_names_the_variable():
    code, _, err = run_to_end("--port", "0", env={"LOOPGUARD_WATCHDOG_MS": "soon"})
    assert code == USAGE, err
    assert "LOOPGUARD_WATCHDOG_MS" in err or "--watchdog-ms" in err
    assert "soon" in err


@pytest.mark.parametrize("which", ["--port", "--admin"])
def test_port_in_use(which):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        flags = {"--port": "0", "--admin": "127.0.0.1:0"}
        flags[which] = f"127.0.0.1:{port}" if which == "--admin" else str(port)
        code, _, err = run_to_end("--host", "127.0.0.1", *[word for pair in flags.items() for word in pair])
    assert code > 0, f"must end by itself, not by a signal: {code}\n{err}"
    assert str(port) in err and which in err


@pytest.mark.parametrize("content", [None, b"", b"not a certificate"])
def test_a_certificate_that_cannot_be_used(tmp_path, content):
    certificate = tmp_path / "certificate.pem"
    if content is not None:
        certificate.write_bytes(content)
    code, _, err = run_to_end("--port", "0", "--tls-cert", certificate, "--tls-key", certificate)
    assert code > 0, err
    assert str(certificate) in err


def test_certificate_without_key(tmp_path):
    code, _, err = run_to_end("--port", "0", "--tls-cert", tmp_path / "certificate.pem")
    assert code == USAGE, err
    assert "--tls-key" in err


@pytest.mark.parametrize("url", ["http://127.0.0.1:6379", "redis://", "redis://127.0.0.1:notaport", "127.0.0.1:6379", ""])
def test_bad_redis_url(url):
    code, _, err = run_to_end("--port", "0", f"--redis={url}")
    assert code == USAGE, err
    assert "--redis" in err and "redis://" in err


def test_several_workers_need_redis():
    code, _, err = run_to_end("--port", "0", "--workers", "3")
    assert code == USAGE, err
    assert "--redis" in err and "--workers" in err


def test_two_kinds_of_keys_at_once_are_a_mistake():
    code, _, err = run_to_end("--port", "0", "--auth-secret", "a" * 32, "--auth-jwks", "/nonexistent.json")
    assert code == USAGE, err
    assert "--auth-secret" in err and "--auth-jwks" in err


def test_unreadable_jwks():
    code, _, err = run_to_end("--port", "0", "--auth-jwks", "/nonexistent.json")
    assert code > 0, err
    assert "/nonexistent.json" in err
