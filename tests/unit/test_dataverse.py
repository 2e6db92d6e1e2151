"""A download ends in the published files, or in one line; nothing comes twice."""

import itertools
import os
import re
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

import fetch_dataverse
from lesionlab.dataverse import download as downloads
from lesionlab.dataverse.fetching import fetch_files
from lesionlab.dataverse.published import FILES
from lesionlab.errors import LabError
from lesionlab.files import sha256_file
from unit.dataverse_server import (
    CUT_AFTER,
    LIST,
    MASKS,
    PART_1,
    PART_2,
    PHOTOGRAPHS,
    TABLE,
    publish,
    running,
)

AT_ONCE = (0, 0, 0)
ALWAYS = "dataset.source to folder and dataset.path"


@pytest.fixture
def server():
    """A Dataverse on the loopback, with a small HAM10000."""
    with running() as server:
        yield server


@pytest.fixture
def cache(tmp_path):
    """Where downloads are kept."""
    return tmp_path / "downloads"


def fetch(server, cache, *, waits=AT_ONCE):
    published = publish(server.files)
    return fetch_files(published, cache, server=server.address, waits=waits)


def refusal(server, cache, **options):
    """The one line in which a download ends; what is there is good or a part."""
    with pytest.raises(LabError) as why:
        fetch(server, cache, **options)
    assert "\n" not in str(why.value)
    for path in cache.iterdir():
        good = server.files.get(path.name)
        assert path.suffix == ".part" if good is None else path.read_bytes() == good
    return str(why.value)


def check_all(server, cache, paths):
    assert [path.name for path in paths] == [TABLE, MASKS, PART_1, PART_2]
    for path in paths:
        assert path.read_bytes() == server.files[path.name]
    assert sorted(cache.iterdir()) == sorted(paths)


def check_little_came_twice(server, cuts):
    """Of each cut no more than the chunk that was being read."""
    size, first, *others = len(server.files[PART_1]), *server.requests_for(PART_1)
    assert first is None
    assert all(span.startswith("bytes=") for span in others)
    assert size > 4 * downloads.CHUNK
    assert size <= server.sent[PART_1] <= size + cuts * downloads.CHUNK


def test_what_is_published_is_fetched_once(server, cache):
    check_all(server, cache, fetch(server, cache))
    first = len(server.asked)
    assert first == 1 + len(FILES)
    check_all(server, cache, fetch(server, cache))
    assert len(server.asked) == first


def test_files_that_were_laid_there_by_hand_need_no_network(server, cache):
    cache.mkdir()
    for name, content in server.files.items():
        (cache / name).write_bytes(content)
    check_all(server, cache, fetch(server, cache))
    assert not server.asked


def test_the_document_names_what_is_published(repository):
    text = (repository / "docs" / "data.md").read_text()
    rows = re.findall(r"^\| `(\w+\.\w+)`[^|]*\| ([\d,]+) \| `(\w+)` \|$", text, re.M)
    said = [(name, int(size.replace(",", "")), md5) for name, size, md5 in rows]
    assert said == list(FILES)


@pytest.mark.parametrize("cuts", [1, 7])
def test_a_cut_connection_goes_on_where_it_stopped(server, cache, cuts):
    server.misbehave(PART_1, *["cut"] * cuts)
    check_all(server, cache, fetch(server, cache))
    assert len(server.requests_for(PART_1)) == cuts + 1
    check_little_came_twice(server, cuts)


def test_a_server_without_range_sends_it_all_again(server, cache):
    server.ranges = False
    server.misbehave(PART_1, "cut", "cut")
    check_all(server, cache, fetch(server, cache))


def test_a_server_that_never_comes_farther_is_given_up(server, cache):
    server.ranges = False
    server.misbehave(PART_1, *["cut"] * 100)
    message = refusal(server, cache)
    assert "not to be had in 4 tries (the connection was cut)" in message
    assert "run again to go on where it stopped" in message
    assert ALWAYS in message
    assert len(server.requests_for(PART_1)) == 4


