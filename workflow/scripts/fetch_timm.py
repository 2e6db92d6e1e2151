"""Download timm's pretrained weights of a network from the Hugging Face Hub."""

import timm

from lesionlab.errors import LabError
from lesionlab.files import write_json
from lesionlab.stage import Options, Paths, run_stage
from lesionlab.weights.hub import fetch_from_hub


def main(paths: Paths, *, options: Options) -> None:
    network = options["network"]
    config = timm.get_pretrained_cfg(network) if timm.is_model(network) else None
    place = getattr(config, "hf_hub_id", None)
    if not place:
        raise LabError(
            f"classification.model: timm publishes no weights of {network}; name "
            "another, or a file in classification.weights, or none"
        )
    facts = fetch_from_hub(place, paths.weights, of=network)
    write_json(paths.facts, {"architecture": network, **facts})


if __name__ == "__main__":
    run_stage(main)
