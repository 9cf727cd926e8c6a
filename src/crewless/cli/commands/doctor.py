"""Check this machine: what is missing, and the command that installs or fixes it.

Exit code 0 when everything required is present, 1 when something is missing.
"""

import os
import re
import select
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Literal

GROUP = "tools"

GIB = 2**30
PROGRAMS = {"Xvfb": "xvfb", "openbox": "openbox", "chromium": "chromium", "mosquitto": "mosquitto"}
"""Programs that must be on the PATH, and the Debian packages that provide them."""
FONTS = {"DejaVu": "fonts-dejavu-core", "Liberation": "fonts-liberation"}
"""Font families that pages are drawn with, and their packages: without them, text is drawn as rows of boxes."""
EXTRAS = {
    "helpdesk": "the demo and its helpdesk", "train": "training", "planner": "planning", "robot": "robots",
    "company": "the company's sheet",
}  # fmt: skip
"""Optional groups of packages and what needs them. A deployed worker needs none of them."""

State = Literal["ok", "weak", "missing"]


@dataclass(frozen=True, kw_only=True)
class DoctorConfig:
    """Options of ``crewless doctor``."""

    runs: Path = Path("runs")
    """Where run folders will be written; the free space of its disk is checked."""
    quick: bool = False
    """Skip the test that starts a display."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Diagnosis:
    """One line of the doctor's table."""

    what: str
    state: State
    """``weak``: crewless runs, but slower or without one of its features."""
    found: str
    remedy: str = ""
    """The command that fixes it."""


