"""The page's server, without a browser: what it believes, keeps, and claims."""

import ast
import asyncio
import socket
import subprocess
import sys
import time

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from lesionlab.errors import LabError
from lesionlab.page import server
from lesionlab.page.command import main
from lesionlab.page.guard import is_plain
from lesionlab.page.handlers import PROBLEMS, read_files
from lesionlab.page.server import add_routes, claim_port
from lesionlab.visits.register import Register
from lesionlab.visits.shelf import Shelf
from unit.made_bundle import make_bundle


@pytest.fixture
def register():
    return Register(Shelf(1000), Shelf(1000))


@pytest.fixture
def client(register):
    app = FastAPI()
    add_routes(app, register)
    with TestClient(app) as client:
        yield client


def test_photographs_come_in_as_long_as_there_is_room(client, register):
    token = client.post("/photographs?visit=one", content=bytes(600)).text
    full = client.post("/photographs?visit=one", content=bytes(600))
    assert (full.status_code, full.text) == (503, "too much at once")
    assert register.tray.take(token).owner == "one"
    assert client.post("/photographs?visit=one", content=bytes(600)).status_code == 200


def test_what_is_never_judged_does_not_wait_for_ever(client, register, monkeypatch):
    monkeypatch.setattr(server, "PATIENCE", 0.05)
    client.post("/photographs?visit=one", content=bytes(600))
    deadline = time.monotonic() + 30
    while len(register.tray):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_what_does_not_come_in_time_leaves_its_room(client, register, monkeypatch):
    monkeypatch.setattr(server, "SENDING", 0.01)
    headers = [(b"content-length", b"600"), (b"host", b"127.0.0.1")]
    scope = {"type": "http", "method": "POST", "path": "/photographs"}
    answers = []

    async def receive():
        assert not register.tray.reserve(500)
        await asyncio.sleep(30)

    async def send(message):
        answers.append(message)

    scope |= {"query_string": b"visit=one", "headers": headers}
    asyncio.run(client.app(scope, receive, send))
    assert answers[0]["status"] == 408
    assert len(register.tray) == 0
    assert register.tray.reserve(1000)


@pytest.mark.parametrize(
    ("data", "read"),
    [
        ({"files": [{"name": "a", "token": "t"}]}, ([{"name": "a", "token": "t"}], 0)),
        (
            {"files": [{"name": "a\n\x00b", "problem": PROBLEMS[0]}]},
            ([{"name": "ab", "problem": PROBLEMS[0]}], 0),
        ),
        (
            {"files": [{"name": "a", "problem": "research_only"}]},
            ([{"name": "a", "problem": "not_sent"}], 0),
        ),
        ({"files": [{"token": "t"}, [], None], "unlisted": 3}, ([], 3)),
        ({"files": "a", "unlisted": -1}, ([], 0)),
        ({"unlisted": "many"}, ([], 0)),
        (None, ([], 0)),
        ([], ([], 0)),
    ],
)
def test_nothing_that_a_browser_says_is_believed(data, read):
    assert read_files(data) == read


@pytest.mark.parametrize(
    ("body", "plain"),
    [
        (b'{"data": ["en", 95, false, null]}', True),
        (b'{"data": [{"path": "http://elsewhere/"}]}', False),
        (b'{"data": [["en"]]}', False),
        (b'{"data": "en"}', False),
        (b"{}", False),
        (b"[]", False),
        (b"[" * 100_000, False),
    ],
)
def test_events_hand_over_words_and_numbers_alone(body, plain):
    assert is_plain(body) is plain


def test_a_taken_port_is_one_line(tmp_path, capsys):
    folder = make_bundle(tmp_path)
    with claim_port(0) as taken:
        port = taken.getsockname()[1]
        assert taken.getsockname()[0] == "127.0.0.1"
        with pytest.raises(LabError, match="name another with --port"):
            claim_port(port)
        assert main(["app", "--model", str(folder), "--port", str(port)]) == 1
    said = capsys.readouterr().err
    assert said == (
        f"lesionlab: port {port} of 127.0.0.1: Address already in use; name another "
        "with --port\n"
    )


def test_no_model_is_one_line(tmp_path, capsys):
    assert main(["app", "--model", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert said.startswith(f"lesionlab: {tmp_path}: no model")
    assert said.count("\n") == 1


def test_the_page_loads_no_torch_until_it_is_asked_for():
    tell = (
        "import sys, lesionlab.page.command, lesionlab.page.server, "
        "lesionlab.visits.desk; print('torch' in sys.modules, 'gradio' in sys.modules)"
    )
    environment = {"PYTHONPATH": ":".join(sys.path), "PATH": ""}
    done = subprocess.run(
        [sys.executable, "-c", tell], env=environment, capture_output=True, text=True
    )
    assert done.stdout.split() == ["False", "False"], done.stderr


def test_onnx_runtime_is_told_to_report_nothing_before_it_is_loaded(repository):
    scripts = repository / "workflow" / "scripts"
    importing = {
        path.relative_to(scripts).as_posix()
        for path in scripts.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Import)
        and any(one.name == "onnxruntime" for one in node.names)
    }
    assert importing == {"lesionlab/export/runtime.py"}
    text = (scripts / "lesionlab/export/runtime.py").read_text("utf-8")
    assert text.index("ORT_DISABLE_TELEMETRY") < text.index("import onnxruntime")


def test_the_port_is_of_this_machine_alone():
    with claim_port(0) as listening:
        assert listening.family == socket.AF_INET
        assert listening.getsockname()[0] == "127.0.0.1"
        # who has read the address and asks at once waits, and is not turned away
        socket.create_connection(listening.getsockname(), timeout=5).close()
