"""Waiting for something to become true, with a limit."""

import time


def eventually(probe, timeout=15.0, what="the condition", every=0.05):
    """Calls `probe` until it returns something true, and returns that.

    An exception of the probe counts as "not yet". After `timeout` seconds the test fails and says what was seen last.
    """
    deadline = time.monotonic() + timeout
    last = None
    while True:
        try:
            last = probe()
            if last:
                return last
        except AssertionError:
            raise
        except Exception as error:  # noqa: BLE001: whatever goes wrong, it is shown below
            last = error
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not within {timeout:g} s; last seen: {last!r}")
        time.sleep(every)
