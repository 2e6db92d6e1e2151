"""A folder of photographs: a row for every file, and a line for each wrong turn."""

import json
import os
import shutil

import cv2
import numpy as np
import pytest
from tests.unit.made_bundle import CLASSES, draw_photograph, make_bundle
from tests.unit.predicting.predicted import FILES, contents, predict, read

from lesionlab.application import folder as predicting
from lesionlab.application.command import main
from lesionlab.application.engine import judge, load_networks, vote
from lesionlab.application.folder import name_masks, predict_folder
from lesionlab.application.photographs import decode_photograph
from lesionlab.bundle.manifest import load_bundle
from lesionlab.errors import LabError

INTEGERS = ("width", "height", "lesion_pixels")


def test_a_row_for_every_file_in_the_order_of_names(undisturbed, photographs):
    rows = read(undisturbed)
    names = [p.relative_to(photographs).as_posix() for p in photographs.rglob("*.*")]
    assert [row["file"] for row in rows] == sorted(names)
    refused = {row["file"]: row for row in rows if row["reason"]}
    assert {name: row["reason"] for name, row in refused.items()} == {
        "a/notes.txt": "neither JPEG, PNG, WebP nor TIFF",
        "empty.jpg": "empty file",
    }
    assert {value for row in refused.values() for value in list(row.values())[2:]} == {
        ""
    }


def test_a_row_says_what_the_networks_say(undisturbed, photographs, bundle):
    networks = load_networks(bundle, threads=1)
    for row in read(undisturbed):
        if row["reason"]:
            continue
        pixels = decode_photograph((photographs / row["file"]).read_bytes())
        opinion = judge(networks, [pixels])[0]
        for arm in ("original", "segmented"):
            told = [float(row[f"{arm}_prob_{name}"]) for name in CLASSES]
            np.testing.assert_allclose(told, opinion.probabilities[arm], atol=2e-6)
            for point in bundle.facts["arms"][arm]["operating_points"]:
                sent = opinion.probabilities[arm][0] >= point["threshold"]
                assert row[f"{arm}_sent_at_{point['wanted']}"] == str(bool(sent))
        assert all(row[name].isdecimal() for name in INTEGERS)
        assert (int(row["height"]), int(row["width"])) == pixels.shape[:2]
        mask = cv2.imread(str(undisturbed.parent / row["mask"]), cv2.IMREAD_UNCHANGED)
        assert np.array_equal(mask, np.where(opinion.mask, 255, 0))
        assert int(row["lesion_pixels"]) == (mask > 0).sum()
        assert float(row["lesion_share"]) == pytest.approx((mask > 0).mean(), abs=1e-6)
        assert row["nearest"].split() == [
            networks.cases["image_id"][number] for number in opinion.neighbours
        ]


def test_the_file_beside_it_says_what_it_was_made_from(undisturbed, bundle):
    facts = json.loads(undisturbed.with_suffix(".json").read_text())
    assert facts["model"] == bundle.identity
    assert facts["answer"] == "original"
    assert facts["files"] == {"judged": FILES, "refused": 2, "warned": 0}
    assert list(facts["columns"]) == list(read(undisturbed)[0])
    assert all(facts["columns"].values())


def test_the_number_of_threads_changes_no_byte(
    undisturbed, photographs, bundle, tmp_path
):
    predict_folder(photographs, bundle, tmp_path / "p.csv", threads=3)
    assert contents(tmp_path / "p.csv") == contents(undisturbed)


def test_large_photographs_are_held_one_after_another(
    undisturbed, photographs, bundle, tmp_path, monkeypatch
):
    held = []

    def note(networks, pixels):
        held.append([one.shape[0] * one.shape[1] for one in pixels])
        return judge(networks, pixels)

    monkeypatch.setattr(predicting, "judge", note)
    monkeypatch.setattr(predicting, "ROOM", 2 * 72 * 96)
    predict_folder(photographs, bundle, tmp_path / "p.csv", threads=2)
    assert all(len(sizes) == 1 or sum(sizes) <= 2 * 72 * 96 for sizes in held)
    assert max(map(len, held)) == 2
    assert sum(map(len, held)) == FILES
    for one, other in zip(read(tmp_path / "p.csv"), read(undisturbed), strict=True):
        assert (one["file"], one["reason"]) == (other["file"], other["reason"])
        if not one["reason"]:
            near = pytest.approx(float(other["original_prob_MEL"]), abs=2e-6)
            assert float(one["original_prob_MEL"]) == near


def test_odd_names_have_their_row_and_their_mask(bundle, tmp_path):
    root = tmp_path / "odd"
    content = cv2.imencode(".png", draw_photograph(1)[..., ::-1])[1].tobytes()
    names = [
        "a,b \"c\".png", "two\nlines.png", "=1+1.png", "Läsion.png", "x" * 252 + ".p",
        "x.jpg", "x.jpg.png/y.png", "-o.png", os.fsdecode(b"latin\xe9.png"), "Icon\r",
    ]  # fmt: skip
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    facts = predict_folder(root, bundle, tmp_path / "p.csv", threads=1)
    assert facts["files"] == {"judged": 10, "refused": 0, "warned": 0}
    rows = read(tmp_path / "p.csv")
    shown = [n.encode("utf-8", "backslashreplace").decode() for n in sorted(names)]
    shown = [n.replace("\r", "\\x0d") for n in shown]
    # a spreadsheet would run these two
    shown = [f"'{n}" if n.startswith(("=", "-")) else n for n in shown]
    assert [row["file"] for row in rows] == shown
    masks = name_masks(sorted(names))
    assert len(set(masks)) == 10
    assert all((tmp_path / "p_masks" / mask).is_file() for mask in masks)


