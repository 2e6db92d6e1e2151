"""What other people's exceptions say, in one line."""

import pytest

from lesionlab.errors import first_line


@pytest.mark.parametrize(
    ("why", "line"),
    [
        (ValueError("no such kind"), "no such kind"),
        (RuntimeError("\n  does not fit\nat 0x7f\n"), "does not fit"),
        (AssertionError(), "AssertionError"),
        (ValueError(" \n "), "ValueError"),
        (OSError(28, "No space left on device"), "[Errno 28] No space left on device"),
        (KeyError("no encoder `x`\ntake one of: a, b"), "no encoder `x`"),
        (KeyError(), "KeyError"),
    ],
)
def test_an_exception_is_told_in_its_first_line(why, line):
    assert first_line(why) == line
