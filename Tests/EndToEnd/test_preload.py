"""`libloopguard-preload.so` in a server on plain NIO that was not built with Loopguard."""

import json
import os
import shutil
import signal
import subprocess
from pathlib import Path

import jsonschema
import pytest
import referencing

from harness import http
from harness.process import Process
from harness.server import BINARY, REPOSITORY

PRODUCTS = Path(BINARY).parent
PROGRAM = PRODUCTS / "preload-nio"
LIBRARY = PRODUCTS / "libloopguard-preload.so"
SYMBOLICATE = PRODUCTS / "loopguard-symbolicate"
SOURCE = REPOSITORY / "Tools/Examples/preload-nio/GreetingHandler.swift"

pytestmark = pytest.mark.skipif(
    not all(product.exists() for product in (PROGRAM, LIBRARY, SYMBOLICATE)),
    reason="preload-nio, loopguard-preload and loopguard-symbolicate are not built beside the server")


class Example:
    """The example under the preload library."""

    def __init__(self, folder, program, **env):
        self.calls = folder / "calls.jsonl"
        self.process = Process(
            [program], env={"LD_PRELOAD": str(LIBRARY), "LOOPGUARD_PRELOAD_OUT": str(self.calls), **env})
        self.port = int(self.process.wait_for_output(r"Listening on http://127\.0\.0\.1:(\d+)").group(1))

    def get(self, path):
        response = http.request(self.port, path)
        assert response.status == 200
        return response.text

    def lines(self):
        return [json.loads(line) for line in self.calls.read_text().splitlines()] if self.calls.exists() else []

    def stop(self):
        """The reports and the summary, None without a call."""
        self.process.signal(signal.SIGTERM)
        assert self.process.wait() == 0
        lines = self.lines()
        return (lines[:-1], lines[-1]) if lines else ([], None)


@pytest.fixture
def start_example(tmp_path):
    started = []

    def start(program=PROGRAM, **env):
        started.append(Example(tmp_path, program, **env))
        return started[-1]

    yield start
    for example in started:
        example.process.kill()


@pytest.fixture
def stripped(tmp_path):
    """The program as it is shipped: without symbols and debug information."""
    tool = shutil.which("llvm-strip") or shutil.which("strip") or "/opt/swift/usr/bin/llvm-strip"
    if not os.access(tool, os.X_OK):
        pytest.skip("no strip")
    path = tmp_path / "preload-nio"
    subprocess.run([tool, "-o", path, PROGRAM], check=True)
    return path


def validator():
    schemas = [json.loads((REPOSITORY / "Documentation" / name).read_text())
               for name in ("preload.schema.json", "stall-report.schema.json")]
    for schema in schemas:
        jsonschema.validators.validator_for(schema).check_schema(schema)
    registry = referencing.Registry().with_resources(
        [(schema["$id"], referencing.Resource.from_contents(schema)) for schema in schemas])
    return jsonschema.Draft202012Validator(schemas[0], registry=registry)


def symbolicated(calls, *arguments):
    done = subprocess.run([SYMBOLICATE, calls, *arguments], capture_output=True, text=True, timeout=60)
    assert done.returncode in (0, 1), done.stderr
    return done.stdout, done.stderr


def own_frame(report):
    return next(frame for frame in report["samples"][0]["frames"] if not frame["is_runtime"])


def line_of(text):
    return 1 + next(i for i, line in enumerate(SOURCE.read_text().splitlines()) if text in line)


def test_the_call_and_the_function_that_made_it_are_named(start_example, stripped):
    example = start_example(stripped)
    assert example.get("/slow") == "Hello, at last.\n"
    assert example.get("/disk") == "Hello, for ever.\n"
    reports, summary = example.stop()

    check = validator()
    for line in [*reports, summary]:
        check.validate(line)
    assert summary["calls"] == len(reports) + summary["suppressed"]
    sleep, fsync = [next(report for report in reports if name in report["cause"]["summary"])
                    for name in ("sleep() on", "fsync() on")]
    assert sleep["duration_ns"] >= 20_000_000 and sleep["loop"].startswith("NIO-ELT-")
    assert sleep["cause"]["category"] == "blocked-in-system-call" and fsync["cause"]["category"] == "disk"
    assert sleep["samples"][0]["frames"][0]["function"] == sleep["cause"]["system_call"]
    assert fsync["samples"][0]["frames"][0]["module"] == "libloopguard-preload.so"

    out, said = symbolicated(example.calls, "--binary", PROGRAM)
    named = [json.loads(line) for line in out.splitlines()]
    assert named[-1] == summary, said
    for line in named:
        check.validate(line)
    by_id = {line["id"]: own_frame(line) for line in named[:-1]}
    for report, function, text in ((sleep, "composeSlowly()", "Thread.sleep("), (fsync, "composeOnDisk()", "fsync(")):
        frame = by_id[report["id"]]
        assert function in frame["function"], frame
        assert frame["file"].endswith("preload-nio/GreetingHandler.swift") and frame["line"] == line_of(text), frame
    text, _ = symbolicated(example.calls, "--binary", PROGRAM, "--format", "text")
    assert "composeSlowly()" in text and "fsync() on an event loop" in text


def test_an_unstripped_program_names_its_exported_symbols_itself(start_example):
    example = start_example()
    example.get("/slow")
    reports, _ = example.stop()
    sleep = next(report for report in reports if "sleep() on" in report["cause"]["summary"])
    named, _ = symbolicated(example.calls, "--search", PRODUCTS)
    assert "composeSlowly()" in own_frame(json.loads(named.splitlines()[reports.index(sleep)]))["function"]


def test_a_loop_that_does_not_block_is_silent(start_example):
    # Locks that two threads want at once are had soon, unless the machine is busy.
    example = start_example(LOOPGUARD_PRELOAD_LOCK_GRACE_US="10000000")
    for _ in range(50):
        example.get("/")
    assert example.stop() == ([], None)


def test_counts_are_exact_and_lines_thin_out(start_example):
    example = start_example(LOOPGUARD_PRELOAD_THRESHOLD_MS="15", LOOPGUARD_PRELOAD_LOCK_GRACE_US="10000000")
    for _ in range(20):
        example.get("/slow")
    reports, summary = example.stop()
    sleeps = [report for report in reports if "sleep() on" in report["cause"]["summary"]]
    # The first eight, and number sixteen.
    assert len(sleeps) == 9 and summary["calls"] >= 20 and summary["suppressed"] >= 11
    assert summary["blocked_ns"] >= 20 * 20_000_000
