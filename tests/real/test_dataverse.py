"""The real photographs, packed as the original packs them, come through a download."""

import io
from types import SimpleNamespace
from zipfile import ZipFile

import pytest

import fetch_dataverse
from lesionlab.files import read_csv, sha256_file
from unit.dataverse_server import MASKS, PART_1, PART_2, TABLE, publish, running

pytestmark = pytest.mark.real


def pack(paths, top=""):
    stream = io.BytesIO()
    with ZipFile(stream, "w") as archive:
        for path in paths:
            archive.write(path, f"{top}{path.name}")
    return stream.getvalue()


def test_every_file_arrives_as_it_was(ham10000, tmp_path, monkeypatch):
    photographs = sorted((ham10000 / "images").iterdir())
    masks = sorted((ham10000 / "masks").iterdir())
    files = {
        TABLE: (ham10000 / "HAM10000_metadata.csv").read_bytes(),
        MASKS: pack(masks, f"{MASKS[:-4]}/"),
        PART_1: pack(photographs[:5000]),
        PART_2: pack(photographs[5000:]),
    }
    manifest = tmp_path / "root.csv"
    folders = {"root": tmp_path / "root", "cache": tmp_path / "downloads"}
    with running(files) as server:
        monkeypatch.setenv("HAM10000_SERVER", server.address)
        monkeypatch.setattr(fetch_dataverse, "FILES", publish(files))
        server.misbehave(PART_1, "cut", 503, "cut")
        paths = SimpleNamespace(manifest=manifest, **folders)
        fetch_dataverse.main(paths, options={})
    table = read_csv(manifest)
    arrived = dict(
        zip(table["file"].str.split("/").str[-1], table["sha256"], strict=True)
    )
    sent = {path.name: sha256_file(path) for path in (*photographs, *masks)}
    table_hash = sha256_file(ham10000 / "HAM10000_metadata.csv")
    assert arrived == {**sent, TABLE: table_hash}
