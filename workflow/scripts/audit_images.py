"""Count what is in the data, and what is odd about it."""

from lesionlab.data.audit import audit_table
from lesionlab.files import read_csv, write_json
from lesionlab.stage import Options, Paths, provenance, run_stage


def main(paths: Paths, *, options: Options) -> None:
    audit = audit_table(
        read_csv(paths.images),
        read_csv(paths.quarantine),
        classes=list(options["classes"]),
    )
    write_json(paths.audit, {**audit, **provenance(options["code"], ("pandas",))})


if __name__ == "__main__":
    run_stage(main)
