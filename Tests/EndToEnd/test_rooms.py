"""`/ws/rooms/{room}`: what one client sends, all clients of the room get."""

import pytest


def test_everybody_in_the_room_gets_it_and_nobody_else(shared_server, client):
    alice, bob = (client(shared_server, "/ws/rooms/rooms-a") for _ in range(2))
    other = client(shared_server, "/ws/rooms/rooms-b")
    # A first message of each: after it has come back, the subscription is known to stand.
    for member in (alice, bob, other):
        member.send("here")
    assert [alice.recv(timeout=10) for _ in range(2)] == ["here", "here"]
    assert bob.recv(timeout=10) == "here"
    assert other.recv(timeout=10) == "here"

    alice.send("text")
    alice.send(b"\x00binary")
    for member in (alice, bob):
        rest = [member.recv(timeout=10) for _ in range(2)]
        if rest[0] == "here":  # Bob's own greeting, when Alice's had come before he joined.
            rest = [rest[1], member.recv(timeout=10)]
        assert rest == ["text", b"\x00binary"]
    with pytest.raises(TimeoutError):
        other.recv(timeout=0.5)


def test_all_members_see_one_order(shared_server, client):
    members = [client(shared_server, "/ws/rooms/order") for _ in range(4)]
    seen = [[] for _ in members]
    for number in range(50):
        for index, member in enumerate(members[:2]):
            member.send(f"{index}:{number}")
    for index, member in enumerate(members):
        while len(seen[index]) < 100:
            seen[index].append(member.recv(timeout=10))
    assert all(one == seen[0] for one in seen)
    # Each sender's own order is kept within it.
    for sender in "01":
        assert [m for m in seen[0] if m.startswith(sender)] == [f"{sender}:{number}" for number in range(50)]


def test_a_room_s_name_is_decoded(shared_server, client):
    first = client(shared_server, "/ws/rooms/caf%C3%A9")
    second = client(shared_server, "/ws/rooms/caf%c3%a9")
    second.send("bonjour")
    assert second.recv(timeout=10) == "bonjour"
    assert first.recv(timeout=10) == "bonjour"


def test_who_has_left_is_not_missed(shared_server, client):
    stays = client(shared_server, "/ws/rooms/leaving")
    leaves = client(shared_server, "/ws/rooms/leaving")
    leaves.send("bye")
    assert stays.recv(timeout=10) == "bye"
    leaves.close()
    stays.send("still here")
    assert stays.recv(timeout=10) == "still here"
