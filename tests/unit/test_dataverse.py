"""The published files are taken and no others; nothing good comes twice."""

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
from lesionlab.dataverse.download import CHUNK
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
    check_all,
    check_little_came_twice,
    fetch,
    publish,
    refusal,
    zip_of,
)


def test_what_is_published_is_fetched_once(server, cache):
    check_all(server, cache, fetch(server, cache))
    first = len(server.asked)
    assert first == 1 + len(FILES)
    check_all(server, cache, fetch(server, cache))
    assert len(server.asked) == first


def test_nothing_is_removed_but_what_a_killed_download_left(server, cache):
    mine = ("tmp", "tmp_notes.txt", "tmpabcdefgh.csv", "tmpABCDEFGH")
    cache.mkdir()
    for name in (*mine, "tmpab_d3fgh"):
        (cache / name).touch()
    (cache / "tmpfolder00").mkdir()
    fetch(server, cache)
    left = {path.name for path in cache.glob("tmp*")}
    assert left == {*mine, "tmpfolder00"}


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


def test_after_a_refusal_good_files_are_not_asked_for_again(server, cache):
    server.misbehave(PART_2, 403)
    refusal(server, cache)
    check_all(server, cache, fetch(server, cache))
    for name in (TABLE, MASKS, PART_1):
        assert len(server.requests_for(name)) == 1


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


def test_a_file_system_without_hard_links_will_do(server, cache, monkeypatch):
    def refuse(*_):
        raise PermissionError

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    check_all(server, cache, fetch(server, cache))


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
    some = CUT_AFTER - CHUNK
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


BAD = {
    "a member that climbs out": (
        [("ISIC_0000000.jpg", b"good"), ("../../evil.jpg", b"bad")],
        "'../../evil.jpg' climbs out of its folder",
    ),
    "a bomb": ([("ISIC_0000000.jpg", bytes(20_000_000))], "bytes would come out, at"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_archive_that_was_published_so_ends_in_one_line(
    server, cache, tmp_path, monkeypatch, name
):
    """Size and checksum are as published: only its members tell."""
    members, words = BAD[name]
    server.files[PART_1] = zip_of(members)
    monkeypatch.setenv("HAM10000_SERVER", server.address)
    monkeypatch.setattr(fetch_dataverse, "FILES", publish(server.files))
    root, manifest = tmp_path / "root", tmp_path / "root.csv"
    paths = SimpleNamespace(root=root, manifest=manifest, cache=cache)
    with pytest.raises(LabError) as why:
        fetch_dataverse.main(paths, options={})
    assert words in str(why.value)
    assert f"{cache / PART_1}: " in str(why.value)
    assert "\n" not in str(why.value)
    assert not manifest.exists()
    assert not (root / PART_1[:-4]).exists()
    assert not list(tmp_path.rglob("evil.jpg"))
