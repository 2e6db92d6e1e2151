"""Audit the split: sizes, leakage, and how many masks are in-sample."""

import logging

from lesionlab.data.leakage import count_sets, in_sample_share, leakage_by_class
from lesionlab.files import read_csv, read_json, write_json
from lesionlab.stage import Options, Paths, provenance, run_stage


def main(paths: Paths, *, options: Options) -> None:
    split = read_csv(paths.split)
    images = read_json(paths.audit)
    known, without = images["lesion_ids_known"], images["without_lesion_id"]["n"]
    leakage = leakage_by_class(split)
    shares = [by["all"] for tasks in leakage.values() for by in tasks.values()]
    if not known:
        logging.warning(
            "no lesion_id for %d of %d photographs: leakage cannot be excluded",
            *(without, images["n"]),
        )
    audit = {
        "n": int(split["image_id"].nunique()),
        "protocol": options["protocol"],
        "sources": options["sources"],
        "leaks": options["protocol"] == "image" or any(share for share in shares),
        "lesion_ids_known": known,
        "without_lesion_id": without,
        "n_images": images["n"],
        "counts": count_sets(split),
        "leakage": leakage,
        "in_sample_share": in_sample_share(split),
        **provenance(options["code"], ("pandas",)),
    }
    write_json(paths.split_audit, audit)


if __name__ == "__main__":
    run_stage(main)
