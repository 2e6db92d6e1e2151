"""The page as a user sees it, in a real browser, and as a stranger may try it."""

import csv
import io
import re
import socket
import struct
import time
import zlib
from pathlib import Path

import httpx
import pytest

from lesionlab.visits.cases import HEAVIEST
from lesionlab.visits.shelf import TRAY
from unit.made_bundle import draw_photograph, encode, make_bundle
from unit.page_server import find_chromium, serve

NOT_A_DEVICE = "Research only, not a medical device"


def bomb():
    """A small PNG whose header promises 900 million pixels."""

    def chunk(kind, data):
        check = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + check

    size = struct.pack(">IIBBBBB", 30000, 30000, 8, 2, 0, 0, 0)
    parts = [chunk(b"IHDR", size), chunk(b"IDAT", zlib.compress(bytes(1000)))]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts) + chunk(b"IEND", b"")


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


def wait_for_status(page, words):
    page.wait_for_function(
        "(words) => document.querySelector('#status').innerText.startsWith(words)",
        arg=words,
    )


def drop(page, paths):
    """Choose files, and wait until all have their line."""
    page.set_input_files("#photographs", paths)
    page.wait_for_function(
        "(n) => document.querySelectorAll('.card').length === n", arg=len(paths)
    )


def names(page):
    return page.locator(".card h2").all_inner_texts()


def text(one):
    """What is read, with plain spaces."""
    return one.inner_text().replace("\xa0", " ")


def test_a_photograph_gets_outline_bars_words_and_neighbours(opened, photographs):
    page = opened()
    assert NOT_A_DEVICE in page.inner_text("#banner")
    drop(page, photographs(1))
    card = page.locator(".card")
    assert card.locator(".arm h3").all_inner_texts() == [
        "original sees the whole photograph; 2 networks together",
        "segmented sees the lesion alone, cut out along its outline; 2 networks "
        "together",
    ]
    for arm in card.locator(".arm").all():
        shares = [text(one) for one in arm.locator(".value").all()]
        assert len(shares) == 3
        whole = sum(float(one.strip("<> %")) for one in shares)
        assert whole == pytest.approx(100, abs=0.3)
        assert "if the classes are as frequent as assumed: MEL 10 %" in text(arm)
    pictures = card.locator("img").all()
    assert len(pictures) == 2 + 5
    for picture in pictures:
        assert picture.evaluate("(one) => one.complete && one.naturalWidth > 30")
        assert picture.get_attribute("alt")
    assert "with the outline of the lesion" in pictures[0].get_attribute("alt")
    assert "Licence: generated by LesionLab" in card.inner_text()


