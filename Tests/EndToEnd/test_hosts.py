"""Two servers with one Redis are one cluster on the pages of each."""

import json
import signal

from harness.demo import misbehave
from harness.stalls import document
from harness.waiting import eventually


def pair(start_server, redis, *flags):
    return (
        start_server("--redis", redis.url, "--host-name", "alpha", "--demo", *flags),
        start_server("--redis", redis.url, "--host-name", "beta", "--demo", "--workers", "2", *flags),
    )


def hosts(server):
    return {(worker["host"], worker["worker"]): worker["state"] for worker in document(server)["workers"]}


EVERYBODY = {("alpha", 0): "running", ("beta", 1): "running", ("beta", 2): "running"}


def test_each_host_shows_all_hosts_and_their_stalls(start_server, redis, client):
    alpha, beta = pair(start_server, redis)
    for server in (alpha, beta):
        eventually(lambda: hosts(server) == EVERYBODY, 20, "all hosts are known")
    assert document(alpha)["workers"][0]["host"] == "alpha", "our own host first"
    assert document(beta)["workers"][0]["host"] == "beta"
    assert document(alpha)["notes"] == []

    connection = client(alpha, "/ws/demo/sleep")
    misbehave(connection, 4000)
    seen = eventually(lambda: document(beta)["ongoing"], 4, "beta shows the stall of alpha while it goes on")
    assert seen[0]["host"] == "alpha" and seen[0]["scope"]["route"] == "/ws/demo/sleep"
    done = eventually(
        lambda: [r for r in document(beta)["recent"] if r["host"] == "alpha"], 10, "and when it is over")
    assert done[0]["duration_ns"] >= 4_000_000_000
    assert any(site["fingerprint"] == done[0]["fingerprint"] for site in document(beta)["sites"])

    loops = beta.admin("/debug/loops.json").json()["workers"]
    assert {view["host"] for view in loops} == {"alpha", "beta"}
    assert "alpha" in beta.admin("/debug/stalls.txt").text
    assert "alpha" in beta.admin("/debug/stalls.html").text
    # What Prometheus scrapes, and readiness, are each host's own.
    assert 'worker="0"' not in beta.admin("/metrics").text
    assert beta.is_ready()


def test_a_killed_host_is_shown_as_silent_and_one_that_leaves_is_gone(start_server, redis):
    alpha, beta = pair(start_server, redis)
    eventually(lambda: hosts(alpha) == EVERYBODY and hosts(beta) == EVERYBODY, 20, "all hosts are known")
    beta.process.kill()

    def silent():
        return {s for (host, _), s in hosts(alpha).items() if host == "beta"} == {"silent"}

    eventually(silent, 8, "beta is silent: three seconds after its last word, and a look")
    assert any("host beta is silent" in note for note in document(alpha)["notes"])
    assert alpha.is_ready(), "another host's trouble does not take this one out of service"
    # It comes back under its name, and leaves in order.
    again = start_server("--redis", redis.url, "--host-name", "beta")
    eventually(lambda: hosts(alpha) == {("alpha", 0): "running", ("beta", 0): "running"}, 20, "beta is back")
    assert again.stop() == 0
    eventually(lambda: hosts(alpha) == {("alpha", 0): "running"}, 10, "beta has said goodbye")


def test_without_redis_the_page_answers_with_its_own_host_and_says_why(start_server, redis):
    alpha, beta = pair(start_server, redis)
    eventually(lambda: hosts(alpha) == EVERYBODY, 20, "all hosts are known")
    redis.kill()
    notes = eventually(lambda: document(alpha)["notes"], 15, "the other hosts are unknown")
    assert "other hosts are unknown" in notes[0] and "Redis" in notes[0]
    assert ("alpha", 0) in hosts(alpha)
    assert "other hosts are unknown" in alpha.admin("/debug/stalls.txt").text
    redis.start()
    for server in (alpha, beta):
        eventually(lambda: hosts(server) == EVERYBODY and not document(server)["notes"], 30, "all are known again")


def test_nonsense_in_redis_is_a_line_and_no_harm(start_server, redis):
    alpha = start_server("--redis", redis.url, "--host-name", "alpha")
    key = "loopguard:h:{hosts}"
    now = int(redis.command("TIME").split(b"\r\n")[2]) * 1000
    texts = {"junk": "{", "binary": "\x00\x01", "huge": "x" * 300_000, "<img>": json.dumps({"workers": "no"})}
    for name, text in texts.items():
        for field, value in (("t", now), ("w", now), ("v", "1"), ("d", text)):
            redis.command("HSET", key, f"{field}:{name}", value)
    notes = eventually(lambda: len(document(alpha)["notes"]) == 4 and document(alpha)["notes"], 15, "four lines")
    assert any("300000 bytes" in note for note in notes)
    assert hosts(alpha) == {("alpha", 0): "running"}
    assert "<img>" not in alpha.admin("/debug/stalls.html").text
    redis.command("DEL", key)
    redis.command("SET", key, "not a hash")
    eventually(lambda: "other hosts are unknown" in " ".join(document(alpha)["notes"]), 15, "the wrong kind of key")
    redis.command("DEL", key)
    eventually(lambda: document(alpha)["notes"] == [], 15, "all is well again")
    assert alpha.process.child.poll() is None
    assert alpha.stop(signal.SIGTERM) == 0
