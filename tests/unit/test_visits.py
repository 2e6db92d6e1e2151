"""What the page says and keeps, without a server: cards, decisions, visits, tables."""

import csv
import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from lesionlab.application.engine import load_networks
from lesionlab.application.hearing import listen
from lesionlab.application.photographs import decode_photograph
from lesionlab.application.table import list_columns
from lesionlab.bundle.manifest import load_bundle
from lesionlab.errors import LabError
from lesionlab.visits import cases
from lesionlab.visits import desk as desks
from lesionlab.visits.cases import (
    LINES,
    decode_small,
    draw_outline,
    open_case,
    refuse,
    sort_reason,
)
from lesionlab.visits.decision import (
    Choice,
    decide,
    describe_point,
    find_point,
    write_probability,
    write_share,
)
from lesionlab.visits.desk import Desk
from lesionlab.visits.register import VISITS, Register
from lesionlab.visits.saving import write_table
from lesionlab.visits.shelf import Shelf
from lesionlab.visits.texts import TEXTS
from lesionlab.visits.views import describe_case
from unit.made_bundle import CLASSES, draw_photograph, encode, make_bundle

ENGLISH, KOREAN = Choice("en", 95), Choice("ko", 95)


@pytest.fixture(scope="module")
def networks(tmp_path_factory):
    folder = make_bundle(tmp_path_factory.mktemp("model"))
    return load_networks(load_bundle(folder), threads=1)


@pytest.fixture
def bundle(tmp_path):
    """A bundle of one arm, to be changed."""
    return load_bundle(make_bundle(tmp_path, arms=("original",)))


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


def draw_card(networks, case):
    return describe_case(
        case,
        0,
        networks.bundle,
        ENGLISH,
        cases=[("MADE", "MEL")] * 12,
        attention={},
        address=str,
    )


def read_table(content):
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


def test_a_refusal_is_told_in_both_languages(desk):
    drop(desk, "one", {"a.gif": b"GIF89a" + bytes(200)})
    assert "Refused:</strong> neither JPEG, PNG, WebP nor TIFF" in show(desk, "one")
    korean = show(desk, "one", KOREAN)
    assert "거부:</strong> JPEG, PNG, WebP, TIFF 사진이 아님" in korean
    assert "neither" not in korean


def test_a_photograph_of_too_many_pixels_is_never_decoded(networks, monkeypatch):
    monkeypatch.setattr(cases, "PIXELS", 1000)
    monkeypatch.setattr(cases, "listen", None)
    case, pictures = open_case(networks, "a.png", encode(draw_photograph(1)))
    assert (case.reason, pictures) == ("too_many_pixels", {})


def damage(content):
    """Overwrite the middle of a file."""
    middle = len(content) // 2
    return content[:middle] + bytes([0x55] * 40) + content[middle + 40 :]


def tell_reason(content):
    """What the application says of a file."""
    try:
        with listen(1) as (decode, _):
            decode(content)
    except LabError as why:
        return str(why)
    return ""


def test_what_predict_refuses_is_refused_here(networks):
    whole = encode(draw_photograph(7, height=300, width=400), ".jpg")
    hurt = damage(whole)
    assert decode_photograph(hurt).shape == (300, 400, 3)
    assert tell_reason(hurt) == "damaged"
    assert open_case(networks, "a.jpg", hurt) == (refuse("a.jpg", "damaged"), {})
    assert open_case(networks, "a.jpg", whole)[0].reason == ""


def picture(*, size=(64, 64), kind="PNG"):
    stream = io.BytesIO()
    Image.new("RGB", size).save(stream, kind)
    return stream.getvalue()


def tiled(tile):
    """A TIFF of 64 x 64 grey pixels, whose one tile has so many a side."""
    data = zlib.compress(bytes(64 * 64))
    tags = {256: 64, 257: 64, 258: 8, 259: 8, 262: 1, 277: 1, 322: tile, 323: tile}
    tags |= {324: 8, 325: len(data)}
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, tags[tag]) for tag in tags)
    directory = struct.pack("<H", len(tags)) + entries + bytes(4)
    return b"II*\0" + struct.pack("<I", 8 + len(data)) + data + directory


def test_a_tile_is_no_larger_than_a_photograph_may_be():
    assert decode_photograph(tiled(64)).shape == (64, 64, 3)
    assert decode_photograph(picture(kind="TIFF")).shape == (64, 64, 3)
    with pytest.raises(LabError, match="a tile of more than 89,000,000 pixels"):
        decode_photograph(tiled(9600))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"version https://git-lfs.github.com/spec/v1\n", "pointer"),
        (b"%PDF-1.7" + bytes(200), "no_picture"),
        (picture(size=(64, 31)), "too_few_pixels"),
        (picture()[:-20], "truncated"),
        (picture()[:20], "unreadable"),
        (tiled(9600), "large_tile"),
    ],
)
def test_every_reason_of_the_application_has_a_text(content, reason):
    assert sort_reason(tell_reason(content)) == reason
    assert reason in TEXTS


