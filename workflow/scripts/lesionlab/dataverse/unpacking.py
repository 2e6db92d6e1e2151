"""Unpack an archive that nobody vouches for: nothing leaves its folder or swells."""

import hashlib
import os
import shutil
import stat
import zlib
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from lesionlab.errors import LabError, first_line

# the largest archive of HAM10000 has 20,000 members and holds 1.4 GB
MEMBERS = 50_000
MEMBER_BYTES = 64 << 20
TOTAL_BYTES = 8 << 30
RATIO = 100  # bytes out for each byte of the archive
NAME_BYTES = 200
CHUNK = 1 << 20
UNREADABLE = (BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError)


def unpack_archive(archive: Path, folder: Path) -> list[tuple[str, str]]:
    """Unpack a zip archive into a new folder: all of it, or nothing.

    What macOS adds is left out, and a folder in the archive that bears the name of
    `folder` is not doubled.

    Parameters
    ----------
    archive : Path
        Only read.
    folder : Path
        Must not exist.

    Returns
    -------
    list of tuple of str
        Name of each file relative to `folder`, and its SHA-256.

    Raises
    ------
    LabError
        If a member would leave the folder, is no plain file, or is damaged, or if the
        archive holds more than could be photographs.
    """
    draft = folder.with_name(f".{os.getpid()}.{folder.name}")
    try:
        with ZipFile(archive) as opened:
            members = opened.infolist()
            _check_sizes(archive, members)
            targets = _targets(archive, members, folder.name)
            draft.mkdir(parents=True)
            written = [
                (str(name), _write(opened, member, draft / name))
                for member, name in targets
            ]
        draft.rename(folder)
    except UNREADABLE as why:
        raise LabError(f"{archive}: no sound zip archive ({first_line(why)})") from None
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return written


def _check_sizes(archive: Path, members: Sequence[ZipInfo]) -> None:
    """Refuse what swells; zipfile reads no member beyond the size that it declares."""
    if len(members) > MEMBERS:
        raise LabError(f"{archive}: {len(members)} members, at most {MEMBERS} allowed")
    total = sum(member.file_size for member in members)
    size = archive.stat().st_size
    allowed = min(TOTAL_BYTES, RATIO * size)
    if total > allowed:
        raise LabError(
            f"{archive}: {total} bytes would come out, at most {allowed} allowed"
        )
    for member in members:
        if member.file_size > MEMBER_BYTES:
            raise LabError(
                f"{archive}: {member.filename!r} has {member.file_size} bytes, at most "
                f"{MEMBER_BYTES} allowed"
            )
        if not 0 <= member.header_offset < size:
            raise LabError(f"{archive}: {member.filename!r} lies outside of it")


def _targets(
    archive: Path, members: Sequence[ZipInfo], top: str
) -> list[tuple[ZipInfo, PurePosixPath]]:
    """Pair every file with its place, once all members have been found harmless."""
    targets = []
    seen: set[str] = set()
    for member in members:
        wrong = _harm(member)
        if wrong:
            raise LabError(f"{archive}: member {member.filename!r} {wrong}; refused")
        path = PurePosixPath(member.filename)
        if member.is_dir() or _is_clutter(path):
            continue
        if path.parts[0] == top:
            path = path.relative_to(top)
        key = str(path).casefold()
        if key in seen:
            raise LabError(f"{archive}: member {member.filename!r} stands twice")
        seen.add(key)
        targets.append((member, path))
    folders = {str(parent).casefold() for _, path in targets for parent in path.parents}
    for member, path in targets:
        if str(path).casefold() in folders:
            raise LabError(
                f"{archive}: member {member.filename!r} is a file and a folder; refused"
            )
    return targets


def _harm(member: ZipInfo) -> str | None:
    path = PurePosixPath(member.filename)
    kind = stat.S_IFMT(member.external_attr >> 16)
    if not path.parts or path.is_absolute() or "\\" in str(path) or ":" in str(path):
        return "has no relative path"
    if ".." in path.parts:
        return "climbs out of its folder"
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        return "is a link or a device"
    if max(len(os.fsencode(part)) for part in path.parts) > NAME_BYTES:
        return "has too long a name"
    if member.flag_bits & 1:
        return "is encrypted"
    if member.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
        return "is compressed in an unusual way"
    return None


def _is_clutter(path: PurePosixPath) -> bool:
    return path.parts[0] == "__MACOSX" or path.name.startswith(".")


def _write(opened: ZipFile, member: ZipInfo, path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    with opened.open(member) as source, path.open("xb") as stream:
        while chunk := source.read(CHUNK):
            digest.update(chunk)
            stream.write(chunk)
    return digest.hexdigest()
