"""The page in a process of its own, and a client without a browser."""

import contextlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import httpx

START = "from lesionlab.page.command import main; raise SystemExit(main())"


class Served:
    """A running page: where it is, and whose process."""

    def __init__(self, url, process, folder):
        self.url, self.process, self.folder = url, process, folder

    def memory(self):
        """Resident memory in MB."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024

    def left_files(self):
        """Files that the page has on the disk."""
        return [path for path in self.folder.rglob("*") if path.is_file()]


@contextlib.contextmanager
def serve(model, folder):
    """Start ``lesionlab app``, and hold it to stopping in peace with nothing left."""
    folder.mkdir()
    command = [sys.executable, "-c", START, "app", "--model", model, "--port", "0"]
    scripts = Path(__file__).parents[3] / "workflow" / "scripts"
    environment = {**os.environ, "TMPDIR": str(folder), "PYTHONPATH": str(scripts)}
    environment["OMP_NUM_THREADS"] = "1"
    with subprocess.Popen(
        [*command, "--threads", "1"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment,
    ) as process:
        try:
            line = process.stdout.readline()
            assert "Research only, not a medical device" in line, line
            url = re.search(r"http://127\.0\.0\.1:\d+", line)[0]
            httpx.get(url, timeout=60)  # it listens before it answers
            yield Served(url, process, folder)
            process.terminate()
            rest, _ = process.communicate(timeout=60)
            assert process.returncode == 0, rest
            assert rest == ""
            assert [*folder.rglob("*")] == []
        finally:
            process.kill()


class Client:
    """Drops photographs as the page does, without a browser."""

    def __init__(self, url):
        self.http = httpx.Client(base_url=url, timeout=60)
        events = self.http.get("/config").json()["dependencies"]
        self.judge = next(
            one["id"]
            for one in events
            if one["targets"] and one["targets"][0][1] == "submit"
        )
        self.redraw = next(
            one["id"] for one in events if one["trigger_after"] == self.judge
        )

    def drop(self, photographs, session):
        """Drop a dict of name and bytes; the cards that come back, as HTML."""
        files = []
        for name, content in photographs.items():
            query = {"visit": session}
            answer = self.http.post("/photographs", content=content, params=query)
            answer.raise_for_status()
            files.append({"name": name, "token": answer.text})
        return self.submit({"files": files}, session)

    def submit(self, event, session):
        """Hand over an event as it is; the cards that come back, as HTML."""
        self.fire(self.judge, event, session)
        return self.fire(self.redraw, None, session)[1]

    def fire(self, number, event, session):
        """Let an event of the page happen; what comes back at its end."""
        body = {
            "data": ["en", 95, False],
            "event_data": event,
            "fn_index": number,
            "session_hash": session,
        }
        self.http.post("/gradio_api/queue/join", json=body).raise_for_status()
        query = {"session_hash": session}
        with self.http.stream("GET", "/gradio_api/queue/data", params=query) as lines:
            for line in lines.iter_lines():
                message = json.loads(line[6:]) if line.startswith("data: ") else {}
                if message.get("msg") == "process_completed":
                    assert message["success"], message
                    return message["output"]["data"]
        raise AssertionError("no answer came")