def test_what_is_damaged_in_its_middle_is_told_from_its_neighbours(
    bundle, tmp_path, capfd
):
    root = tmp_path / "new"
    root.mkdir()
    content = cv2.imencode(".jpg", draw_photograph(1, height=300, width=400))[1]
    whole, half = content.tobytes(), len(content) // 2
    hurt = whole[:half] + bytes(400) + whole[half + 400 :]
    for number in range(24):
        (root / f"{number:02d}.jpg").write_bytes(whole)
    (root / "05.jpg").write_bytes(whole[:half] + b"\xff\xd9")
    (root / "20.jpg").write_bytes(hurt)
    predict_folder(root, bundle, tmp_path / "p.csv", threads=3)
    reasons = {row["file"]: row["reason"] for row in read(tmp_path / "p.csv")}
    assert {name: reason for name, reason in reasons.items() if reason} == {
        "05.jpg": "truncated",
        "20.jpg": "damaged",
    }
    os.write(2, b"heard again")
    assert capfd.readouterr().err == "heard again"


def test_no_photograph_at_all_is_a_table_of_reasons(bundle, tmp_path):
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "x.jpg").touch()
    predict_folder(tmp_path / "new", bundle, tmp_path / "p.csv", threads=4)
    assert [row["reason"] for row in read(tmp_path / "p.csv")] == ["empty file"]


@pytest.mark.parametrize(("folds", "least"), [(1, 1), (2, 1), (3, 2), (5, 3)])
def test_a_pixel_is_lesion_where_half_of_the_folds_see_it(folds, least):
    seen = np.arange(folds + 1)  # so many of them see each pixel
    masks = [(seen > fold)[None] for fold in range(folds)]
    assert (vote(masks)[0] == (seen >= least)).all()


def test_a_network_that_cannot_be_opened_is_one_line(tmp_path):
    bundle = load_bundle(make_bundle(tmp_path / "model"))
    segmenter = bundle.folder / bundle.facts["segmenters"][0]["file"]
    segmenter.write_bytes(b"of a newer ONNX")
    with pytest.raises(LabError, match=r"fold0\.onnx: ONNX Runtime .* cannot open"):
        load_networks(bundle, threads=1)


WRONG = {
    "no such model": (
        {"--model": "gone"},
        "gone: no model (it holds no model.json); name the folder "
        "results/<run>/model of a finished run",
    ),
    "a file": ({"DIR": "file.txt"}, "file.txt: a file; name the folder that holds"),
    "no such folder": ({"DIR": "gone"}, "gone: no such folder; name one with"),
    "empty": ({"DIR": "empty"}, "empty: holds no file; name a folder with"),
    "out nowhere": ({"--out": "gone/p.csv"}, "gone: no such folder; make it, or name"),
    "out a folder": ({"--out": "empty.csv"}, "empty.csv: a folder; name a file"),
    "out too long": (
        {"--out": f"{'p' * 245}.csv"},
        f"{'p' * 245}.csv: a name too long by 2 bytes; shorten it",
    ),
    "out no table": ({"--out": "p.json"}, "p.json: no name of a table; let it end"),
    "out inside": ({"--out": "new/p.csv"}, "new/p.csv: lies among the photographs;"),
}


@pytest.fixture
def place(tmp_path, photographs, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(photographs / "b", tmp_path / "new")
    (tmp_path / "file.txt").write_text("x")
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty.csv").mkdir()
    return tmp_path


@pytest.mark.parametrize("turn", WRONG)
def test_a_wrong_turn_is_one_line(place, bundle, turn, capsys):
    changes, line = WRONG[turn]
    before = sorted(place.rglob("*"))
    given = {"DIR": "new", "--model": str(bundle.folder), "--out": "p.csv"} | changes
    folder = given.pop("DIR")
    options = [word for pair in given.items() for word in pair]
    assert main(["predict", folder, *options]) == 1
    said = capsys.readouterr()
    assert said.err.startswith(f"lesionlab: {line}")
    assert (said.err.count("\n"), said.out) == (1, "")
    assert sorted(place.rglob("*")) == before


@pytest.mark.usefixtures("place")
def test_a_folder_that_may_not_be_written_is_one_line(bundle, monkeypatch, capsys):
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may everything
    assert predict("new", bundle, "empty/p.csv") == 1
    assert capsys.readouterr().err == (
        "lesionlab: empty: not writable for you; name another place\n"
    )


@pytest.mark.parametrize(
    ("given", "line"),
    [
        (["predict"], "the following arguments are required: DIR, --model"),
        (["predict", "new", "--model", "m", "--threads", "0"], "'0' is no number from"),
        (["predict", "new", "--model", "m", "--threads", "two"], "'two' is no number"),
        (["forget"], "invalid choice: 'forget'"),
        ([], "the following arguments are required: COMMAND"),
    ],
)
def test_a_command_that_is_not_understood_is_one_line(given, line, capsys):
    with pytest.raises(SystemExit) as end:
        main(given)
    said = capsys.readouterr().err
    assert end.value.code == 2
    assert line in said
    assert said.count("\n") == 1


def test_help_says_what_a_user_needs(capsys):
    with pytest.raises(SystemExit) as end:
        main(["predict", "--help"])
    said = capsys.readouterr().out
    assert end.value.code == 0
    for words in ("--model", "example: lesionlab predict", "exit status", "130"):
        assert words in said
