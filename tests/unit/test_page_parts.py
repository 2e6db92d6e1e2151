"""What the page is made of, without a server: texts, words, attention, limits."""

import ast
import csv
import io
import re
import socket
import string
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from lesionlab.application.engine import load_networks
from lesionlab.application.likeness import SCORES
from lesionlab.bundle.manifest import load_bundle
from lesionlab.classification.arms import ARMS
from lesionlab.errors import LabError
from lesionlab.networks.network import Architecture, build_network, save_model
from lesionlab.page.command import main
from lesionlab.page.guard import is_plain
from lesionlab.page.handlers import PROBLEMS, read_files
from lesionlab.page.server import claim_port
from lesionlab.training.pictures import enter
from lesionlab.visits import cases as cases_of_page
from lesionlab.visits.attention import attend, draw_attention, enlarge, find_maps
from lesionlab.visits.cases import draw_outline, open_case, refuse
from lesionlab.visits.decision import (
    Choice,
    describe_point,
    find_point,
    write_probability,
)
from lesionlab.visits.desk import VISITS, Desk
from lesionlab.visits.saving import write_table
from lesionlab.visits.shelf import Shelf
from lesionlab.visits.texts import LANGUAGES, TEXTS, choose_language
from lesionlab.visits.views import TEMPLATES, describe_case
from unit.made_bundle import CLASSES, draw_photograph, make_bundle
from unit.test_page import encode

LIBRARY = Path(cases_of_page.__file__).parents[1]
ENGLISH = Choice("en", 95)


@pytest.fixture(scope="module")
def networks(tmp_path_factory):
    folder = make_bundle(tmp_path_factory.mktemp("model"))
    return load_networks(load_bundle(folder), threads=1)


@pytest.fixture
def desk(networks):
    return Desk(networks, Shelf(10_000_000), Shelf(10_000_000))


def drop(desk, visit, photographs):
    """Put photographs on the tray and have them judged."""
    files = [
        {"name": name, "token": desk.tray.put(content, "", "")}
        for name, content in photographs.items()
    ]
    return list(desk.judge(visit, files))


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


def test_every_text_is_there_in_every_language():
    for key, texts in TEXTS.items():
        assert len(texts) == len(LANGUAGES), key
        named = [
            {name for _, name, _, _ in string.Formatter().parse(text) if name}
            for text in texts
        ]
        assert named[0] == named[1], key
        english, korean = texts
        assert english.isascii(), key
        if re.search("[a-z]", re.sub("{.*?}", "", english)) and key != "title":
            assert re.search("[가-힣]", korean), key


def test_every_text_is_used_and_every_used_one_exists():
    modules = [
        path for wing in ("visits", "page") for path in (LIBRARY / wing).glob("*.py")
    ]
    files = [*modules, *TEMPLATES.glob("*.html")]
    code = "".join(path.read_text("utf-8") for path in files if path.name != "texts.py")
    assert set(re.findall(r"(?:say|tell)\(\s*[\"'](\w+)", code)) <= TEXTS.keys()
    quoted = set(re.findall(r"\"[\w-]+\"|'[\w-]+'", code))
    # those of arms and warnings are named by the bundle
    others = {words for _, words in SCORES.values()} | {f"arm_{arm}" for arm in ARMS}
    unused = {key for key in TEXTS if not {f'"{key}"', f"'{key}'"} & quoted}
    assert unused <= others


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("ko-KR,ko;q=0.9,en;q=0.8", "ko"),
        ("de, en-GB;q=0.7, ko;q=0.3", "en"),
        ("", "en"),
        ("fr", "en"),
    ],
)
def test_the_language_is_that_of_the_browser(accepted, language):
    assert choose_language(accepted) == language


def test_a_refusal_is_told_in_both_languages(desk):
    drop(desk, "one", {"a.gif": b"GIF89a" + bytes(200)})
    english = desk.show("one", ENGLISH, attention=False)
    korean = desk.show("one", Choice("ko", 95), attention=False)
    assert "Refused:</strong> GIF: neither JPEG, PNG, WebP nor TIFF" in english
    assert "거부:</strong> JPEG, PNG, WebP, TIFF 사진이 아님 (GIF: neither" in korean


def test_a_photograph_of_too_many_pixels_is_never_decoded(networks, monkeypatch):
    monkeypatch.setattr(cases_of_page, "LARGEST", 1000)
    monkeypatch.setattr(cases_of_page, "decode_photograph", None)
    case = open_case(networks, "a.png", encode(draw_photograph(1)))
    assert case.reason == ("too_many_pixels", "96 x 72: more than 1,000 pixels")