def run(config: DoctorConfig) -> int:
    """Print the table."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    checks = list(examine(config))
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("", "what", "found", "to fix it"):
        table.add_column(column, overflow="fold")
    marks = {"ok": Text("ok", "green"), "weak": Text("weak", "yellow"), "missing": Text("MISSING", "bold red")}
    for check in checks:
        table.add_row(marks[check.state], check.what, check.found, Text(check.remedy))
    console = Console()
    console.print(table)
    missing = [check.what for check in checks if check.state == "missing"]
    verdict = f"{len(missing)} missing: {', '.join(missing)}" if missing else "everything required is present"
    console.print(f"\n{verdict}", highlight=False)
    return 1 if missing else 0


def examine(config: DoctorConfig) -> Iterator[Diagnosis]:
    """Every check, in the order of the table."""
    yield _python()
    yield from _packages()
    yield from _programs()
    if shutil.which("Xvfb") and not config.quick:
        yield _display()
    yield from _fonts()
    yield _shared_memory(Path("/dev/shm"))
    yield _disk(config.runs)
    yield _cores()
    yield _memory(Path("/proc/meminfo").read_text())


def _python() -> Diagnosis:
    found = ".".join(map(str, sys.version_info[:3]))
    fits = sys.version_info >= (3, 11)
    return Diagnosis(
        what="Python >= 3.11",
        state="ok" if fits else "missing",
        found=found,
        remedy="" if fits else "install a newer Python",
    )


def _packages() -> Iterator[Diagnosis]:
    groups: dict[str, list[str]] = {"": [], **{extra: [] for extra in EXTRAS}}
    for requirement in metadata.requires("crewless") or []:
        extra = re.search(r"extra == ['\"](\w+)['\"]", requirement)
        group = extra.group(1) if extra else ""
        if group in groups and (lack := lacking(requirement)):
            groups[group].append(lack)
    for group, lacks in groups.items():
        what = f"packages for {EXTRAS[group]}" if group else "packages"
        extras = f"[{group}]" if group else ""
        state: State = "ok" if not lacks else "weak" if group else "missing"
        remedy = f"python -m pip install -c constraints.txt -e '.{extras}'" if lacks else ""
        yield Diagnosis(what=what, state=state, found=", ".join(lacks) or "all present", remedy=remedy)


def lacking(requirement: str) -> str:
    """What is wrong with a required package, such as "no mujoco"; empty when a fitting version is installed."""
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        wanted = Requirement(requirement)
    except InvalidRequirement:
        return ""
    try:
        version = metadata.version(wanted.name)
    except metadata.PackageNotFoundError:
        return f"no {wanted.name}"
    # A local build such as 2.13.0+cpu is the same release.
    fits = wanted.specifier.contains(version, prereleases=True)
    return "" if fits else f"{wanted.name} is {version}, not {wanted.specifier}"


def _programs() -> Iterator[Diagnosis]:
    for program, package in PROGRAMS.items():
        path = shutil.which(program)
        if path:
            yield Diagnosis(what=program, state="ok", found=path)
        else:
            yield Diagnosis(what=program, state="missing", found="not on the PATH", remedy=_apt(package))


def _apt(package: str) -> str:
    sudo = "" if os.geteuid() == 0 else "sudo "
    return f"{sudo}apt-get install -y --no-install-recommends {package}"


def _display() -> Diagnosis:
    """Start an X server on a free display number and see whether it gets as far as naming it."""
    reader, writer = os.pipe()
    command = ["Xvfb", "-displayfd", str(writer), "-screen", "0", "64x64x24", "-nolisten", "tcp"]
    # To a file: a pipe that nobody reads would fill, and the server would wait for it.
    with tempfile.TemporaryFile() as errors:
        server = subprocess.Popen(command, pass_fds=[writer], stdout=subprocess.DEVNULL, stderr=errors)
        os.close(writer)
        try:
            ready, _, _ = select.select([reader], [], [], 10.0)
            number = os.read(reader, 16).decode().strip() if ready else ""
        finally:
            os.close(reader)
            server.terminate()
            server.wait()
        errors.seek(0)
        words = errors.read()
    if number:
        return Diagnosis(what="a display starts", state="ok", found=f"Xvfb took :{number}")
    said = words.decode(errors="replace").strip().splitlines()
    return Diagnosis(
        what="a display starts",
        state="missing",
        found=said[-1] if said else "no display within 10 s",
        remedy="Xvfb :99 -screen 0 64x64x24 (shows why not)",
    )


def _fonts() -> Iterator[Diagnosis]:
    lister = shutil.which("fc-list")
    if lister is None:
        yield Diagnosis(what="fonts", state="missing", found="no fc-list", remedy=_apt("fontconfig"))
        return
    families = subprocess.run([lister, ":", "family"], capture_output=True, text=True, check=False).stdout
    for family, package in FONTS.items():
        there = family in families
        yield Diagnosis(
            what=f"font {family}",
            state="ok" if there else "missing",
            found="installed" if there else "not installed",
            remedy="" if there else _apt(package),
        )


def _shared_memory(path: Path) -> Diagnosis:
    what = "shared memory >= 0.5 GiB"
    if not os.access(path, os.W_OK):
        return Diagnosis(
            what=what, state="weak", found=f"no {path} to write to: frames go through files", remedy=f"mount {path}"
        )
    usage = shutil.disk_usage(path)
    weak = usage.total < GIB / 2
    remedy = f"mount -o remount,size=1G {path} (in a container: --shm-size=1g)" if weak else ""
    return Diagnosis(what=what, state="weak" if weak else "ok", found=f"{usage.free / GIB:.1f} GiB free", remedy=remedy)


def _disk(path: Path) -> Diagnosis:
    nearest = path.absolute()
    while not nearest.exists():
        nearest = nearest.parent
    free = shutil.disk_usage(nearest).free
    writable = os.access(nearest, os.W_OK)
    state: State = "missing" if free < GIB or not writable else "weak" if free < 5 * GIB else "ok"
    found = f"{free / GIB:.1f} GiB free on {nearest}" + ("" if writable else ", which cannot be written to")
    remedy = "" if state == "ok" else "free some space, or choose another folder with --runs"
    return Diagnosis(what="disk >= 5 GiB", state=state, found=found, remedy=remedy)


def _cores() -> Diagnosis:
    cores = len(os.sched_getaffinity(0))
    state: State = "ok" if cores >= 2 else "weak"
    remedy = "" if cores >= 2 else "half the speed: program and worker share one core"
    return Diagnosis(what="cores >= 2", state=state, found=str(cores), remedy=remedy)


def _memory(meminfo: str) -> Diagnosis:
    """Reads the text of ``/proc/meminfo``; a worker with its browser takes up to 1.5 GB."""
    match = re.search(r"MemAvailable:\s+(\d+) kB", meminfo)
    available = int(match.group(1)) * 1024 if match else 0
    state: State = "ok" if available >= 3 * GIB else "weak" if available >= 1.5 * GIB else "missing"
    remedy = "" if state == "ok" else "close other programs"
    return Diagnosis(what="free memory >= 3 GiB", state=state, found=f"{available / GIB:.1f} GiB", remedy=remedy)
