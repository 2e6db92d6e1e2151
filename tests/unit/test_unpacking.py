"""An archive is unpacked whole and inside its folder, or not at all."""

import hashlib
import stat
import struct
from zipfile import ZIP_BZIP2, ZipInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lesionlab.dataverse import unpacking
from lesionlab.dataverse.unpacking import unpack_archive
from lesionlab.errors import LabError
from unit.dataverse_server import zip_of

SOUND = [(f"ISIC_{number:07d}.jpg", bytes([number]) * 50) for number in range(4)]


def special(name, mode):
    """A member that is no plain file."""
    member = ZipInfo(name)
    member.create_system = 3  # Unix
    member.external_attr = mode << 16
    return member


def bzipped(name):
    member = ZipInfo(name)
    member.compress_type = ZIP_BZIP2
    return member


def unpack(content, tmp_path, *, name="parts"):
    archive = tmp_path / "archive.zip"
    archive.write_bytes(content)
    (tmp_path / "root").mkdir(exist_ok=True)
    return unpack_archive(archive, tmp_path / "root" / name)


def refusal(content, tmp_path):
    """The one line with which an archive is refused; nothing of it is left."""
    with pytest.raises(LabError) as why:
        unpack(content, tmp_path)
    assert "\n" not in str(why.value)
    assert "archive.zip: " in str(why.value)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["archive.zip", "root"]
    return str(why.value)


def test_a_sound_archive_is_unpacked(tmp_path):
    written = unpack(zip_of(SOUND), tmp_path)
    assert written == [
        (name, hashlib.sha256(content).hexdigest()) for name, content in SOUND
    ]
    folder = tmp_path / "root" / "parts"
    assert sorted((p.name, p.read_bytes()) for p in folder.iterdir()) == SOUND


def test_its_own_folder_is_not_doubled_and_clutter_left_out(tmp_path):
    clutter = [
        ("__MACOSX/parts/._a.png", b"x"),
        ("parts/.DS_Store", b"x"),
        ("parts/deep/._b.png", b"x"),
    ]
    sound = [("parts/a.png", b"a"), ("parts/deep/b.png", b"b"), ("other/c.png", b"c")]
    written = unpack(zip_of([(ZipInfo("parts/"), b""), *clutter, *sound]), tmp_path)
    assert [name for name, _ in written] == ["a.png", "deep/b.png", "other/c.png"]
    found = [p for p in (tmp_path / "root" / "parts").rglob("*") if p.is_file()]
    assert sorted(path.name for path in found) == ["a.png", "b.png", "c.png"]


@pytest.mark.parametrize(
    ("member", "message"),
    [
        ("../evil.jpg", "climbs out of its folder"),
        ("a/../../evil.jpg", "climbs out of its folder"),
        ("a/../b.jpg", "climbs out of its folder"),
        ("..", "climbs out of its folder"),
        ("__MACOSX/../../evil.jpg", "climbs out of its folder"),
        ("/tmp/evil.jpg", "has no relative path"),
        ("//host/evil.jpg", "has no relative path"),
        ("C:/evil.jpg", "has no relative path"),
        ("..\\evil.jpg", "has no relative path"),
        (".", "has no relative path"),
        (special("link.jpg", stat.S_IFLNK | 0o777), "is a link or a device"),
        (special("pipe.jpg", stat.S_IFIFO), "is a link or a device"),
        (special("disk.jpg", stat.S_IFBLK), "is a link or a device"),
        (bzipped("a.jpg"), "is compressed in an unusual way"),
        ("isic_0000000.JPG", "stands twice"),
        ("ISIC_0000000.jpg/a.jpg", "is a file and a folder"),
        ("a" * 300 + ".jpg", "has too long a name"),
    ],
)
def test_a_member_that_does_harm_spoils_the_archive(tmp_path, member, message):
    said = refusal(zip_of([*SOUND, (member, b"/etc/passwd")]), tmp_path)
    assert message in said


def test_an_encrypted_member_is_refused(tmp_path):
    content = bytearray(zip_of(SOUND))
    content[content.index(b"PK\x01\x02") + 8] |= 1
    assert "is encrypted" in refusal(bytes(content), tmp_path)


def test_a_bomb_by_ratio_is_refused_before_it_swells(tmp_path):
    bomb = zip_of([*SOUND, ("bomb.jpg", bytes(20_000_000))])
    assert "20000200 bytes would come out, at most" in refusal(bomb, tmp_path)


def overlapping(copies):
    """Many members that share one piece of data, as the bombs of D. Fifield do."""
    content = zip_of([("a.jpg", bytes(range(256)) * 40)])
    head = content.index(b"PK\x01\x02")
    end = content.index(b"PK\x05\x06")
    entries = b""
    for number in range(copies):
        entries += content[head:end].replace(b"a.jpg", b"%05d" % number)
    counts = struct.pack("<HHLL", copies, copies, len(entries), head)
    return content[:head] + entries + content[end : end + 8] + counts + b"\0\0"


def test_a_bomb_of_overlapping_members_is_refused(tmp_path):
    said = refusal(overlapping(300), tmp_path)
    assert "bytes would come out" in said or "no sound zip archive" in said


def test_a_member_that_declares_too_little_gives_no_more(tmp_path):
    content = bytearray(zip_of([("a.jpg", bytes(1_000_000))]))
    head = content.index(b"PK\x01\x02")
    content[head + 24 : head + 28] = struct.pack("<L", 100)
    assert "no sound zip archive" in refusal(bytes(content), tmp_path)


@pytest.mark.parametrize(
    ("limit", "value", "message"),
    [
        ("MEMBERS", 3, "4 members, at most 3 allowed"),
        ("MEMBER_BYTES", 49, "'ISIC_0000000.jpg' has 50 bytes, at most 49 allowed"),
        ("TOTAL_BYTES", 199, "200 bytes would come out, at most 199 allowed"),
    ],
)
def test_every_size_has_a_limit(tmp_path, monkeypatch, limit, value, message):
    monkeypatch.setattr(unpacking, limit, value)
    assert message in refusal(zip_of(SOUND), tmp_path)


@pytest.mark.parametrize("content", [b"", b"<html>", b"PK\x03\x04" * 100])
def test_what_is_no_archive_is_one_line(tmp_path, content):
    assert "no sound zip archive" in refusal(content, tmp_path)


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_no_damage_ends_in_a_traceback_or_another_file(tmp_path_factory, data):
    content = bytearray(zip_of(SOUND))
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(content) - 1))
        content[place] = data.draw(st.integers(0, 255))
    if data.draw(st.booleans()):
        del content[data.draw(st.integers(1, len(content))) :]
    tmp_path, line = tmp_path_factory.mktemp("damaged"), ""
    try:
        written = unpack(bytes(content), tmp_path)
    except LabError as why:
        line, written = str(why), []
    assert "\n" not in line
    assert bool(line) != (tmp_path / "root" / "parts").exists()
    hashes = {hashlib.sha256(content).hexdigest() for _, content in SOUND}
    assert {digest for _, digest in written} <= hashes
