"""A disk that is full, as far as one process can see."""

import contextlib
import resource


@contextlib.contextmanager
def little_room(size=4096):
    """Let no file grow beyond so many bytes, the log of the tests included.

    So it stands around a few lines, and is no fixture.
    """
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
