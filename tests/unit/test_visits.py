"""What the page says and keeps, without a server: cards, decisions, visits, tables."""

import csv
import io
import time

import pytest

from lesionlab.application.engine import load_networks
from lesionlab.application.table import list_columns
from lesionlab.visits import cases
from lesionlab.visits import desk as desks
from lesionlab.visits import register as registers
from lesionlab.visits.cases import LINES, open_case, refuse
from lesionlab.visits.decision import Choice
from lesionlab.visits.desk import Desk
from lesionlab.visits.register import VISITS, Register
from lesionlab.visits.saving import write_table
from lesionlab.visits.shelf import Shelf
from unit.made_bundle import draw_photograph, encode

ENGLISH, KOREAN = Choice("en", 95), Choice("ko", 95)


@pytest.fixture
def desk(networks):
    return make_desk(networks)


def make_desk(networks):
    return Desk(networks, Register(Shelf(10_000_000), Shelf(10_000_000)))


def put(desk, visit, photographs):
    """Put photographs on the tray."""
    return [
        {"name": name, "token": desk.register.tray.put(content, "", visit)}
        for name, content in photographs.items()
    ]


def drop(desk, visit, photographs):
    """Put photographs on the tray and have them judged."""
    return list(desk.judge(visit, put(desk, visit, photographs)))


def list_cases(desk, visit):
    return [entry.case for entry in desk.register.look(visit).entries]


def show(desk, visit, choice=ENGLISH):
    return desk.show(visit, choice, str)


def read_table(content):
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


def test_a_refusal_is_told_in_both_languages(desk):
    drop(desk, "one", {"a.gif": b"GIF89a" + bytes(200)})
    assert "Refused:</strong> neither JPEG, PNG, WebP nor TIFF" in show(desk, "one")
    korean = show(desk, "one", KOREAN)
    assert "거부:</strong> JPEG, PNG, WebP, TIFF 사진이 아님" in korean
    assert "neither" not in korean


def test_without_a_curve_nothing_is_decided(bundle):
    bundle.facts["arms"]["original"].update(curve=[], operating_points=[])
    desk = make_desk(load_networks(bundle, threads=1))
    drop(desk, "one", {"a.png": encode(draw_photograph(1))})
    cards = show(desk, "one")
    assert "No decision: no validation photograph showed MEL" in cards
    assert "no threshold could be chosen" in desk.explain(ENGLISH)
    table = write_table(desk.networks, list_cases(desk, "one"), ENGLISH)
    assert b"sent_at_chosen" not in table
    assert b"original_prob_MEL" in table


def test_thumbnails_are_shown_only_where_their_licence_is_known(bundle):
    bundle.facts["training"].update(thumbnails=None, licence=None)
    desk = make_desk(load_networks(bundle, threads=1))
    drop(desk, "one", {"a.png": encode(draw_photograph(1))})
    cards = show(desk, "one")
    assert "numbered, not shown" in cards
    assert cards.count("<img") == 2


def test_visits_are_apart_and_the_oldest_is_forgotten_with_its_pictures(desk):
    photograph, register = encode(draw_photograph(1)), desk.register
    for number in range(VISITS + 3):
        drop(desk, f"visit{number}", {f"{number}.png": photograph})
    assert [case.name for case in list_cases(desk, "visit9")] == ["9.png"]
    assert len(register.album) == VISITS * (3 + 5)
    assert list_cases(desk, "visit0") == []
    assert len(register.tray) == 0
    register.forget("visit9")
    assert list_cases(desk, "visit9") == []
    assert len(register.album) == (VISITS - 1) * (3 + 5)


def test_a_drop_replaces_the_last_whose_pictures_go_soon(desk, monkeypatch):
    monkeypatch.setattr(registers, "LINGER", 5.0)
    photograph, album = encode(draw_photograph(1)), desk.register.album
    drop(desk, "one", {"a.png": photograph, "b.png": photograph})
    drop(desk, "one", {"c.png": photograph})
    assert [case.name for case in list_cases(desk, "one")] == ["c.png"]
    assert len(album) == 3 * (3 + 5)
    deadline = time.monotonic() + 30
    while len(album) != 3 + 5:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    time.sleep(1.0)
    assert len(album) == 3 + 5


def test_what_two_drops_replaced_goes_at_once(desk):
    photograph, album = encode(draw_photograph(1)), desk.register.album
    for name in "abc":
        drop(desk, "one", {f"{name}.png": photograph})
    assert len(album) == 2 * (3 + 5)
    desk.register.forget("one")
    assert len(album) == 0


def test_what_is_forgotten_while_it_is_judged_leaves_nothing(desk, monkeypatch):
    register, photograph = desk.register, encode(draw_photograph(1))

    def open_slowly(*given):
        found = open_case(*given)
        register.forget("one")
        return found

    monkeypatch.setattr(desks, "open_case", open_slowly)
    names = [f"{number}.png" for number in range(3)]
    told = drop(desk, "one", dict.fromkeys(names, photograph))
    assert told == [(0, 3)]
    assert len(register.tray) == len(register.album) == 0
    assert list_cases(desk, "one") == []


