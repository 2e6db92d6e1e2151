"""A real Slurm on this machine, with pretended nodes and GPUs, thrown away afterwards.

No systemd, no cgroups and no database; nothing outside its folder is written, and it
listens on the loopback alone.
"""

import getpass
import os
import random
import shutil
import signal
import socket
import stat
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "scontrol")
TEMPLATE = Path(__file__).with_name("slurm.conf")
CPUS, MEMORY_MB, GPUS = 8, 64000, 2  # of each node, more than the machine has
SOCKET_PATH_LIMIT = 104  # bytes, of the operating system

# Slurm's own sacct answers nothing without a database. The plugin asks it all the same
# while the controller is away, and would lose its jobs.
SACCT = """#!/bin/sh
while [ $# -gt 0 ]; do [ "$1" = --name ] && name=$2; shift; done
[ -n "$name" ] || { echo "Slurm accounting storage is disabled" >&2; exit 1; }
exec squeue --noheader --states=all --format='%i|%T' --name "$name"
"""
# The plugin drops SLURM_CONF before it calls srun.
SRUN = """#!/bin/sh
SLURM_CONF="${{SLURM_CONF:-{conf}}}" exec {srun} "$@"
"""
# Runs before each task, in its environment.
NOTE_TASK = """#!/bin/sh
echo "$SLURM_JOB_ID ${{CUDA_VISIBLE_DEVICES:-none}}" >> {tasks}
"""


@dataclass(frozen=True)
class Node:
    """A pretended machine; `gpu` is the model of its GPUs."""

    name: str
    partition: str
    gpu: str | None = None


NODES = (Node("cpu1", "cpu"), Node("gpu1", "gpu", "h200"), Node("gpu2", "gpu", "a100"))


def missing_programs():
    """Programs that the cluster needs and this machine lacks."""
    return [name for name in PROGRAMS if not shutil.which(name)]


def free_ports():
    """Find ports, no two alike, below those that outgoing connections take."""
    for port in random.sample(range(20000, 32000), 12000):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        yield port


