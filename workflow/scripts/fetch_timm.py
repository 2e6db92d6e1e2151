"""Download timm's pretrained weights of a network from the Hugging Face Hub."""

import shutil
from pathlib import Path

import timm
from huggingface_hub import get_hf_file_metadata, hf_hub_download, hf_hub_url
from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

from lesionlab.errors import LabError
from lesionlab.files import atomic_path, sha256_file, write_json
from lesionlab.host.occupancy import hold_while_writing
from lesionlab.stage import Options, Paths, run_stage

FILE = "model.safetensors"
BESIDE = "download them elsewhere and name the file in classification.weights"


def main(paths: Paths, *, options: Options) -> None:
    network = options["network"]
    config = timm.get_pretrained_cfg(network) if timm.is_model(network) else None
    place = getattr(config, "hf_hub_id", None)
    if not place:
        raise LabError(
            f"classification.model: timm publishes no weights of {network}; name "
            "another, or a file in classification.weights, or none"
        )
    cache = paths.weights.parent / f"cache-{network}"
    with hold_while_writing(cache):
        try:
            found = get_hf_file_metadata(hf_hub_url(place, FILE))
            revision = found.commit_hash
            file = Path(
                hf_hub_download(place, FILE, revision=revision, local_dir=cache)
            )
        except (HfHubHTTPError, LocalEntryNotFoundError, OSError) as why:
            reason = str(why).splitlines()[0]
            raise LabError(
                f"{place}: no weights of {network} ({reason}); {BESIDE}"
            ) from why
        known = sha256_file(file)
        if found.etag != known:
            shutil.rmtree(cache)
            raise LabError(
                f"{place}: {FILE} is not the file that its publisher names by its "
                f"SHA-256; run again, or {BESIDE}"
            )
        with atomic_path(paths.weights) as draft:
            shutil.copyfile(file, draft)
        shutil.rmtree(cache)
    source = f"https://huggingface.co/{place}/blob/{revision}/{FILE}"
    write_json(
        paths.facts, {"architecture": network, "source": source, "sha256": known}
    )


if __name__ == "__main__":
    run_stage(main)