def test_the_outline_lies_on_the_border_and_is_seen_on_any_ground():
    mask = np.zeros((40, 60), bool)
    mask[10:30, 20:40] = True
    for grey in (0, 128, 255):
        drawn = draw_outline(np.full((40, 60, 3), grey, np.uint8), mask)
        assert {0, 255} <= set(drawn[8:12, 20:40].ravel().tolist())
        assert (drawn[18:22, 28:32] == grey).all()
        assert (drawn[:5] == grey).all()


def test_a_case_keeps_no_photograph(networks):
    case = open_case(
        networks, "a.jpg", encode(draw_photograph(1, height=900, width=1200))
    )
    assert case.mask.shape == (480, 640)
    assert max(one.size for one in case.shown.values()) == 32 * 32 * 3
    assert case.row["width"] == 1200


def test_the_operating_point_is_told_with_the_bundle_s_own_classes(networks):
    meaning = describe_point(networks.bundle, Choice("en", 80))
    assert meaning["classes"] == list(CLASSES)
    assert meaning["wanted"] == 80
    row = meaning["rows"][0]
    assert row == {"arm": "original", "threshold": "20.0 %", "sent": ["80", "50", None]}
    assert find_point(networks.bundle, "original", 100)["wanted"] == 0.99


def test_without_a_curve_nothing_is_decided(tmp_path):
    bundle = load_bundle(make_bundle(tmp_path, arms=("original",)))
    bundle.facts["arms"]["original"].update(curve=[], operating_points=[])
    desk = Desk(load_networks(bundle, threads=1), Shelf(1_000_000), Shelf(1_000_000))
    drop(desk, "one", {"a.png": encode(draw_photograph(1))})
    cards = desk.show("one", ENGLISH, attention=False)
    assert "No decision: no validation photograph showed MEL" in cards
    assert "no threshold could be chosen" in desk.explain(ENGLISH)
    table = write_table(bundle, desk.visit("one").cases, ENGLISH)
    assert b"sent_at_chosen" not in table
    assert b"original_prob_MEL" in table


@pytest.mark.parametrize(
    ("p", "words"),
    [(0.001, "fewer than 1 show"), (0.34, "about 34 show"), (0.999, "more than 99")],
)
def test_no_probability_is_told_as_never_or_always(networks, p, words):
    case = open_case(networks, "a.png", encode(draw_photograph(1)))
    case.probabilities["original"][:] = [p, 1 - p, 0]
    card = draw_card(networks, case)
    assert words in card["arms"][0]["words"]


def test_warnings_bear_their_rate_of_false_alarms(networks):
    flat = np.full((80, 100, 3), 255, np.uint8)
    case = open_case(networks, "a.png", encode(flat))
    assert "over-exposed" in case.warnings
    card = draw_card(networks, case)
    rate = "On photographs like those of training, this warning is wrong 2.5 times in "
    assert (TEXTS["over-exposed"][0], f"{rate}100.") in card["warnings"]
    assert not card["found"]


def test_thumbnails_are_shown_only_where_their_licence_is_known(tmp_path):
    bundle = load_bundle(make_bundle(tmp_path, arms=("original",)))
    bundle.facts["training"].update(thumbnails=None, licence=None)
    desk = Desk(load_networks(bundle, threads=1), Shelf(10_000_000), Shelf(10_000_000))
    drop(desk, "one", {"a.png": encode(draw_photograph(1))})
    cards = desk.show("one", ENGLISH, attention=False)
    assert "named but not shown" in cards
    assert cards.count("<img") == 2


def test_visits_are_apart_and_the_oldest_is_forgotten_with_its_pictures(desk):
    photograph = encode(draw_photograph(1))
    for number in range(VISITS + 3):
        drop(desk, f"visit{number}", {f"{number}.png": photograph})
    assert [case.name for case in desk.visit("visit9").cases] == ["9.png"]
    assert len(desk.album) == VISITS * (3 + 5)
    assert desk.visit("visit0").cases == []
    assert len(desk.tray) == 0
    desk.forget("visit9")
    assert desk.visit("visit9").cases == []


def test_what_fails_to_be_judged_is_a_line_too(desk, monkeypatch, caplog):
    photograph = encode(draw_photograph(1))
    monkeypatch.setattr("lesionlab.visits.cases.describe", None)
    drop(desk, "one", {"a.png": photograph})
    assert desk.visit("one").cases == [refuse("a.png", "failed")]
    assert "a photograph could not be judged" in caplog.text


def test_no_more_than_fifty_are_judged_at_once(desk):
    small = encode(draw_photograph(1, height=32, width=32))
    drop(desk, "one", {f"{number}.png": small for number in range(52)})
    reasons = [case.reason for case in desk.visit("one").cases]
    assert reasons == [()] * 50 + [("too_many", "")] * 2