def test_a_silent_server_is_given_up(server, cache, monkeypatch):
    monkeypatch.setattr(downloads, "TIMEOUT", (5, 0.2))
    server.misbehave(MASKS, "hang")
    check_all(server, cache, fetch(server, cache))
    assert len(server.requests_for(MASKS)) == 2


@pytest.mark.parametrize("name", [LIST, PART_1])
@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_busy_server_is_asked_again(server, cache, name, status):
    server.misbehave(name, status, status)
    check_all(server, cache, fetch(server, cache))
    assert len(server.requests_for(name)) == 3


def test_the_waits_grow_and_begin_anew_when_bytes_have_come(server, cache, monkeypatch):
    waited = []
    monkeypatch.setattr(downloads.time, "sleep", waited.append)
    server.misbehave(PART_1, 503, 503, "cut", 503, 503)
    check_all(server, cache, fetch(server, cache, waits=(1, 2, 4)))
    assert waited == [1, 2, 1, 2, 4]


@pytest.mark.parametrize("name", [LIST, PART_1])
def test_a_server_that_stays_busy_is_given_up(server, cache, name):
    server.misbehave(name, *itertools.repeat(503, 100))
    message = refusal(server, cache)
    assert "not to be had in 4 tries (HTTP 503)" in message
    assert ALWAYS in message


def test_an_unreachable_server_is_one_line(cache):
    with running() as server:
        pass
    message = refusal(server, cache)
    assert re.search(
        r"not to be had in 4 tries \(\[Errno \d+\] Connection ref", message
    )


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("name", [LIST, PART_1])
def test_a_refusal_says_what_to_do_and_is_not_repeated(server, cache, name, status):
    server.misbehave(name, status)
    message = refusal(server, cache)
    assert f"the server refuses it (HTTP {status})" in message
    assert ALWAYS in message
    assert len(server.requests_for(name)) == 1


def test_after_a_refusal_good_files_are_not_asked_for_again(server, cache):
    server.misbehave(PART_2, 403)
    refusal(server, cache)
    check_all(server, cache, fetch(server, cache))
    for name in (TABLE, MASKS, PART_1):
        assert len(server.requests_for(name)) == 1


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("web page", "a web page came in place of the file"),
        (404, "the server answers HTTP 404"),
        (b"another", "7 bytes are announced where"),
        ("no length", "more than the published"),
    ],
)
def test_something_else_is_not_taken_for_the_file(server, cache, fault, message):
    server.misbehave(PART_1, fault)
    said = refusal(server, cache)
    assert message in said
    assert ALWAYS in said
    check_all(server, cache, fetch(server, cache))


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("web page", "no JSON came"),
        (b"{", "no JSON came"),
        (b"[]", "no list of files came"),
        (b'{"data": {"latestVersion": {"files": [{}]}}}', "no list of files came"),
        (b'{"data": {"latestVersion": {"files": []}}}', f"no file {TABLE} is listed"),
    ],
)
def test_a_server_that_is_no_dataverse_is_one_line(server, cache, fault, message):
    server.misbehave(LIST, fault)
    assert message in refusal(server, cache)


def test_another_announced_checksum_stops_before_the_download(server, cache):
    server.misbehave(LIST, server.listed(**{PART_1: "0" * 32}))
    assert f"{PART_1} is announced with MD5 {'0' * 32}" in refusal(server, cache)
    assert [name for name, _ in server.asked] == [LIST]


def test_a_file_with_a_wrong_checksum_is_deleted(server, cache):
    size = len(server.files[PART_1])
    server.misbehave(PART_1, bytes(size))
    message = refusal(server, cache)
    assert f"what came as {PART_1} has another MD5 than the published" in message
    assert not [path for path in cache.iterdir() if path.name.startswith(PART_1)]
    check_all(server, cache, fetch(server, cache))


@pytest.mark.parametrize("length", [100, 10**6])
def test_a_bad_part_is_begun_anew(server, cache, length):
    cache.mkdir()
    (cache / f"{PART_1}.part").write_bytes(bytes(length))
    check_all(server, cache, fetch(server, cache))


