"""A photograph on the page: judged as by predict, decided, put into words."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from lesionlab.application.hearing import listen
from lesionlab.application.photographs import decode_photograph
from lesionlab.errors import LabError
from lesionlab.visits import cases
from lesionlab.visits.cases import (
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
    find_interval,
    find_point,
    write_probability,
    write_share,
)
from lesionlab.visits.texts import TEXTS
from lesionlab.visits.views import describe_case, fill
from unit.made_bundle import CLASSES, draw_photograph, encode

ENGLISH, KOREAN = Choice("en", 95), Choice("ko", 95)


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
        (picture(size=(65_536, 32)), "too_wide"),
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


def test_an_interval_is_of_its_own_operating_point_alone(bundle):
    about = bundle.facts["arms"]["original"]
    about["operating_points"][0]["wanted"] = 0.975
    assert find_interval(bundle, "original", 98) is None
    about["operating_points"][0]["wanted"] = 0.98
    assert find_interval(bundle, "original", 98) == (0.85, 1.0)


def test_folds_are_told_from_photographs_that_are_apart(bundle):
    one = fill("meaning.html", "en", **describe_point(bundle, ENGLISH))
    assert "was chosen on 24 others to find 95 of 100 MEL" in one
    bundle.facts["segmenters"] *= 2
    several = fill("meaning.html", "en", **describe_point(bundle, ENGLISH))
    assert "counted fold by fold" in several
    assert "others" not in several


@pytest.mark.parametrize(
    ("p", "threshold", "words"),
    [
        (0.0766, 0.07664, "7.660 %, is below the threshold 7.664 %"),
        (0.0001, 0.0004, "0.01 %, is below the threshold 0.04 %"),
        (0.05, 0.07664, "5.0 %, is below the threshold 7.7 %"),
    ],
)
def test_what_is_below_the_threshold_reads_so(bundle, p, threshold, words):
    find_point(bundle, "original", 95)["threshold"] = threshold
    assert words in decide(bundle, "original", p, ENGLISH)["why"]


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
    rate = "Of 100 photographs like those of training, 2.5 get this warning wrongly."
    assert (TEXTS["over-exposed"][0], rate) in card["warnings"]
    assert not card["found"]
