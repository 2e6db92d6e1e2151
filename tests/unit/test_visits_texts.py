"""What the page says: in both languages, every text in use, none missing."""

import ast
import re
import string
from pathlib import Path

import pytest
from jinja2 import Environment, nodes

from lesionlab.application.likeness import SCORES
from lesionlab.classification.arms import ARMS
from lesionlab.page.handlers import PROBLEMS
from lesionlab.visits import texts
from lesionlab.visits.cases import REASONS
from lesionlab.visits.texts import LANGUAGES, TEXTS, choose_language
from lesionlab.visits.views import TEMPLATES

LIBRARY = Path(texts.__file__).parents[1]
CALLS = ("say", "tell", "_tell", "refuse")


def test_every_text_is_there_in_every_language():
    for key, (english, korean) in TEXTS.items():
        named = [
            {name for _, name, _, _ in string.Formatter().parse(text) if name}
            for text in (english, korean)
        ]
        assert named[0] == named[1], key
        assert english.isascii(), key
        if re.search("[a-z]", re.sub("{.*?}", "", english)) and key != "title":
            assert re.search("[가-힣]", korean), key
    assert [*LANGUAGES] == ["en", "ko"]


def test_no_korean_text_holds_an_english_sentence():
    for key, (_, korean) in TEXTS.items():
        assert not re.search(r"[a-z]{2,} [a-z]{2,}", re.sub("{.*?}", "", korean)), key


def name_constants(node):
    """The strings that an expression may be: itself, or either branch of an if."""
    match node:
        case ast.Constant(value=str(value)) | nodes.Const(value=str(value)):
            return {value}
        case ast.IfExp(body=one, orelse=other):
            return name_constants(one) | name_constants(other)
        case nodes.CondExpr(expr1=one, expr2=other):
            return name_constants(one) | name_constants(other)
    return set()


def called_keys():
    """Keys that modules and templates say by name."""
    keys = set()
    for wing in ("visits", "page"):
        for path in (LIBRARY / wing).glob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                name = getattr(getattr(node, "func", None), "id", None)
                if name in CALLS:
                    keys |= name_constants(node.args[name == "refuse"])
    for path in TEMPLATES.glob("*.html"):
        tree = Environment().parse(path.read_text("utf-8"))
        for node in tree.find_all(nodes.Call):
            if getattr(node.node, "name", None) == "say":
                keys |= name_constants(node.args[0])
    return keys


def returned_keys():
    """Keys that a function of the desk returns instead of attention, or picks first."""
    text = "".join(
        (LIBRARY / "visits" / name).read_text("utf-8")
        for name in ("desk.py", "decision.py")
    )
    return set(re.findall(r'"(attention_\w+|missed_\w+)"', text))


def test_every_text_is_used_and_every_used_one_exists():
    called = called_keys()
    assert {"sent_why", "outline_alt", "no_outline_alt", "too_many"} <= called
    # and those that are named by a value
    named = {*PROBLEMS, *REASONS.values(), "unreadable", "language", "arm_other"}
    named |= {"save_csv", "save_page", "forget"} | returned_keys()
    named |= {words for _, words in SCORES.values()}
    assert called | named <= TEXTS.keys()
    left = TEXTS.keys() - called - named
    assert {key.removeprefix("arm_") for key in left} <= ARMS.keys()


def test_every_warning_has_its_words():
    assert {words for _, words in SCORES.values()} <= TEXTS.keys()


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
