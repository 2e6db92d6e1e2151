"""The page as a stranger may try it, by HTTP alone; and what it keeps in memory."""

import re
import socket

import httpx
import pytest

from lesionlab.visits.cases import HEAVIEST
from unit.made_bundle import draw_photograph, encode, make_bundle
from unit.page.served import Client, serve


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return make_bundle(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def served(model, tmp_path_factory):
    with serve(model, tmp_path_factory.mktemp("page") / "tmp") as served:
        yield served


@pytest.mark.parametrize(
    "path",
    [
        "/gradio_api/file=/etc/passwd",
        "/gradio_api/file=../../../etc/passwd",
        "/gradio_api/file/etc/passwd",
        "/file=/etc/passwd",
        "/gradio_api/file={model}/model.json",
        "/gradio_api/file={repository}/README.md",
        "/assets/../../../../README.md",
        "/assets/..%2f..%2f..%2f..%2fREADME.md",
        "/static/%2e%2e/%2e%2e/index.html",
        "/pictures/..%2f..%2fetc%2fpasswd",
        "/gradio_api/proxy=http://127.0.0.1:1/",
        "/gradio_api/info",
        "/gradio_api/openapi.json",
        "/openapi.json",
        "/docs",
        "/monitoring",
        "/gradio_api/runs",
        "/?deep_link=../x",
    ],
)
def test_no_file_is_served(served, model, repository, path):
    path = path.format(model=model, repository=repository)
    # as it stands: a client would take the dots out
    url = httpx.URL(served.url).copy_with(raw_path=path.encode())
    answer = httpx.get(url)
    if path.startswith("/?"):
        assert answer.status_code == 200
        assert "state.json" not in answer.text
    else:
        assert answer.status_code == 404
        assert answer.text == "not here"


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("GET", "/", {"Host": "evil.example"}, 421),
        ("GET", "/", {"Host": "127.0.0.1.evil.example:80"}, 421),
        ("GET", "/config", {"Origin": "http://evil.example"}, 403),
        ("POST", "/gradio_api/queue/join", {"Origin": "null"}, 403),
        ("GET", "/", {"Sec-Fetch-Site": "cross-site"}, 403),
        ("POST", "/gradio_api/upload", {}, 404),
        ("POST", "/gradio_api/run/judge", {}, 404),
        ("DELETE", "/", {}, 404),
        ("POST", "/photographs", {"Transfer-Encoding": "chunked"}, 411),
    ],
)
def test_strangers_are_refused(served, method, path, headers, status):
    answer = httpx.request(method, served.url + path, headers=headers)
    assert answer.status_code == status


@pytest.mark.parametrize(
    ("path", "length"),
    [("/photographs", HEAVIEST + 1), ("/gradio_api/queue/join", 2_000_000)],
)
def test_what_says_that_it_is_too_long_is_not_read(served, path, length):
    host, port = served.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=30) as line:
        head = f"POST {path} HTTP/1.1\r\nHost: {host}:{port}\r\n"
        line.sendall(f"{head}Content-Length: {length}\r\n\r\n".encode())
        assert line.recv(1000).startswith(b"HTTP/1.1 413")


def test_what_is_longer_than_it_says_is_cut_off(served):
    def parts():
        for _ in range(3):
            yield bytes(500_000)

    answer = httpx.post(served.url + "/gradio_api/queue/join", content=parts())
    assert answer.status_code == 413


def test_every_answer_binds_the_browser_to_this_machine(served):
    answer = httpx.get(served.url)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "connect-src 'self'" in policy
    assert "http" not in policy
    assert answer.headers["referrer-policy"] == "no-referrer"
    nonce = re.search(r"'nonce-([\w-]+)'", policy)[1]
    scripts = re.findall(r"<script[^>]*>", answer.text)
    assert scripts
    assert all(f'nonce="{nonce}"' in one for one in scripts)


def test_a_forged_event_reads_no_file(served):
    client = Client(served.url)
    events = [
        {"files": [{"name": "a.png", "token": "/etc/passwd"}]},
        {"files": [{"name": "b.png", "token": ["c"]}, 3, {"name": 4}]},
        {"files": "/etc/passwd"},
        None,
    ]
    seen = [client.submit(event, f"forged{n}") for n, event in enumerate(events)]
    assert "could not be read or sent" in seen[0]
    assert [one.count('class="card"') for one in seen] == [1, 1, 0, 0]


def test_a_forged_input_makes_the_page_fetch_nothing(served):
    with socket.create_server(("127.0.0.1", 0)) as elsewhere:
        elsewhere.settimeout(1)
        address = f"http://127.0.0.1:{elsewhere.getsockname()[1]}/a.png"
        file = {"path": address, "meta": {"_type": "gradio.FileData"}}
        body = {"data": [file, 95, False], "fn_index": 0, "session_hash": "forged"}
        answer = httpx.post(served.url + "/gradio_api/queue/join", json=body)
        assert answer.status_code == 400
        with pytest.raises(TimeoutError):
            elsewhere.accept()


def test_two_hundred_photographs_take_no_more_memory_than_sixty(served):
    client = Client(served.url)
    content = encode(draw_photograph(1, height=450, width=600), ".jpg")

    def ask(number):
        # more visits than are kept, each left open
        cards = client.drop({"one.jpg": content}, f"visit{number % 40}")
        assert cards.count('class="card"') == 1

    for number in range(60):
        ask(number)
    before = served.memory()
    for number in range(200):
        ask(number)
    grown = served.memory() - before
    assert grown < 12, f"{grown:.1f} MB"
    assert served.left_files() == []
