"""A Dataverse on the loopback that serves a small HAM10000, and misbehaves as told."""

import hashlib
import http.server
import io
import json
import threading
from contextlib import contextmanager
from functools import partial
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import cv2
import pytest

from lesionlab.dataverse.download import CHUNK
from lesionlab.dataverse.fetching import fetch_files
from lesionlab.dataverse.published import FILES, PublishedFile
from lesionlab.errors import LabError
from unit.folder import draw_pair

TABLE, MASKS, PART_1, PART_2 = (file.name for file in FILES)
LIST = "the list of files"
PHOTOGRAPHS = 6
AT_ONCE = (0, 0, 0)  # seconds before each further try
MEND = "dataset.source to folder and dataset.path"
CUT_AFTER = 20_000  # bytes
ENLARGED = 6  # so that a part of an archive is larger than what is read at once


def zip_of(members):
    """An archive of pairs: a name or a ZipInfo, and the content."""
    stream = io.BytesIO()
    with ZipFile(stream, "w", ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return stream.getvalue()


def small_ham10000():
    """The four files by name, as the original packs them, with six photographs."""
    head = "lesion_id,image_id,dx,dx_type,age,sex,localization,dataset"
    rows, photographs, masks = [head], [], []
    for number in range(PHOTOGRAPHS):
        name, dx = f"ISIC_{number:07d}", ("mel", "nv", "df")[number % 3]
        rows.append(f"HAM_{max(1, number)},{name},{dx},histo,50.0,male,back,rosendahl")
        pixels, mask = (
            picture.repeat(ENLARGED, axis=0).repeat(ENLARGED, axis=1)
            for picture in draw_pair(number)
        )
        photographs.append((f"{name}.jpg", cv2.imencode(".jpg", pixels)[1].tobytes()))
        mask_name = f"{name}_segmentation.png"
        masks += [
            (f"{MASKS[:-4]}/{mask_name}", cv2.imencode(".png", mask)[1].tobytes()),
            (f"__MACOSX/{MASKS[:-4]}/._{mask_name}", b"of no use"),
        ]
    rows[4] = rows[4].replace("HAM_3", "HAM_2")
    folder = ZipInfo(f"{MASKS[:-4]}/")
    return {
        TABLE: ("\n".join(rows) + "\n").encode(),
        MASKS: zip_of([(folder, b""), *masks]),
        PART_1: zip_of(photographs[:3]),
        PART_2: zip_of(photographs[3:]),
    }


def publish(files):
    """What would be published of these files."""
    return tuple(
        PublishedFile(name, len(content), hashlib.md5(content).hexdigest())
        for name, content in files.items()
    )


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers as Dataverse does, or with the next fault that was asked for."""

    def log_message(self, *_):
        pass

    def do_GET(self):
        lab = self.server
        path, _, query = self.path.partition("?")
        number = path.rpartition("/")[2]
        name = list(lab.files)[int(number)] if number.isdecimal() else LIST
        lab.asked.append((name, self.headers.get("Range")))
        fault = next(lab.faults.get(name, iter(())), None)
        if "python-requests" in self.headers["User-Agent"]:  # as Harvard's firewall
            fault = 403
        if fault == "elsewhere":  # as Harvard, whose files lie in another store
            self.answer(303, b"", "text/plain", {"Location": f"/store/{number}"})
        elif isinstance(fault, int):
            self.answer(fault, b"<h1>No</h1>", "text/html", {"Retry-After": "0"})
        elif fault == "web page":
            self.answer(200, b"<h1>Please sign our guestbook</h1>", "text/html")
        elif name == LIST:
            listed = fault if isinstance(fault, bytes) else lab.listed()
            self.answer(200, listed, "application/json")
        else:
            content = lab.files[name]
            if name == TABLE and "format=original" not in query:
                content = content.replace(b",", b"\t")
            self.send_file(name, content, fault)

    def send_file(self, name, content, fault):
        lab, asked, start = self.server, self.headers.get("Range"), 0
        if isinstance(fault, bytes):
            content = fault
        if asked and lab.ranges and fault != "all of it":
            start = int(asked.removeprefix("bytes=").removesuffix("-"))
        if start >= len(content):
            self.answer(416, b"", "text/plain")
            return
        rest = content[start:]
        self.send_response(206 if start else 200)
        self.send_header("Content-Type", "application/zip")
        if fault != "no length":
            self.send_header("Content-Length", str(len(rest)))
        if start:
            shown = 0 if fault == "another range" else start
            span = f"bytes {shown}-{len(content) - 1}/{len(content)}"
            self.send_header("Content-Range", span)
        self.end_headers()
        if fault in ("cut", "hang"):
            rest = rest[: min(len(rest) // 2, CUT_AFTER)]
        if fault == "no length":
            rest += b"more"
        self.wfile.write(rest)
        lab.sent[name] = lab.sent.get(name, 0) + len(rest)
        if fault == "hang":
            lab.release.wait(30)

    def answer(self, status, body, kind, headers=None):
        self.send_response(status)
        for key, value in (headers or {}).items():
            self.send_header(key, value)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Dataverse(http.server.ThreadingHTTPServer):
    """`faults` by name of a file: what its next requests meet with, None for nothing.

    A number is a status, bytes are sent in place of the content.
    """

    daemon_threads = True

    def __init__(self, files):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files, self.ranges, self.release = files, True, threading.Event()
        self.faults, self.asked, self.sent = {}, [], {}
        self.address = f"http://127.0.0.1:{self.server_port}"

    def misbehave(self, name, *faults):
        self.faults[name] = iter(faults)

    def requests_for(self, name):
        """Ranges that were asked of a file, in order."""
        return [span for asked, span in self.asked if asked == name]

    def listed(self, **changes):
        """The answer of Dataverse's API to the question for the files."""
        files = []
        for number, (name, content) in enumerate(self.files.items()):
            md5 = changes.get(name, hashlib.md5(content).hexdigest())
            entry = {"id": number, "filename": name, "md5": md5}
            if name == TABLE:  # of the file that was deposited, though a .tab is served
                entry |= {"filename": "HAM10000_metadata.tab"}
                entry |= {"originalFileFormat": "text/csv"}
            files.append({"label": name, "dataFile": entry})
        files.append(
            {"dataFile": {"id": 99, "filename": "ISIC2018_Task3_Test_Images.zip"}}
        )
        return json.dumps({"data": {"latestVersion": {"files": files}}}).encode()


@contextmanager
def running(files=None):
    """A server that answers until the block ends."""
    with Dataverse(small_ham10000() if files is None else files) as server:
        answer = partial(server.serve_forever, poll_interval=0.02)
        threading.Thread(target=answer, daemon=True).start()
        try:
            yield server
        finally:
            server.release.set()
            server.shutdown()


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
    assert size > 4 * CHUNK
    assert size <= server.sent[PART_1] <= size + cuts * CHUNK
