"""A folder of photographs by ``lesionlab predict``, beside its networks alone.

    .venv/bin/python benchmarks/predict.py /data/ham10000/images [photographs] [threads]

The bundle is one of ``presets/ham10000-cpu.yaml`` with weights drawn at random, since
speed does not depend on them; it is built once, in ``results/.bench``. The networks run
on pictures that are ready in memory, in the better of two ways: side by side with one
thread each, or one after another with all threads. Both sides take turns.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow" / "scripts"))
sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np

ROOT = Path(__file__).parents[1]
HEIGHT, WIDTH, SIZE, TRAINED = 112, 144, 96, 3006  # of presets/ham10000-cpu.yaml
FLIPS = {"segmenter": False, "classifier": True}  # test_time_flips, likewise
ARMS = ("original", "segmented")
TURNS = 3
PAGE = os.sysconf("SC_PAGE_SIZE")


def export_networks(folder):
    """Write a U-Net and a ResNet-50 an arm as the workflow does; give their names."""
    from lesionlab.export.file import Wanted, write_networks
    from lesionlab.export.networks import Classifier, KerasSegmenter
    from lesionlab.segmentation.backend import start_backend
    from lesionlab.training.pictures import IMAGENET

    start_backend("torch", threads=2)
    from lesionlab.networks.resnet import build_resnet
    from lesionlab.segmentation.unet import build_unet

    def wanted(name, network, height, width):
        draw = np.random.default_rng(1)
        pixels = draw.integers(0, 256, (4, height, width, 3), np.uint8)
        return Wanted(folder / name, network.eval(), pixels, None)

    unet = build_unet(height=HEIGHT, width=WIDTH, dropout=0.0, seed=0)
    unet = KerasSegmenter(unet, flips=FLIPS["segmenter"])
    files = ["segmenters/fold0.onnx"]
    list(
        write_networks(
            [wanted(files[0], unet, HEIGHT, WIDTH)], title="unet", outputs=["lesion"]
        )
    )
    for seed, arm in enumerate(ARMS):
        network = build_resnet(3, seed=seed)
        network = Classifier(network, network.fc, IMAGENET, flips=FLIPS["classifier"])
        files.append(f"classifiers/{arm}.fold0.seed1.onnx")
        list(
            write_networks(
                [wanted(files[-1], network, SIZE, SIZE)],
                title="resnet50",
                outputs=["probabilities", "features"],
            )
        )
    return files


def build_bundle(folder):
    """Put networks of the preset's sizes into a bundle that is made up."""
    from tests.unit.made_bundle import make_bundle

    from lesionlab.bundle.manifest import write_manifest
    from lesionlab.files import sha256_file

    make_bundle(folder, arms=ARMS)
    changed = export_networks(folder)
    draw = np.random.default_rng(2)
    for name, columns in (("features", 2048), ("colours", 512)):
        path = folder / f"training/{name}.npy"
        np.save(path, draw.random((TRAINED, columns)).astype(np.float16))
        changed.append(f"training/{name}.npy")
    cases = folder / "training/cases.csv"
    rows = [f"MADE_{number:07d},NV" for number in range(TRAINED)]
    cases.write_text("\n".join(["image_id,label", *rows]) + "\n")
    facts = json.loads((folder / "model.json").read_text())
    facts["segmenters"][0] |= {"height": HEIGHT, "width": WIDTH}
    for about in facts["arms"].values():
        about["size"] = SIZE
    for name in (*changed, "training/cases.csv"):
        facts["files"][name] = sha256_file(folder / name)
    facts.pop("seal")
    write_manifest(folder, facts, facts.pop("files"))


