"""What this machine, or the container or batch job in it, offers to a workflow."""

import os
from collections.abc import Iterator
from pathlib import Path

BYTES_PER_MB = 10**6


def memory_mb(root: Path = Path("/")) -> int:
    """Memory that the processes of this workflow may fill together.

    Parameters
    ----------
    root : Path
        Where ``proc`` and ``sys`` are mounted; another one is for tests.

    Returns
    -------
    int
        In MB of 10^6 bytes, as ``mem_mb`` counts: the machine's memory, or the lowest
        limit of this process's control group and of those above it, of version 1 or 2
        (Linux, Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/memory.rst).
    """
    machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return min([machine, *_group_limits(root)]) // BYTES_PER_MB


def _group_limits(root: Path) -> Iterator[int]:
    """Limits in bytes of the control groups that this process is in."""
    try:
        groups = Path(root, "proc/self/cgroup").read_text(encoding="utf-8")
    except OSError:
        return  # no Linux
    mounted = root / "sys/fs/cgroup"
    for line in groups.splitlines():
        _, controllers, inner = line.split(":", 2)
        if not controllers:
            top, name = mounted, "memory.max"
        elif "memory" in controllers.split(","):
            top, name = mounted / "memory", "memory.limit_in_bytes"
        else:
            continue
        # a container may show a path of its host, of which it sees the top alone
        folder = top / inner.lstrip("/")
        for level in (folder, *folder.parents):
            limit = level / name
            if level.is_relative_to(top) and limit.is_file():
                text = limit.read_text(encoding="utf-8").strip()
                if text.isdecimal():  # not "max"
                    yield int(text)
