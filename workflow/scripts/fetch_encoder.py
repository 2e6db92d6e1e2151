"""Download segmentation_models.pytorch's ImageNet weights of an encoder."""

from segmentation_models_pytorch.encoders import encoders

from lesionlab.errors import LabError
from lesionlab.files import write_json
from lesionlab.stage import Options, Paths, run_stage
from lesionlab.weights.hub import fetch_from_hub, read_from_hub


def main(paths: Paths, *, options: Options) -> None:
    name = options["encoder"]
    published = encoders.get(name, {}).get("pretrained_settings", {})
    if "imagenet" not in published:
        raise LabError(
            f"segmentation.encoder: the package has no ImageNet weights of {name}; "
            "name another, or a file in segmentation.encoder_weights, or none"
        )
    place, revision = (published["imagenet"][key] for key in ("repo_id", "revision"))
    facts = fetch_from_hub(place, paths.weights, of=name, revision=revision)
    folder = paths.weights.parent
    scale = read_from_hub(place, "config.json", folder, revision=revision)
    write_json(
        paths.facts,
        {"architecture": name, **facts, "mean": scale["mean"], "std": scale["std"]},
    )


if __name__ == "__main__":
    run_stage(main)