def test_the_outline_lies_on_the_border_and_is_seen_on_any_ground():
    mask = np.zeros((40, 60), bool)
    mask[10:30, 20:40] = True
    for grey in (0, 128, 255):
        drawn = draw_outline(np.full((40, 60, 3), grey, np.uint8), mask)
        assert {0, 255} <= set(drawn[8:12, 20:40].ravel().tolist())
        assert (drawn[18:22, 28:32] == grey).all()
        assert (drawn[:5] == grey).all()


def test_a_case_keeps_no_picture(networks):
    content = encode(draw_photograph(1, height=900, width=1200), ".jpg")
    case, pictures = open_case(networks, "a.jpg", content)
    assert sum(one.nbytes for one in case.probabilities.values()) < 100
    assert case.row["width"] == 1200
    assert {*pictures} == {"outline", "cutout", "mask"}
    assert decode_small(pictures["mask"].content).shape == (480, 640, 3)
    assert len(pictures["mask"].content) < 3000


def test_the_operating_point_is_counted_by_class_on_test(networks):
    meaning = describe_point(networks.bundle, Choice("en", 80))
    assert meaning["classes"] == list(CLASSES)
    assert meaning["wanted"] == 80
    row = meaning["rows"][0]
    sent = ["16 of 20", "10 of 20", "not known"]
    assert row == {"arm": "original", "threshold": "20.0 %", "sent": sent}
    known = describe_point(networks.bundle, ENGLISH)["rows"][0]["sent"]
    assert known[0] == "19 of 20 (interval: 85 to 100 of 100)"
    assert find_point(networks.bundle, "original", 100)["wanted"] == 0.99


def test_what_is_not_counted_by_class_is_told_with_the_total(bundle):
    del bundle.facts["arms"]["original"]["n"]["photographs"]
    row = describe_point(bundle, Choice("en", 80))["rows"][0]
    assert row["sent"] == ["80 of 100", "50 of 100", "not known"]
    why = decide(bundle, "original", 0.01, Choice("en", 80))["why"]
    assert "20 of 100 test photographs of MEL were missed, counted among 40" in why


@pytest.mark.parametrize(
    ("found", "counted", "words"),
    [
        (0.95, True, "1 of the 20 test photographs of MEL were missed (interval: 0 to"),
        (1.0, True, "none of the 20 test photographs of MEL was missed (interval: 0"),
        (1.0, False, "none of the test photographs of MEL was missed (interval: 0 to"),
        (None, True, "How many MEL are missed is not known"),
    ],
)
def test_what_a_decision_misses_is_told_beside_it(bundle, found, counted, words):
    about = bundle.facts["arms"]["original"]
    find_point(bundle, "original", 95)["sent"]["MEL"] = found
    if not counted:
        del about["n"]["photographs"]
    told = decide(bundle, "original", 0.01, ENGLISH)
    assert told["sent"] is False
    assert words in told["why"]
    assert ("excludes nothing" in told["why"]) == (found == 0.95)
    korean = decide(bundle, "original", 0.01, KOREAN)["why"]
    assert ("놓친 것은 없지만" in korean) == (found == 1)


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


@pytest.mark.parametrize(
    ("p", "words"),
    [(0.001, "fewer than 1 show"), (0.34, "about 34 show"), (0.999, "more than 99")],
)
def test_no_probability_is_told_as_never_or_always(networks, p, words):
    case, _ = open_case(networks, "a.png", encode(draw_photograph(1)))
    case.probabilities["original"][:] = [p, 1 - p, 0]
    card = draw_card(networks, case)
    assert words in card["arms"][0]["words"]


@pytest.mark.parametrize(
    ("p", "written"),
    [(0, "< 0.1 %"), (0.01, "1.0 %"), (0.9994, "99.9 %"), (1, "> 99.9 %")],
)
def test_no_probability_is_written_as_never_or_always(p, written):
    assert write_probability(p) == written


@pytest.mark.parametrize(
    ("share", "written"), [(0, "0"), (0.004, "0.4"), (0.25, "25"), (0.996, "99.6")]
)
def test_no_share_is_written_as_none_or_all_that_is_not(share, written):
    assert write_share(share) == written


def test_warnings_bear_their_rate_of_false_alarms(networks):
    flat = np.full((80, 100, 3), 255, np.uint8)
    case, _ = open_case(networks, "a.png", encode(flat))
    assert "over-exposed" in case.warnings
    card = draw_card(networks, case)
    rate = "On photographs like those of training, this warning is wrong 2.5 times in "
    assert (TEXTS["over-exposed"][0], f"{rate}100.") in card["warnings"]
    assert not card["found"]


def test_thumbnails_are_shown_only_where_their_licence_is_known(bundle):
    bundle.facts["training"].update(thumbnails=None, licence=None)
    desk = make_desk(load_networks(bundle, threads=1))
    drop(desk, "one", {"a.png": encode(draw_photograph(1))})
    cards = show(desk, "one")
    assert "named but not shown" in cards
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


def test_a_drop_replaces_the_last_with_its_pictures(desk):
    photograph = encode(draw_photograph(1))
    drop(desk, "one", {"a.png": photograph, "b.png": photograph})
    drop(desk, "one", {"c.png": photograph})
    assert [case.name for case in list_cases(desk, "one")] == ["c.png"]
    assert len(desk.register.album) == 3 + 5


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
