# What is checked of the config before anything runs: its keys, and the files of weights
# that it names.
import yaml

from lesionlab.classification.arms import ARMS as KNOWN_ARMS
from lesionlab.classification.wanted import check_wanted
from lesionlab.config import check_arms, check_config
from lesionlab.weights.file import check_named_file, inspect_weights
from lesionlab.weights.packages import check_packaged
from lesionlab.weights.variant import weights_variant


def check():
    """Check the merged config against the schema."""
    schema = Path(CHECKOUT, "workflow", "schemas", "config.schema.yaml")
    try:
        check_config(config, yaml.safe_load(schema.read_text(encoding="utf-8")))
        check_arms(config["classification"], KNOWN_ARMS)
    except LabError as why:
        refuse(why)
    check_weights(config["classification"])
    if config["segmentation"]["model"] != "unet":
        check_encoder(config["segmentation"])


def check_encoder(wanted):
    """Check the file that an encoder begins with, if one is named."""
    weights, encoder = wanted["encoder_weights"], wanted["encoder"]
    if weights in ("none", "imagenet"):
        return
    try:
        if weights == "package":
            check_packaged(encoder, "segmentation.encoder", "tu-")
        else:
            check_encodable(weights)
            check_named_file(weights)
            inspect_weights(Path(weights), ())
    except LabError as why:
        refuse(f"config: segmentation.encoder_weights: {why}")


def check_weights(wanted):
    """Check the file of initial weights, if one is named."""
    weights, variant = wanted["weights"], wanted["weights_variant"]
    known = wanted["model"] == "resnet50"
    try:
        check_wanted(wanted)
    except LabError as why:
        refuse(f"config: {why}")
    if weights in ("none", "imagenet"):
        return
    try:
        if weights == "package":
            check_packaged(wanted["model"], "classification.model", "timm/")
            return
        check_encodable(weights)
        check_named_file(weights)
    except LabError as why:
        refuse(f"config: classification.weights: {why}")
    try:
        if known:
            weights_variant(Path(weights), variant)
    except LabError as why:
        refuse(f"config: {why}")
    try:
        inspect_weights(Path(weights), None if known else ())
    except LabError as why:
        refuse(f"config: classification.weights: {why}")