class Cluster:
    """Slurm in a folder; a context manager."""

    def __init__(self, base):
        self.base = Path(base).resolve()
        self.conf = self.base / "etc" / "slurm.conf"
        self.tasks = self.base / "log" / "tasks.txt"
        self.daemons = {}
        self.left_over = []
        self.ports = free_ports()

    def __enter__(self):
        self.configure()
        try:
            self.start_munge()
            self.start_controller()
            for node in NODES:
                self.start_node(node.name)
            self.wait_for(self.has_all_nodes, seconds=60)
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *error):
        self.stop()

    # -- configuration

    def configure(self):
        for folder in ("etc", "bin", "log", "run", "state", "dev"):
            (self.base / folder).mkdir(parents=True)
        for node in NODES:
            (self.base / "spool" / node.name).mkdir(parents=True)
        self.socket = self.base / "run" / "munge.sock"
        assert len(str(self.socket)) < SOCKET_PATH_LIMIT, "too long a path"
        self.write_program("sacct", SACCT)
        self.write_program("srun", SRUN, conf=self.conf, srun=shutil.which("srun"))
        self.write_program("note_task", NOTE_TASK, tasks=self.tasks)
        self.tasks.touch()
        key = self.base / "etc" / "munge.key"
        key.touch(0o600)
        key.write_bytes(os.urandom(128))
        host = socket.gethostname().split(".")[0]
        lines = [self.node_line(node, host) for node in NODES]
        for partition in dict.fromkeys(node.partition for node in NODES):
            names = ",".join(n.name for n in NODES if n.partition == partition)
            lines.append(f"PartitionName={partition} Nodes={names} State=UP")
        settings = TEMPLATE.read_text().format(
            host=host,
            port=next(self.ports),
            listen=loopback_alone(host),
            socket=self.socket,
            user=getpass.getuser(),
            base=self.base,
        )
        self.conf.write_text("\n".join([settings, *lines, ""]))
        gres = [self.gres_line(node) for node in NODES if node.gpu]
        text = "\n".join(["AutoDetect=off", *gres, ""])
        self.conf.with_name("gres.conf").write_text(text)

    def write_program(self, name, text, **values):
        path = self.base / "bin" / name
        path.write_text(text.format(**values) if values else text)
        path.chmod(0o755)

    def node_line(self, node, host):
        gres = f"Gres=gpu:{node.gpu}:{GPUS}" if node.gpu else ""
        return (
            f"NodeName={node.name} NodeHostname={host} NodeAddr=127.0.0.1 "
            f"Port={next(self.ports)} CPUs={CPUS} RealMemory={MEMORY_MB} {gres}"
        )

    def gres_line(self, node):
        files = ",".join(self.make_device(f"{node.name}-{i}") for i in range(GPUS))
        return f"NodeName={node.name} Name=gpu Type={node.gpu} File={files}"

    def make_device(self, name):
        """Make a twin of /dev/null: slurmd wants a device for each GPU."""
        path = self.base / "dev" / name
        try:
            os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(1, 3))
        except PermissionError:  # not root: any two devices
            return "/dev/null" if name.endswith("0") else "/dev/zero"
        return str(path)

    # -- daemons

    def start_munge(self):
        etc, run = self.base / "etc", self.base / "run"
        # --force: it wants the path of its socket open to all, pytest's folders are not
        self.start(
            "munged",
            *("munged", "--foreground", "--force", f"--socket={self.socket}"),
            *(f"--key-file={etc}/munge.key", f"--pid-file={run}/munged.pid"),
            *(f"--seed-file={run}/munged.seed", f"--log-file={run}/munged.log"),
        )
        self.wait_for(self.socket.exists)

    def start_controller(self):
        self.start("slurmctld", "slurmctld", "-D", "-f", self.conf)

    def start_node(self, name):
        self.start(name, "slurmd", "-D", "-N", name, "-f", self.conf)

    def start(self, name, *command):
        """Start a daemon in the foreground, in a session of its own."""
        with (self.base / "log" / f"{name}.out").open("ab") as output:
            self.daemons[name] = subprocess.Popen(
                [str(word) for word in command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=self.environment(),
                start_new_session=True,
            )

    def end(self, name, sign=signal.SIGTERM):
        """End a daemon, kindly at first."""
        daemon = self.daemons.pop(name)
        daemon.send_signal(sign)
        try:
            daemon.wait(10)
        except subprocess.TimeoutExpired:
            daemon.kill()
            daemon.wait()

    def crash_node(self, name):
        """Kill the daemon, its jobs and their keepers at once, as a power cut does."""
        doomed = {psutil.Process(pid) for pid in self.processes(SLURMD_NODENAME=name)}
        parents = {process.parent() for process in doomed} - {None}
        doomed |= {process for process in parents if process.name() == "slurmstepd"}
        self.end(name, signal.SIGKILL)
        for process in doomed:
            with suppress(psutil.NoSuchProcess):
                process.kill()

    def has_all_nodes(self):
        states = self.call("sinfo", "-h", "-N", "-o", "%T", check=False).split()
        return states.count("idle") == len(NODES)

    def wait_for(self, happened, seconds=30):
        deadline = time.monotonic() + seconds
        while not happened():
            ended = [name for name, d in self.daemons.items() if d.poll() is not None]
            assert not ended, f"{ended} ended; see {self.base}/log"
            assert time.monotonic() < deadline, f"see {self.base}/log"
            time.sleep(0.05)

    def stop(self):
        """Cancel what runs, end the daemons; kill and note what is left over."""
        if {"slurmctld", "munged"} <= self.daemons.keys():
            with suppress(subprocess.TimeoutExpired):
                self.cancel_all()
        for name in reversed(list(self.daemons)):
            self.end(name)
        self.left_over = self.processes()
        for pid in self.left_over:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    # -- what clients do

    def environment(self):
        """What sbatch and Snakemake need to find it, and nothing of an outer Slurm."""
        outer = ("SLURM_", "SBATCH_", "SRUN_")
        mine = {k: v for k, v in os.environ.items() if not k.startswith(outer)}
        path = f"{self.base}/bin:{mine['PATH']}"
        return {**mine, "SLURM_CONF": str(self.conf), "PATH": path}

    def call(self, *command, check=True):
        done = subprocess.run(
            command,
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=30,
            check=check,
        )
        return done.stdout

    def cancel_all(self):
        self.call("scancel", "--user", getpass.getuser(), check=False)

    def jobs(self):
        """Jobs of this cluster, also those that ended: one dict of fields each."""
        printed = self.call("scontrol", "--oneliner", "--details", "show", "job")
        return [
            dict(word.split("=", 1) for word in line.split() if "=" in word)
            for line in printed.splitlines()
            if line.startswith("JobId=")  # else it says that there is none
        ]

    def devices(self):
        """Job id and CUDA_VISIBLE_DEVICES, or `none`, of every task so far."""
        return [line.split() for line in self.tasks.read_text().splitlines()]

    def processes(self, **variables):
        """Process ids of this cluster, of those whose environment has these values."""
        wanted = {"SLURM_CONF": str(self.conf), **variables}
        marks = {f"{name}={value}".encode() for name, value in wanted.items()}
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                environment = set((entry / "environ").read_bytes().split(b"\0"))
            except OSError:  # it ended, or is another user's
                continue
            if marks <= environment and int(entry.name) != os.getpid():
                found.append(int(entry.name))
        return found


def loopback_alone(host):
    """Settings that keep Slurm off the network, where the host's name allows it."""
    try:
        loopback = socket.gethostbyname(host).startswith("127.")
    except OSError:
        loopback = False
    return "NoInAddrAny,NoCtldInAddrAny" if loopback else ""
