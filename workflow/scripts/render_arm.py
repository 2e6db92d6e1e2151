"""Write what an arm shows of every photograph of the classifier, at its own size."""

import logging

import numpy as np

from lesionlab.classification.arms import ARMS
from lesionlab.classification.scope import list_photographs
from lesionlab.data.packing import photograph_size
from lesionlab.data.pictures import write_pictures
from lesionlab.decoding.masks import read_mask
from lesionlab.decoding.photographs import read_photograph
from lesionlab.errors import LabError
from lesionlab.files import read_csv, write_csv
from lesionlab.stage import Options, Paths, run_stage


def main(paths: Paths, *, options: Options) -> None:
    arm = ARMS[options["arm"]]
    names = list_photographs(read_csv(paths.split), options["scope"])
    table = read_csv(paths.images).set_index("image_id").loc[names]
    masks = {}
    if arm.mask == "true":
        masks = {name: paths.root / file for name, file in table["mask"].items()}
    elif arm.mask == "predicted":
        files = read_csv(paths.masks).set_index("image_id")["file"]
        masks = {name: paths.masks.parent / file for name, file in files.items()}

    def draw_picture(position: int) -> np.ndarray:
        name = names[position]
        row = table.loc[name]
        photograph = read_photograph(
            paths.root / row["image"], size=photograph_size(row)
        )
        empty = np.zeros(photograph.shape[:2], bool)
        mask = read_mask(masks[name]) if masks else empty
        picture = arm.show(photograph, mask)
        if picture.shape != photograph.shape or picture.dtype != np.uint8:
            raise LabError(
                f"arm {options['arm']}: {name} became {picture.dtype} "
                f"{picture.shape}; show uint8 {photograph.shape}"
            )
        return picture

    manifest = write_pictures(
        names,
        draw_picture,
        folder=paths.manifest.parent,
        workers=options["workers"],
    )
    write_csv(paths.manifest, manifest)
    logging.info("%d pictures of arm %s", len(names), options["arm"])


if __name__ == "__main__":
    run_stage(main)
