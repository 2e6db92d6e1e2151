"""Download torchvision's ImageNet weights of ResNet-50 and check them."""

import shutil
from pathlib import Path

import pooch
from requests.exceptions import RequestException

from lesionlab.errors import LabError, first_line
from lesionlab.files import atomic_path, sha256_file, write_json
from lesionlab.host.occupancy import hold_while_writing
from lesionlab.stage import Options, Paths, run_stage

URL = "https://download.pytorch.org/models/resnet50-0676ba61.pth"
SHA256 = "0676ba61b6795bbe1773cffd859882e5e297624d384b6993f7c9e683e722fb8a"


def main(paths: Paths, *, options: Options) -> None:
    url, known = options.get("url", URL), options.get("sha256", SHA256)
    cache = paths.weights.parent / "cache"
    with hold_while_writing(cache):
        fetch(paths, url=url, known=known, cache=cache)


def fetch(paths: Paths, *, url: str, known: str, cache: Path) -> None:
    """Download the weights, and write down what they are."""
    try:
        cached = pooch.retrieve(url, f"sha256:{known}", path=cache)
    except (RequestException, ValueError, OSError) as why:
        raise LabError(
            f"{url}: no ImageNet weights ({first_line(why)}); download them elsewhere "
            "and name the file in classification.weights"
        ) from why
    with atomic_path(paths.weights) as draft:
        shutil.copyfile(cached, draft)
    facts = {"architecture": "resnet50", "variant": "v1.5", "source": url}
    write_json(paths.facts, {**facts, "sha256": sha256_file(paths.weights)})
    shutil.rmtree(cache)


if __name__ == "__main__":
    run_stage(main)
