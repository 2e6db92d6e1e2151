"""What a user does on the page in a real browser."""

import shutil

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
BUSY = 120_000  # milliseconds; machines may be busy
PICTURES = 2 + 5  # of a card: what the arms see, and the nearest training photographs


def find_chromium():
    """Path of a Chromium, or None."""
    return next(filter(None, map(shutil.which, CHROMIUM)), None)


def wait_for_status(page, words):
    page.wait_for_function(
        "(words) => document.querySelector('#status').innerText === words",
        arg=words,
    )


def wait_until_it_judges(page):
    """Wait until the first of several is done; a busy browser misses some counts."""
    page.wait_for_function(
        "() => /^Judging ([2-9]|[1-9][0-9]) of/"
        ".test(document.querySelector('#status').innerText)"
    )


def drop(page, paths):
    """Choose files, and wait until all have their line."""
    page.set_input_files("#photographs", paths)
    page.wait_for_function(
        "(n) => document.querySelectorAll('.card').length === n", arg=len(paths)
    )


def names(page):
    return page.locator(".card h2").all_inner_texts()


def text(one):
    """What is read, with plain spaces."""
    return one.inner_text().replace("\xa0", " ")
