"""What Harvard Dataverse publishes of HAM10000, version 4, file by file."""

from typing import NamedTuple

SERVER = "https://dataverse.harvard.edu"
DOI = "10.7910/DVN/DBW86T"
LICENCE = "CC BY-NC 4.0"


class PublishedFile(NamedTuple):
    """A file of the data set: its name here, bytes, and MD5 as published."""

    name: str
    size: int
    md5: str


# the small ones first, so that a server that refuses does so at once; the table is the
# one that was deposited, since what Dataverse makes of it has no published checksum
FILES = (
    PublishedFile("HAM10000_metadata.csv", 690_218, "8f85fb1aa29d80a2797247e434deb79d"),
    PublishedFile(
        "HAM10000_segmentations_lesion_tschandl.zip",
        10_808_743,
        "6e8d252e09cfdb0189199f15985a5b84",
    ),
    PublishedFile(
        "HAM10000_images_part_1.zip",
        1_366_522_108,
        "4639bfa73ab251610530a97c898e6e46",
    ),
    PublishedFile(
        "HAM10000_images_part_2.zip",
        1_403_566_547,
        "da43d6cc50f6613013be07e8986b384b",
    ),
)
