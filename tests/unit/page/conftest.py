"""The page that is served, its users in a browser, and photographs for them."""

import pytest

from unit.made_bundle import draw_photograph, encode, make_bundle
from unit.page.browser import BUSY, find_chromium
from unit.page.served import serve


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return make_bundle(tmp_path_factory.mktemp("model"), seeds=("seed1", "seed2"))


@pytest.fixture(scope="module")
def served(model, tmp_path_factory):
    with serve(model, tmp_path_factory.mktemp("page") / "tmp") as served:
        yield served


@pytest.fixture(scope="module")
def chromium():
    """A browser that could reach other hosts, if a page asked it to."""
    path = find_chromium()
    if path is None:
        pytest.skip("no Chromium on this machine: apt-get install chromium")
    api = pytest.importorskip("playwright.sync_api")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox"]
        )
        yield browser
        browser.close()


@pytest.fixture
def opened(served, chromium):
    """Open the page for a user; its console must stay free of errors to the end."""
    contexts, troubles = [], []

    def open_page(*, refused=None, **settings):
        context = chromium.new_context(**{"locale": "en-US", **settings})
        context.set_default_timeout(BUSY)
        contexts.append(context)
        page = context.new_page()
        page.on(
            "console",
            lambda said: (
                said.type in ("error", "warning")
                and (refused is None or f"a status of {refused}" not in said.text)
                and troubles.append(said.text)
            ),
        )
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on(
            "request",
            lambda asked: (
                asked.url.startswith((served.url, "data:", "blob:"))
                or troubles.append(f"asked for {asked.url}")
            ),
        )
        page.goto(served.url)
        page.wait_for_selector("#zone label")
        page.wait_for_selector("#meaning table")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert troubles == []


@pytest.fixture
def photographs(tmp_path):
    """Write so many photographs; their paths."""

    def write(count, prefix="lesion"):
        paths = []
        for number in range(count):
            paths.append(tmp_path / f"{prefix}{number}.png")
            paths[-1].write_bytes(encode(draw_photograph(number)))
        return paths

    return write


@pytest.fixture
def large_photographs(tmp_path):
    """Write photographs that take a moment to be judged; their paths."""

    def write(count, prefix="large"):
        content = encode(draw_photograph(1, height=1500, width=2000), ".jpg")
        paths = [tmp_path / f"{prefix}{number}.jpg" for number in range(count)]
        for path in paths:
            path.write_bytes(content)
        return paths

    return write
