"""Spell one photograph's name in one way, however a table or a file writes it."""

import re
import unicodedata

PICTURES = (".jpg", ".jpeg", ".png")
# at the end of a mask's name, before its suffix
MARK = re.compile(r"[_\-. ](segmentation|mask|seg)(?=\.\w+$|$)", re.IGNORECASE)
ARCHIVES = re.compile(r"\.(zip|tar|tar\.\w+|tgz|7z|rar)$", re.IGNORECASE)
INVISIBLE = re.compile("[\u200b-\u200d\u2060\ufeff]")
ARCHIVE = re.compile(r"isic_\d+", re.IGNORECASE)
ENDINGS = re.compile(rf"({'|'.join(map(re.escape, PICTURES))})$", re.IGNORECASE)
REDUCED = re.compile(r"_downsampled$", re.IGNORECASE)  # ISIC 2019


def plain(written: str) -> str:
    """Spell equal text in one way: letters composed, nothing that does not show.

    Parameters
    ----------
    written : str
        A cell, a name of a column or of a file.

    Returns
    -------
    str
        In Unicode's form NFC; files that a Mac packed have names in NFD.
    """
    return unicodedata.normalize("NFC", INVISIBLE.sub("", written)).strip()


def clean_id(written: str) -> str:
    """Take off what does not belong to the id of a photograph.

    Parameters
    ----------
    written : str
        As it stands in a table, or the name of a file.

    Returns
    -------
    str
        Without folders, spaces, the suffix of a picture and ``_downsampled``; ids of
        the ISIC archive in capitals.
    """
    name = plain(written.replace("\\", "/").rpartition("/")[2])
    name = REDUCED.sub("", ENDINGS.sub("", name).strip())
    return name.upper() if ARCHIVE.fullmatch(name) else name


def id_key(written: str) -> str:
    """Give what two spellings of one id have in common.

    Parameters
    ----------
    written : str
        As for :func:`clean_id`.

    Returns
    -------
    str
        To be compared, never shown.
    """
    return clean_id(written).casefold()


def mask_key(file: str) -> str:
    """Give the key of the photograph to which a mask belongs.

    Parameters
    ----------
    file : str
        Name of the mask's file.

    Returns
    -------
    str
        As of :func:`id_key`.
    """
    return id_key(MARK.sub("", id_key(file)))
