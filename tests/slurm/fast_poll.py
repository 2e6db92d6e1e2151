"""Run Snakemake, asking Slurm for the states of jobs each second: for tests.

    python tests/slurm/fast_poll.py ARGUMENTS OF SNAKEMAKE

The plugin waits ten seconds longer after each look, and has no setting for it.
"""

import asyncio
import sys

from snakemake.cli import main
from snakemake_interface_executor_plugins.executors.remote import RemoteExecutor


async def sleep_a_second(_executor):
    await asyncio.sleep(1)


if __name__ == "__main__":
    RemoteExecutor.sleep = sleep_a_second
    sys.argv[0] = "snakemake"
    sys.exit(main())