def test_a_bad_file_in_the_cache_is_replaced(server, cache):
    cache.mkdir()
    (cache / PART_1).write_bytes(bytes(len(server.files[PART_1])))
    check_all(server, cache, fetch(server, cache))


def test_another_range_than_was_asked_for_is_not_appended(server, cache):
    server.misbehave(PART_1, "cut", "another range")
    check_all(server, cache, fetch(server, cache))
    assert server.requests_for(PART_1)[2] is None


def test_a_file_system_without_hard_links_will_do(server, cache, monkeypatch):
    def refuse(*_):
        raise PermissionError

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    check_all(server, cache, fetch(server, cache))


@pytest.mark.parametrize("address", ["dataverse.harvard.edu", "ftp://x", "http://", ""])
def test_a_malformed_address_is_one_line(server, cache, address):
    server.address = address
    assert "no address" in refusal(server, cache)


KILLED = """
    import os, signal, sys
    from pathlib import Path
    import pooch.core
    from lesionlab.dataverse.fetching import fetch_files
    from lesionlab.dataverse.published import PublishedFile

    address, cache, moment, *published = sys.argv[1:]
    if moment == "verifying":
        pooch.core.hash_matches = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
    file = PublishedFile(published[0], int(published[1]), published[2])
    fetch_files([file], Path(cache), server=address)
"""


def start_and_kill(server, cache, moment):
    """Fetch the first images in another process, which is killed with a SIGKILL."""
    file = next(file for file in publish(server.files) if file.name == PART_1)
    command = [sys.executable, "-c", textwrap.dedent(KILLED), server.address]
    scripts = Path(fetch_dataverse.__file__).parent
    child = subprocess.Popen(
        [*command, str(cache), moment, *map(str, file)],
        env={**os.environ, "PYTHONPATH": str(scripts)},
    )
    part = cache / f"{PART_1}.part"
    some = CUT_AFTER - downloads.CHUNK
    if moment == "some":
        for _ in range(600):
            if part.exists() and part.stat().st_size >= some:
                break
            time.sleep(0.05)
        child.kill()
    assert child.wait(30) == -signal.SIGKILL
    assert part.stat().st_size >= (some if moment == "some" else file.size)


def test_what_came_before_a_kill_is_kept(server, cache):
    server.misbehave(PART_1, "hang")
    start_and_kill(server, cache, "some")
    check_all(server, cache, fetch(server, cache))
    assert len(server.requests_for(PART_1)) == 2
    check_little_came_twice(server, 1)


def test_a_kill_during_verification_costs_no_download(server, cache):
    start_and_kill(server, cache, "verifying")
    check_all(server, cache, fetch(server, cache))
    assert server.requests_for(PART_1) == [None]


def test_the_script_lays_out_the_original(server, cache, tmp_path, monkeypatch, caplog):
    caplog.set_level("INFO")
    monkeypatch.setenv("HAM10000_SERVER", f"{server.address}/")
    monkeypatch.setattr(fetch_dataverse, "FILES", publish(server.files))
    root, manifest = tmp_path / "root", tmp_path / "root.csv"
    paths = SimpleNamespace(root=root, manifest=manifest, cache=cache)
    fetch_dataverse.main(paths, options={})
    table = pd.read_csv(manifest)
    assert len(table) == 1 + 2 * PHOTOGRAPHS
    assert table["file"].is_monotonic_increasing
    for file, digest in table.itertuples(index=False):
        assert sha256_file(root / file) == digest
    found = [p.relative_to(root).as_posix() for p in root.rglob("*") if p.is_file()]
    assert sorted(found) == table["file"].tolist()
    assert (root / PART_1[:-4] / "ISIC_0000000.jpg").exists()
    assert (root / MASKS[:-4] / "ISIC_0000000_segmentation.png").exists()
    assert (root / TABLE).read_bytes() == server.files[TABLE]
    assert "is licensed CC BY-NC 4.0" in caplog.text