def run_networks(bundle, photographs, threads, *, side_by_side):
    """Seconds of the networks alone, on pictures that are ready, and CPU seconds."""
    from lesionlab.application.engine import INPUT, load_networks
    from lesionlab.application.folder import GROUP

    networks = load_networks(bundle, threads=1 if side_by_side else threads)
    sessions = [(networks.segmenters["fold0"], (HEIGHT, WIDTH))]
    sessions += [(networks.classifiers[arm]["fold0"][0], (SIZE, SIZE)) for arm in ARMS]
    draw = np.random.default_rng(3)
    ready = [
        (session, draw.integers(0, 256, (GROUP, *size, 3), np.uint8))
        for session, size in sessions
    ]

    def run(_):
        for session, pixels in ready:
            session.run(None, {INPUT: pixels})

    with ThreadPoolExecutor(threads if side_by_side else 1) as pool:
        list(pool.map(run, range(threads)))
        started, before = time.perf_counter(), time.process_time()
        list(pool.map(run, range(photographs // GROUP)))
        return time.perf_counter() - started, time.process_time() - before


def run_command(folder, bundle, threads):
    """Seconds of the command, its CPU seconds, and MB while it judges."""
    started, before = time.perf_counter(), os.times()
    with tempfile.TemporaryDirectory() as place:
        code = "import sys; from lesionlab.application.command import main; main()"
        command = [sys.executable, "-c", code, "predict", folder]
        command += ["--model", bundle.folder, "--out", f"{place}/p.csv"]
        environment = {**os.environ, "PYTHONPATH": str(ROOT / "workflow" / "scripts")}
        process = subprocess.Popen(
            [*map(str, command), "--threads", str(threads)],
            env=environment, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        memory = []
        while process.poll() is None:
            pages = Path(f"/proc/{process.pid}/statm").read_text().split()
            memory.append(int(pages[1]) * PAGE / 1e6 if len(pages) > 1 else 0)
            time.sleep(0.1)
    assert process.returncode == 0
    seconds, after = time.perf_counter() - started, os.times()
    cpu = after.children_user + after.children_system
    cpu -= before.children_user + before.children_system
    quarters = np.array_split(memory, 4)
    return seconds, cpu, [float(np.max(part)) for part in quarters if len(part)]


def compare(images, photographs, threads):
    """Print photographs a second of both sides."""
    from lesionlab.bundle.manifest import load_bundle

    place = ROOT / "results/.bench/model"
    if not (place / "model.json").exists():
        build_bundle(place)
    bundle = load_bundle(place)
    files = sorted(images.iterdir())[:photographs]
    with tempfile.TemporaryDirectory() as few, tempfile.TemporaryDirectory() as many:
        for path in files:
            Path(many, path.name).symlink_to(path)
        Path(few, files[0].name).symlink_to(files[0])
        turns = []
        for _ in range(TURNS):
            alone = [
                run_networks(bundle, len(files), threads, side_by_side=way)
                for way in (True, False)
            ]
            start = run_command(few, bundle, threads)
            whole, cpu, memory = run_command(many, bundle, threads)
            cpus = alone[0][1], alone[1][1], cpu - start[1]
            turns.append((alone[0][0], alone[1][0], start[0], whole, *cpus))
            print(*(f"{value:8.1f}" for value in turns[-1]), end="   MB:")
            print(*(f"{value:8.0f}" for value in memory), flush=True)
    beside, after, start, whole, *cpus = map(median, zip(*turns, strict=True))
    best = min(beside, after)
    for name, seconds in {
        "networks alone, side by side": beside,
        "networks alone, all threads": after,
        "the command": whole,
        "the command without its start": whole - start,
    }.items():
        print(f"{name:32} {len(files) / seconds:7.1f} img/s  {best / seconds:6.1%}")
    for name, cpu in zip(("side by side", "all threads", "command"), cpus, strict=True):
        share = cpus[0] / cpu
        print(f"{name + ', CPU':32} {1000 * cpu / len(files):7.1f} ms/img {share:6.1%}")


if __name__ == "__main__":
    given = sys.argv[1:]
    compare(
        Path(given[0]),
        int(given[1]) if len(given) > 1 else 1000,
        int(given[2]) if len(given) > 2 else 2,
    )
