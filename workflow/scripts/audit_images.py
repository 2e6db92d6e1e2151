"""Count what is in the data, and what is odd about it."""

import logging

from lesionlab.data.audit import audit_table
from lesionlab.files import read_csv, read_json, write_json
from lesionlab.lesions.grouping import audit_matches
from lesionlab.stage import Options, Paths, provenance, run_stage
from lesionlab.words.findings import list_findings


def main(paths: Paths, *, options: Options) -> None:
    images = read_csv(paths.images)
    audit = audit_table(
        images, read_csv(paths.quarantine), classes=list(options["classes"])
    )
    if hasattr(paths, "matches"):  # with dataset.merge: verified
        audit["matches"] = audit_matches(images, read_csv(paths.matches))
    audit["found"] = read_json(paths.found)
    for sentence in list_findings(audit["found"]):
        logging.info("%s", sentence)
    write_json(paths.audit, {**audit, **provenance(options["code"], ("pandas",))})


if __name__ == "__main__":
    run_stage(main)