def test_a_judgement_that_is_given_up_leaves_nothing_on_the_tray(desk):
    photograph = encode(draw_photograph(1))
    files = put(desk, "one", {"a.png": photograph, "b.png": photograph})
    judgement = desk.judge("one", files)
    next(judgement)
    judgement.close()
    assert len(desk.register.tray) == 0


def test_what_waits_is_forgotten_with_its_visit(desk):
    put(desk, "one", {"a.png": b"a"})
    put(desk, "other", {"b.png": b"b"})
    desk.register.forget("one")
    assert len(desk.register.tray) == 1


def test_a_drop_that_was_forgotten_while_it_waited_leaves_no_name(desk):
    files = put(desk, "one", {"a.png": b"a", "b.png": b"b"})
    desk.register.forget("one")
    assert list(desk.judge("one", files)) == []
    assert list_cases(desk, "one") == []
    assert list(desk.judge("one", [{"name": "c.png", "token": "forged"}])) == [(0, 1)]
    assert [case.reason for case in list_cases(desk, "one")] == ["not_sent"]


def test_a_drop_that_made_room_while_it_waited_is_told_so(desk):
    drop(desk, "one", {"a.png": encode(draw_photograph(1))})
    files = put(desk, "one", {"b.png": b"b"})
    for number in range(VISITS):
        desk.register.enter(f"visit{number}")
    list(desk.judge("one", files))
    assert [case.reason for case in list_cases(desk, "one")] == ["not_sent"]


def test_looking_at_no_visit_begins_none(desk):
    for number in range(VISITS + 1):
        assert "card" not in show(desk, f"visit{number}")
    drop(desk, "one", {"a.png": encode(draw_photograph(1))})
    for number in range(VISITS + 1):
        show(desk, f"visit{number}")
    assert len(list_cases(desk, "one")) == 1


def test_what_fails_to_be_judged_is_a_line_too(desk, monkeypatch, caplog):
    monkeypatch.setattr(cases, "describe", None)
    drop(desk, "one", {"a.png": encode(draw_photograph(1))})
    assert list_cases(desk, "one") == [refuse("a.png", "failed")]
    assert "a photograph could not be judged" in caplog.text


def test_no_more_than_fifty_are_judged_at_once(desk):
    small = encode(draw_photograph(1, height=32, width=32))
    drop(desk, "one", {f"{number}.png": small for number in range(52)})
    reasons = [case.reason for case in list_cases(desk, "one")]
    assert reasons == [""] * 50 + ["too_many"] * 2


def test_files_that_get_no_line_are_counted(desk):
    files = [{"name": "a.png", "problem": "too_many"}] * (LINES + 2)
    list(desk.judge("one", files, unlisted=3))
    cards = show(desk, "one")
    assert cards.count("<article") == LINES
    assert "5 more files of this drop were not judged" in cards


def test_the_table_has_the_columns_of_predict_whatever_stands_in_it(desk):
    networks = desk.networks
    drop(desk, "one", {"a.txt": b"a", "b.png": encode(draw_photograph(1))})
    refused, judged = list_cases(desk, "one")
    header = write_table(networks, [], ENGLISH).decode("utf-8-sig").split(",")
    wanted = [name for name in list_columns(networks.bundle) if name != "mask"]
    assert header[: len(wanted)] == wanted
    for order in ([refused, judged], [judged, refused]):
        table = write_table(networks, order, ENGLISH)
        assert table.decode("utf-8-sig").split("\n")[0].split(",") == (
            [*header[:-1], header[-1].strip()]
        )
        row = next(row for row in read_table(table) if row["file"] == "b.png")
        assert row["width"] == "96"
        nearest = networks.cases["image_id"].iloc[list(judged.neighbours)]
        assert row["nearest"].split() == list(nearest)
        assert row["segmented_sent_at_chosen"] in ("True", "False")


def test_a_name_that_is_a_formula_is_text_in_the_table(networks):
    refused = [refuse("=1+1.png", "empty"), refuse("a,b.png", "damaged")]
    rows = read_table(write_table(networks, refused, ENGLISH))
    assert [row["file"] for row in rows] == ["'=1+1.png", "a,b.png"]
    assert [row["reason"] for row in rows] == ["empty file", "damaged"]


def test_a_shelf_keeps_no_more_than_its_limit():
    shelf = Shelf(10)
    first, second = (shelf.put(bytes(4), "a/b", owner) for owner in "ab")
    third = shelf.put(bytes(5), "a/b", "a")
    assert shelf.get(first) is None
    assert shelf.get(second).owner == "b"
    assert shelf.take(third).content == bytes(5)
    assert shelf.take(third) is None
    assert shelf.reserve(6)
    assert not shelf.reserve(1)
    shelf.release(6)
    assert shelf.reserve(1)
    shelf.drop("b")
    assert len(shelf) == 0
