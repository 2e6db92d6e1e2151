"""Download HAM10000 from Harvard Dataverse or a mirror, verify it, and unpack it."""

import logging
import os
import shutil
from pathlib import Path

import pandas as pd

from lesionlab.dataverse.fetching import fetch_files
from lesionlab.dataverse.published import DOI, FILES, LICENCE, SERVER
from lesionlab.dataverse.unpacking import unpack_archive
from lesionlab.files import sha256_file, write_csv
from lesionlab.host.occupancy import hold_while_writing
from lesionlab.stage import Options, Paths, run_stage


def lay_out(file: Path, root: Path) -> list[tuple[str, str]]:
    """Unpack an archive into a folder of its name, or copy a table; give SHA-256s."""
    if file.suffix != ".zip":
        shutil.copyfile(file, root / file.name)
        return [(file.name, sha256_file(file))]
    written = unpack_archive(file, root / file.stem)
    return [(f"{file.stem}/{name}", digest) for name, digest in written]


def main(paths: Paths, *, options: Options) -> None:
    server = os.environ.get("HAM10000_SERVER") or SERVER
    logging.info("HAM10000, doi:%s, is licensed %s: cite it", DOI, LICENCE)
    with hold_while_writing(paths.cache):
        files = fetch_files(FILES, paths.cache, server=server)
        paths.root.mkdir(parents=True, exist_ok=True)
        rows = [row for file in files for row in lay_out(file, paths.root)]
    write_csv(paths.manifest, pd.DataFrame(sorted(rows), columns=["file", "sha256"]))
    logging.info("%d files in %s", len(rows), paths.root)


if __name__ == "__main__":
    run_stage(main)
