"""Every code block of README and the docs runs, or names a command that does what it shows."""

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from crewless.cli.command_tree import command_tree

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *ROOT.glob("docs/**/*.md")])
PAGES = [page for page in PAGES if not {"_build", "_generated"} & set(page.parts)]
BLOCK = re.compile(r"(?:^<!-- runs-in: ([^:\n]+): ([^\n]+?) -->\n)?^```(\w*|\{[\w-]+\}[^\n]*)\n(.*?)^```$", re.M | re.S)
RUNNABLE = {"python", "bash"}
NOT_CODE = {"text"}


@dataclass(frozen=True)
class Block:
    language: str
    code: str
    command: str
    """What runs it instead, empty when this test does."""


def blocks(page: Path) -> list[Block]:
    return [
        Block(language=language, code=code, command=command or "")
        for command, _, language, code in BLOCK.findall(page.read_text())
    ]


def page_id(page: Path) -> str:
    return str(page.relative_to(ROOT))


def exists(command: str) -> bool:
    """Whether ``make TARGET``, ``crewless COMMAND [SUBCOMMAND]`` or ``python -m benchmarks.run NAME`` is there."""
    words = command.split()
    if words[0] == "make":
        return re.search(rf"^{re.escape(words[1])}:", (ROOT / "Makefile").read_text(), re.M) is not None
    if words[0] == "crewless":
        tree, found = command_tree(), words[1:]
        while tree and found and found[0] in tree:
            tree = tree[found.pop(0)].subcommands
        return not found and not tree
    if words[:3] == ["python", "-m", "benchmarks.run"]:
        return (ROOT / "benchmarks" / f"{words[3]}.py").exists()
    return False


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_every_block_is_run_or_names_an_existing_command(page):
    for block in blocks(page):
        known = block.language in RUNNABLE | NOT_CODE or block.language.startswith("{")
        assert known, f"a block in {block.language or 'no language'!r} runs nowhere:\n{block.code}"
        if block.command:
            assert exists(block.command), f"{block.command!r} does not exist"


def test_fences_are_all_seen():
    """A block that the expression above misses would run nowhere."""
    for page in PAGES:
        assert len(re.findall(r"^```", page.read_text(), re.M)) == 2 * len(blocks(page)), page


def runnable(page: Path) -> list[Block]:
    return [block for block in blocks(page) if block.language in RUNNABLE and not block.command]


@pytest.mark.screen
@pytest.mark.browser
@pytest.mark.parametrize("page", [page for page in PAGES if runnable(page)], ids=page_id)
def test_the_blocks_of_a_page_run_one_after_the_other(page, tmp_path):
    # The commands of this tree, not of whatever is installed.
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "crewless").write_text(
        f"#!{sys.executable}\nimport sys\nfrom crewless.cli import main\n"
        'if __name__ == "__main__":\n    sys.exit(main(sys.argv[1:]))\n'
    )
    (programs / "crewless").chmod(0o755)
    here, installed = tmp_path / "here", tmp_path / "installed"
    here.mkdir()
    environment = {
        **os.environ,
        # What a page installs goes into a folder of its own: nothing is fetched, and the environment of the tests stays as it is.
        "PIP_TARGET": str(installed),
        "PIP_NO_DEPS": "1",
        "PIP_NO_BUILD_ISOLATION": "0",
        "PIP_QUIET": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PATH": f"{programs}:{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONPATH": f"{here}:{installed}:{ROOT / 'src'}",
        "PYTHONWARNINGS": "error",
    }
    for block in runnable(page):
        program = [sys.executable, "-c"] if block.language == "python" else ["bash", "-euo", "pipefail", "-c"]
        done = subprocess.run(
            [*program, block.code],
            cwd=here,
            # What pip warns of is not ours.
            env={**environment, "PYTHONWARNINGS": ""} if block.code.startswith("python -m pip ") else environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, f"{block.code}\n--- printed\n{done.stdout}{done.stderr}"
