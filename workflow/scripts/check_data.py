"""Say in a page what was found, before anything is trained."""

import logging

from lesionlab.data.audit import audit_table
from lesionlab.files import atomic_path, read_csv, read_json
from lesionlab.stage import Options, Paths, run_stage
from lesionlab.words.check import describe_root


def main(paths: Paths, *, options: Options) -> None:
    classes = options["classes"]
    audit = audit_table(
        read_csv(paths.index), read_csv(paths.quarantine), classes=list(classes)
    )
    page = describe_root(
        audit, read_json(paths.found), root=str(paths.root), classes=classes
    )
    with atomic_path(paths.page) as draft:
        draft.write_text(page, encoding="utf-8")
    print(f"\n{page}\nThis page: {paths.page}", flush=True)
    logging.info("%s", page)


if __name__ == "__main__":
    run_stage(main)
