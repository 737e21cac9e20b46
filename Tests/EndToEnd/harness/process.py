"""A child process whose output is collected line by line."""

import os
import re
import signal
import subprocess
import threading
import time


class Process:
    """Starts at once. Everything that it prints is kept; reading never blocks it."""

    def __init__(self, arguments, env=None, cwd=None):
        self.arguments = [str(argument) for argument in arguments]
        environment = {k: v for k, v in os.environ.items() if not k.startswith("LOOPGUARD_")}
        environment.update(env or {})
        self.child = subprocess.Popen(
            self.arguments,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
            cwd=cwd,
            start_new_session=True,
        )
        self.stdout = []
        self.stderr = []
        self._changed = threading.Condition()
        self._readers = [
            threading.Thread(target=self._read, args=(pipe, lines), daemon=True)
            for pipe, lines in ((self.child.stdout, self.stdout), (self.child.stderr, self.stderr))
        ]
        for reader in self._readers:
            reader.start()

    @property
    def pid(self):
        return self.child.pid

    def _read(self, pipe, lines):
        for raw in pipe:
            with self._changed:
                lines.append(raw.decode("utf-8", "replace").rstrip("\n"))
                self._changed.notify_all()
        with self._changed:
            self._changed.notify_all()

    def wait_for_output(self, pattern, timeout=30.0):
        """The first match of `pattern` in a line of the standard output."""
        deadline = time.monotonic() + timeout
        seen = 0
        with self._changed:
            while True:
                for line in self.stdout[seen:]:
                    match = re.search(pattern, line)
                    if match:
                        return match
                seen = len(self.stdout)
                if self.child.poll() is not None and not any(r.is_alive() for r in self._readers):
                    raise AssertionError(f"ended with {self.child.returncode} before {pattern!r}\n{self.output()}")
                if time.monotonic() > deadline:
                    raise AssertionError(f"no {pattern!r} within {timeout:g} s\n{self.output()}")
                self._changed.wait(0.2)

    def output(self):
        """The end of what was printed, for a failure's message."""
        lines = [f"$ {' '.join(self.arguments)}", "--- stdout", *self.stdout[-20:], "--- stderr", *self.stderr[-25:]]
        return "\n".join(line if len(line) < 500 else line[:500] + " …" for line in lines)

    def signal(self, number):
        if self.child.poll() is None:
            os.kill(self.child.pid, number)

    def wait(self, timeout=30.0):
        """The exit code; negative for a signal."""
        try:
            code = self.child.wait(timeout)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"still running after {timeout:g} s\n{self.output()}") from None
        for reader in self._readers:
            reader.join(5)
        return code

    def kill(self):
        """Ends it and what it started, whatever state they are in."""
        # The session is the child's own (start_new_session), so the group holds it and its children only.
        try:
            os.killpg(self.child.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        try:
            self.child.wait(10)
        except subprocess.TimeoutExpired:
            pass