def test_a_name_that_is_a_formula_is_text_in_the_table(networks):
    cases = [refuse("=1+1.png", "empty"), refuse("a,b.png", "damaged", "why")]
    table = write_table(networks.bundle, cases, ENGLISH).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(table)))
    assert [row["file"] for row in rows] == ["'=1+1.png", "a,b.png"]
    assert [row["reason"] for row in rows] == ["empty file", "why"]


def test_a_shelf_keeps_no_more_than_its_limit_and_no_longer(monkeypatch):
    now = [0.0]
    monkeypatch.setattr("lesionlab.visits.shelf.time.monotonic", lambda: now[0])
    shelf = Shelf(10, 60)
    first, second = (shelf.put(bytes(4), "a/b", owner) for owner in "ab")
    assert shelf.room() == 2
    third = shelf.put(bytes(5), "a/b", "a")
    assert shelf.get(first) is None
    assert shelf.get(second).owner == "b"
    assert shelf.take(third).content == bytes(5)
    assert shelf.take(third) is None
    now[0] = 61
    assert shelf.get(second) is None
    assert len(shelf) == 0
    shelf.put(b"1", "a/b", "a")
    shelf.drop("a")
    assert len(shelf) == 0


@pytest.mark.parametrize(
    ("data", "read"),
    [
        ({"files": [{"name": "a", "token": "t"}]}, [{"name": "a", "token": "t"}]),
        (
            {"files": [{"name": "a\n\x00b", "problem": PROBLEMS[0]}]},
            [{"name": "ab", "problem": PROBLEMS[0]}],
        ),
        (
            {"files": [{"name": "a", "problem": "research_only"}]},
            [{"name": "a", "problem": "not_sent"}],
        ),
        ({"files": [{"token": "t"}, [], None]}, []),
        (None, []),
        ([], []),
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
        taken.listen()
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


def test_attention_is_what_the_last_maps_say_for_the_class(tmp_path):
    import torch

    size = 64
    architecture = Architecture("timm/test_resnet", size=size)
    network = build_network(architecture, 3, seed=1)
    module, path = network.module.eval(), tmp_path / "model.safetensors"
    save_model(
        path,
        module.state_dict(),
        architecture=architecture,
        scale=network.scale,
        classes=CLASSES,
    )
    picture = draw_photograph(1, height=size, width=size)
    mask = np.zeros((size, size), bool)
    mask[:, :20] = True
    # behind the maps stand a mean and one linear layer, so the gradient is its weight
    with torch.no_grad():
        batch = enter(torch.from_numpy(picture[None]), network.scale)
        maps = module.forward_features(batch)[0].numpy()
        weights = module.get_classifier().weight.numpy() / maps[0].size
    shares = []
    for positive in range(3):
        found = attend(path, picture, mask, positive=positive)
        truth = np.maximum(np.tensordot(weights[positive], maps, axes=1), 0)
        np.testing.assert_allclose(found.grid, truth, rtol=1e-3, atol=1e-6)
        whole = enlarge(truth, size, size)
        if whole.any():
            share = whole[mask].sum() / whole.sum()
            assert found.share == pytest.approx(share, rel=1e-3)
        else:
            assert found.share is None
        shares.append(found.share)
    assert any(shares)


@pytest.mark.parametrize(
    ("model", "size", "maps"),
    [
        ("timm/test_resnet", 64, True),
        ("timm/test_efficientnet", 64, True),
        ("timm/test_convnext", 64, True),
        ("timm/test_vit", 160, False),
        ("resnet50", 32, False),
    ],
)
def test_a_network_without_maps_is_told_from_one_with(model, size, maps):
    network = build_network(Architecture(model, size=size), 3, seed=0)
    network.module.eval()
    layer = find_maps(network.module, size)
    assert (layer is not None) is maps
    assert not any(one._forward_hooks for one in network.module.modules())


@pytest.mark.parametrize(
    ("p", "written"),
    [(0, "< 0.1 %"), (0.01, "1.0 %"), (0.9994, "99.9 %"), (1, "> 99.9 %")],
)
def test_no_probability_is_written_as_never_or_always(p, written):
    assert write_probability(p) == written


def test_attention_is_drawn_bright_where_it_is():
    grid = np.zeros((2, 2), np.float32)
    grid[0, 0] = 1
    drawn = draw_attention(np.full((40, 40, 3), 100, np.uint8), grid).astype(int)
    assert drawn[2, 2, 1] > drawn[38, 38, 1] + 80


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
