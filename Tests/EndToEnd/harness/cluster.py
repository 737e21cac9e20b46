"""Clients on known workers."""

from .waiting import eventually


def places(server):
    """Connections by (worker, loop)."""
    return {(worker, loop["name"]): loop["connections"] for worker, loop in server.loops()}


def open_and_locate(server, open_one, timeout=15):
    """Opens one connection; returns it with its (worker, loop), seen by whose count has grown.

    Open no other connection meanwhile.
    """
    before = places(server)
    connection = open_one()

    def grown():
        after = places(server)
        return next((place for place in after if after[place] > before.get(place, 0)), None)

    return connection, eventually(grown, timeout, "the new connection is counted somewhere")


def spread_over_loops(server, open_one, wanted, most=80):
    """One connection for each of `wanted` loops. Who accepts is the kernel's choice, so several may be needed."""
    found = {}
    for _ in range(most):
        connection, place = open_and_locate(server, open_one)
        found.setdefault(place, connection)
        if len(found) == wanted:
            return found
    raise AssertionError(f"{most} connections went to {sorted(found)} only, of {sorted(places(server))}")


def spread_over_workers(server, open_one, workers, count, most=80):
    """At least `count` connections with at least one on each of `workers`; pairs of connection and worker."""
    opened = []
    for _ in range(most):
        connection, (worker, _) = open_and_locate(server, open_one)
        opened.append((connection, worker))
        if len(opened) >= count and len({worker for _, worker in opened}) == workers:
            return opened
    raise AssertionError(f"{most} connections went to workers {sorted({w for _, w in opened})} only")
