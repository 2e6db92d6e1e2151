"""What a user may do on the page while it judges and afterwards, in a real browser."""

import socket
import time

from lesionlab.visits.cases import AT_ONCE, HEAVIEST
from lesionlab.visits.shelf import TRAY
from unit.page.browser import (
    PICTURES,
    drop,
    names,
    text,
    wait_for_status,
    wait_until_it_judges,
)


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
    wait_until_it_judges(page)
    page.focus("#slider input[type=range]")
    page.keyboard.press("Home")
    page.check("#language input[value=ko]")
    wait_for_status(page, "완료: 20장 판정, 0장 거부")
    page.wait_for_function("() => document.querySelectorAll('.card').length === 20")
    assert "100건 중 50건을 찾도록" in page.inner_text("#meaning")
    reasons = [text(one) for one in page.locator(".card .arm").all()]
    assert len(reasons) == 40
    assert all("기준값 50.0 %" in one for one in reasons)


def test_forgetting_while_it_judges_ends_it(opened, large_photographs):
    page = opened()
    page.set_input_files("#photographs", large_photographs(AT_ONCE))
    wait_until_it_judges(page)
    page.click("#forget")
    wait_for_status(page, "No photographs are kept")
    drop(page, large_photographs(1, "next"))
    assert names(page) == ["next0.jpg"]
    wait_for_status(page, "Done: 1 judged, 0 refused")


def test_a_drop_replaces_the_last_even_while_that_is_judged(
    opened, large_photographs, photographs
):
    page = opened()
    page.set_input_files("#photographs", large_photographs(30))
    wait_until_it_judges(page)
    page.set_input_files("#photographs", photographs(2))
    page.wait_for_function("() => document.querySelectorAll('.card').length === 2")
    assert names(page) == ["lesion0.png", "lesion1.png"]
    wait_for_status(page, "Done: 2 judged, 0 refused")


def test_seconds_that_the_library_counts_are_not_read_with_the_words(
    opened, photographs
):
    page, held = opened(), []
    page.route("**/queue/join*", lambda route: held.append(route), times=1)
    page.set_input_files("#photographs", photographs(1))
    counted = "#status [data-testid=status-tracker]"
    page.wait_for_function(
        "(counted) => document.querySelector(counted).textContent.includes('s')",
        arg=counted,
    )
    assert page.inner_text("#status") == "Reading 1 of 1"
    held[0].continue_()
    page.wait_for_selector(".card")


def test_what_misses_the_zone_is_not_opened_in_the_place_of_the_page(opened):
    prevented = """() => ["dragover", "drop"].map((kind) => {
        const event = new DragEvent(kind, { bubbles: true, cancelable: true });
        document.body.dispatchEvent(event);
        return event.defaultPrevented;
    })"""
    assert opened().evaluate(prevented) == [True, True]


def test_a_slow_browser_still_gets_the_pictures_that_a_drop_replaced(
    opened, photographs
):
    page, held = opened(), []
    page.route("**/pictures/*", lambda route: held.append(route))
    drop(page, photographs(2, "first"))
    while len(held) < 2 * PICTURES:
        page.wait_for_timeout(50)
    page.unroute("**/pictures/*")
    drop(page, photographs(1, "second"))
    assert {route.fetch().status for route in held} == {200}


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
    wait_for_status(page, "Done: 1 judged, 0 refused")


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
    wait_for_status(page, "Everything was forgotten")


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
