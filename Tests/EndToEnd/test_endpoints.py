"""What the admin address and the main port serve."""

import json
import re

import jsonschema
import pytest

from harness.server import REPOSITORY

JSON, HTML, TEXT = "application/json", "text/html", "text/plain"


@pytest.mark.parametrize(
    "path, headers, kind",
    [
        ("/debug/stalls", {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}, HTML),
        ("/debug/stalls", {"Accept": "application/json"}, JSON),
        ("/debug/stalls", {"Accept": "*/*"}, TEXT),
        ("/debug/stalls", {}, TEXT),
        ("/debug/stalls.json", {}, JSON),
        ("/debug/loops", {"Accept": "*/*"}, TEXT),
        ("/debug/loops.json", {}, JSON),
        ("/metrics", {}, TEXT),
        ("/healthz", {}, TEXT),
        ("/readyz", {}, TEXT),
    ],
)
def test_each_page_comes_in_the_form_asked_for(shared_server, path, headers, kind):
    response = shared_server.admin(path, headers=headers)
    assert response.status == 200
    assert response.headers["content-type"].startswith(kind)
    if kind == JSON:
        assert response.json()["workers"]
    assert response.body


def test_metrics_are_prometheus_text(shared_server):
    text = shared_server.admin("/metrics").text
    names = set()
    for line in filter(None, text.splitlines()):
        if line.startswith("#"):
            assert re.match(r"# (HELP|TYPE) [a-z_:][a-z0-9_:]* \S", line), line
            continue
        match = re.match(
            r'([a-z_:][a-z0-9_:]*)(\{[a-z_]+="(?:[^"\\\n]|\\.)*"(?:,[a-z_]+="(?:[^"\\\n]|\\.)*")*\})? '
            r"[-+]?(\d+(\.\d+)?([eE][-+]?\d+)?|Inf|NaN)$", line)
        assert match, line
        names.add(match.group(1))
    assert any("stall" in name for name in names)
    assert any("connection" in name for name in names)
    assert all(name.startswith("loopguard_") for name in names)


def test_admin_refuses_what_it_does_not_know(shared_server):
    assert shared_server.admin("/nowhere").status == 404
    response = shared_server.admin("/debug/stalls", method="POST", body=b"a")
    assert response.status == 405 and "GET" in response.headers["allow"]


def test_head_is_get_without_a_body(shared_server):
    response = shared_server.admin("/debug/stalls.json", method="HEAD")
    assert response.status == 200 and response.body == b""


def test_the_main_port_serves_the_dashboard(shared_server):
    response = shared_server.get("/", headers={"Accept": "text/html"})
    assert response.status == 200
    assert response.headers["content-type"].startswith(HTML)
    assert "/ws/dashboard" in response.text
    # Everything comes from the binary: nothing is fetched from elsewhere.
    assert not re.search(r'(src|href)="https?://', response.text)
    assert shared_server.get("/healthz").status == 200


@pytest.mark.parametrize("path", ["/debug/stalls", "/debug/stalls.json", "/debug/loops"])
def test_the_main_port_only_points_to_debug_pages(shared_server, path):
    response = shared_server.get(path)
    assert response.status in (302, 303, 307, 308)
    assert response.headers["location"].endswith(f"127.0.0.1:{shared_server.admin_port}{path}")
    assert len(response.text.strip().splitlines()) <= 1
    assert "stall" not in response.text or "workers" not in response.text


def test_demo_handlers_exist_only_with_demo(shared_server):
    assert shared_server.get("/ws/demo/sleep").status == 404


def test_logs_are_json_with_the_usual_fields(shared_server):
    lines = shared_server.logs()
    assert lines
    for line in lines:
        assert {"level", "message"} <= line.keys(), line


def test_the_schema_is_a_schema():
    schema = json.loads((REPOSITORY / "Documentation/stall-report.schema.json").read_text())
    jsonschema.validators.validator_for(schema).check_schema(schema)


def test_text_logs_are_the_default(start_server):
    server = start_server("--log-format", "text")
    assert server.process.stderr and not server.process.stderr[0].startswith("{")