def test_each_wrong_file_has_a_line_and_the_others_are_judged(
    opened, photographs, tmp_path
):
    whole = encode(draw_photograph(7), ".jpg")
    wrong = {
        "notes.txt": b"no picture",
        "bomb.png": bomb(),
        "half.jpg": whole[: len(whole) // 2],
        "hurt.jpg": whole[: len(whole) // 2]
        + bytes(40)
        + whole[len(whole) // 2 + 40 :],
        "empty.png": b"",
    }
    for name, content in wrong.items():
        (tmp_path / name).write_bytes(content)
    huge = tmp_path / "huge.png"
    with huge.open("wb") as file:
        file.truncate(HEAVIEST + 1)
    page = opened()
    paths = [tmp_path / name for name in wrong]
    drop(page, [*paths, huge, *photographs(1)])
    lines = dict(zip(names(page), page.locator(".card").all_inner_texts(), strict=True))
    said = {
        "notes.txt": "Refused: neither JPEG, PNG, WebP nor TIFF",
        "bomb.png": "Refused: more than ",
        "half.jpg": "Refused: truncated",
        "hurt.jpg": "Refused: damaged",
        "empty.png": "Refused: empty file",
        "huge.png": "Refused: more than 64 MB",
    }
    for name, words in said.items():
        assert words in lines[name]
    assert "Refused" not in lines["lesion0.png"]
    assert page.inner_text("#status") == "Done: 1 judged, 6 refused"


def test_twenty_at_once_come_in_their_order(opened, photographs, served):
    page = opened()
    paths = photographs(20)
    drop(page, paths)
    assert names(page) == [path.name for path in paths]
    assert page.locator(".overview tbody tr").count() == 20
    assert served.left_files() == []


def test_two_users_at_once_see_their_own(opened, photographs):
    one, other = opened(), opened()
    mine, theirs = photographs(6, "mine"), photographs(5, "theirs")
    one.set_input_files("#photographs", mine)
    drop(other, theirs)
    one.wait_for_function("() => document.querySelectorAll('.card').length === 6")
    assert names(one) == [path.name for path in mine]
    assert names(other) == [path.name for path in theirs]
    shown = [
        {img.get_attribute("src") for img in page.locator(".card img").all()}
        for page in (one, other)
    ]
    assert not shown[0] & shown[1]


def test_the_slider_says_what_it_means_and_decides_anew(opened, photographs):
    page = opened()
    drop(page, photographs(1))
    assert "was chosen on 24 others to find 95 of 100 MEL" in page.inner_text(
        "#meaning"
    )
    row = page.locator("#meaning tbody tr").first.locator("td").all()
    assert [text(one) for one in row] == [
        "19 of 20 (interval: 85 to 100 of 100)",
        "10 of 20",
        "not known",
        "5.0 %",
    ]
    before = page.inner_text(".verdict >> nth=0")
    page.focus("#slider input[type=range]")
    page.keyboard.press("Home" if "Send on" in before else "End")
    page.wait_for_function(
        "(before) => document.querySelector('.verdict').innerText !== before",
        arg=before,
    )
    assert {before, page.inner_text(".verdict >> nth=0")} == {
        "▲ Send on",
        "▽ Not sent on",
    }
    why = text(page.locator(".arm").first)
    if "Not sent on" in why:
        assert "of the 20 test photographs of MEL were missed" in why
    else:
        assert "reaches the threshold" in why


def test_what_is_chosen_while_it_judges_is_what_is_shown(opened, large_photographs):
    page = opened()
    page.set_input_files("#photographs", large_photographs(20))
    wait_for_status(page, "Judging 2 of 20")
    page.focus("#slider input[type=range]")
    page.keyboard.press("Home")
    page.check("#language input[value=ko]")
    wait_for_status(page, "완료: 20장 판정")
    page.wait_for_function("() => document.querySelectorAll('.card').length === 20")
    assert "100건 중 50건을 찾도록" in page.inner_text("#meaning")
    reasons = [text(one) for one in page.locator(".card .arm").all()]
    assert len(reasons) == 40
    assert all("기준값 50.0 %" in one for one in reasons)


def test_forgetting_while_it_judges_ends_it(opened, large_photographs):
    page = opened()
    page.set_input_files("#photographs", large_photographs(30))
    wait_for_status(page, "Judging 3 of 30")
    page.click("#forget")
    wait_for_status(page, "No photographs are kept")
    drop(page, large_photographs(1, "next"))
    assert names(page) == ["next0.jpg"]
    assert page.inner_text("#status") == "Done: 1 judged, 0 refused"


def test_a_drop_replaces_the_last_even_while_that_is_judged(
    opened, large_photographs, photographs
):
    page = opened()
    page.set_input_files("#photographs", large_photographs(8))
    wait_for_status(page, "Judging 2 of 8")
    page.set_input_files("#photographs", photographs(2))
    page.wait_for_function("() => document.querySelectorAll('.card').length === 2")
    assert names(page) == ["lesion0.png", "lesion1.png"]
    assert page.inner_text("#status") == "Done: 2 judged, 0 refused"


def test_a_drop_while_another_is_sent_is_told_to_wait(opened, photographs):
    page = opened()
    held = []
    page.route("**/photographs?*", lambda route: held.append(route))
    page.set_input_files("#photographs", photographs(1, "first"))
    wait_for_status(page, "Reading 1 of 1")
    assert not page.is_visible(".busy")
    page.set_input_files("#photographs", photographs(1, "second"))
    assert "this one was not taken" in page.inner_text(".busy")
    held[0].continue_()
    page.wait_for_selector(".card")
    assert names(page) == ["first0.png"]
    assert not page.is_visible(".busy")


def test_a_full_tray_has_its_own_reason_and_is_freed(opened, photographs, served):
    host, port = served.url.removeprefix("http://").split(":")
    page = opened(refused=503)
    lines = []
    for _ in range(TRAY // HEAVIEST):
        lines.append(socket.create_connection((host, int(port)), timeout=30))
        head = f"POST /photographs HTTP/1.1\r\nHost: {host}:{port}\r\n"
        lines[-1].sendall(f"{head}Content-Length: {HEAVIEST}\r\n\r\nbegun".encode())
    paths = photographs(1)
    drop(page, paths)
    assert "more than 512 MB wait" in page.inner_text(".card")
    for line in lines:
        line.close()
    deadline = time.monotonic() + 30
    while "more than 512 MB wait" in page.inner_text(".card"):
        assert time.monotonic() < deadline
        drop(page, paths)
        page.wait_for_timeout(300)
    assert page.inner_text("#status") == "Done: 1 judged, 0 refused"


def test_all_of_it_is_reached_by_keyboard(opened, photographs):
    page = opened(viewport={"width": 390, "height": 844})
    drop(page, photographs(2))
    reached = []
    page.evaluate("document.activeElement.blur()")
    for _ in range(20):
        page.keyboard.press("Tab")
        reached.append(
            page.evaluate(
                """() => {
                    const one = document.activeElement;
                    const block = one.closest('#language, #slider, #attention');
                    return one.id || (block && block.id) || one.getAttribute('href');
                }"""
            )
        )
    wanted = ["language", "photographs", "slider", "attention", "save_csv", "forget"]
    assert [one for one in dict.fromkeys(reached) if one in wanted] == wanted
    assert "#case-0" in reached
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.focus("#forget")
    page.keyboard.press("Enter")
    page.wait_for_selector(".card", state="detached")
    assert page.inner_text("#status") == "Everything was forgotten"


def test_it_speaks_korean_and_keeps_what_was_judged(opened, photographs):
    page = opened(locale="ko-KR")
    assert page.evaluate("document.documentElement.lang") == "ko"
    assert "의료기기가 아닙니다" in page.inner_text("#banner")
    drop(page, photographs(1))
    assert "사진 전체를 봅니다" in page.inner_text(".card")
    labels = page.locator("#slider input").evaluate_all(
        "(all) => all.map((one) => one.ariaLabel)"
    )
    assert labels == ["작동점: MEL 100건 중 찾을 건수"] * 2
    page.check("#language input[value=en]")
    page.wait_for_function("() => document.documentElement.lang === 'en'")
    assert "sees the whole photograph" in page.inner_text(".card")
    assert page.inner_text("#save_csv") == "Save table (CSV)"


def test_a_hostile_name_is_but_a_name(opened, tmp_path):
    name = "<img src=x onerror=alert(1)>{{7*7}}${7*7}.png"
    (tmp_path / name).write_bytes(encode(draw_photograph(3)))
    page = opened()
    drop(page, [tmp_path / name])
    assert names(page) == [name]


def test_table_and_page_are_saved_and_need_nothing(opened, photographs):
    page = opened()
    drop(page, photographs(2))
    with page.expect_download() as waiting:
        page.click("#save_csv")
    table = Path(waiting.value.path()).read_text("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(table)))
    assert [row["file"] for row in rows] == ["lesion0.png", "lesion1.png"]
    assert all(NOT_A_DEVICE in row["note"] for row in rows)
    assert {"original_prob_MEL", "segmented_sent_at_chosen"} <= rows[0].keys()
    with page.expect_download() as waiting:
        page.click("#save_page")
    assert waiting.value.suggested_filename == "lesionlab.html"
    saved = Path(waiting.value.path()).read_text("utf-8")
    assert NOT_A_DEVICE in saved
    assert not re.search(r'(src|href)="(?!data:|#case-)', saved)
    assert saved.count('src="data:image/jpeg;base64,') == 2 * (2 + 5)


def test_whoever_leaves_is_forgotten(opened, photographs, served):
    page = opened()
    drop(page, photographs(1))
    picture = served.url + "/" + page.locator(".card img").first.get_attribute("src")
    assert httpx.get(picture).headers["content-type"] == "image/jpeg"
    page.close()
    deadline = time.monotonic() + 30
    while httpx.get(picture).status_code == 200:
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_attention_is_said_to_be_missing_where_there_are_no_weights(
    opened, photographs
):
    page = opened()
    drop(page, photographs(1))
    page.check("#attention input")
    page.wait_for_selector(".attention")
    assert "holds no weights of this network" in page.inner_text(".attention")
