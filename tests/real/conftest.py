"""The real HAM10000, indexed once for all tests of it."""

import pytest

from lesionlab.data.table import index_root

CLASSES = {
    "MEL": ["mel"],
    "NV": ["nv"],
    "Other_SC": ["akiec", "bcc", "bkl", "df", "vasc"],
}


def index(root):
    """Index a root that is known to hold HAM10000, or a part of it."""
    images, quarantine, found = index_root(root, classes=CLASSES, workers=2)
    assert quarantine.empty
    return images, found


@pytest.fixture(scope="session")
def indexed(ham10000):
    """The image table of the whole, and what was found."""
    return index(ham10000)
