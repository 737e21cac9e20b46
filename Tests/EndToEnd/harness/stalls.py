"""Reading `/debug/stalls.json`."""

from .waiting import eventually


def document(server):
    """The stalls of all workers, merged."""
    return server.admin("/debug/stalls.json").json()


def ongoing(server):
    return document(server)["ongoing"]


def recent(server):
    return document(server)["recent"]


def total(server):
    return document(server)["total"]


def of_route(reports, route):
    return [report for report in reports if (report.get("scope") or {}).get("route") == route]


def wait_for_ongoing(server, route, count=1, timeout=8.0):
    """The reports of `count` stalls of a route that last at this moment, with a stack in each."""

    def probe():
        found = [r for r in of_route(ongoing(server), route) if any(s["frames"] for s in r["samples"])]
        return found if len(found) >= count else None

    return eventually(probe, timeout, f"{count} ongoing stalls of {route}")


def wait_for_finished(server, route, timeout=20.0):
    """The newest finished report of a route."""
    return eventually(
        lambda: of_route(recent(server), route), timeout, f"a finished stall of {route}"
    )[0]


def user_frames(report):
    """Frames of all samples that are not the runtime's, innermost first."""
    return [frame for sample in report["samples"] for frame in sample["frames"] if not frame["is_runtime"]]


def functions(report):
    return [frame.get("function") or "" for frame in user_frames(report)]
