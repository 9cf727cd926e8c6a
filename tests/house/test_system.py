"""The installer of system packages installs what is missing when it may, and names the command when it may not."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "dev/system.sh"


@pytest.fixture
def bare(tmp_path):
    """A PATH with a Python on it and an apt-get that only writes down what it was asked for."""
    (tmp_path / "python3").symlink_to(sys.executable)
    apt = tmp_path / "apt-get"
    apt.write_text(f'#!/bin/bash\necho "$@" >> {tmp_path}/asked\n')
    apt.chmod(0o755)
    return tmp_path


def install(bare: Path, *before: str, script: Path | str = SCRIPT) -> subprocess.CompletedProcess[str]:
    command = [*before, "/bin/bash", str(script)]
    return subprocess.run(command, env={"PATH": str(bare)}, capture_output=True, text=True, check=False)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may install")
def test_root_installs_what_is_missing(bare):
    assert install(bare).returncode == 0
    update, packages = (bare / "asked").read_text().splitlines()
    assert update == "update -qq"
    assert packages.startswith("install -y --no-install-recommends xvfb openbox chromium")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_somebody_else_is_given_the_command(bare):
    # Everything inside one folder that somebody else may enter: pytest's own and the repository may be closed to them.
    with tempfile.TemporaryDirectory() as folder:
        open_to_all = Path(folder)
        open_to_all.chmod(0o755)
        shutil.copytree(bare, open_to_all / "bin", symlinks=True)
        (open_to_all / "bin").chmod(0o755)
        script = shutil.copy(SCRIPT, open_to_all)
        done = install(open_to_all / "bin", "/usr/bin/setpriv", "--reuid=65534", "--clear-groups", script=script)
        asked = (open_to_all / "bin/asked").exists()
    assert done.returncode == 2
    assert "sudo apt-get update && sudo apt-get install -y --no-install-recommends xvfb openbox chromium" in done.stderr
    assert not asked


def test_without_apt_the_packages_are_named(bare):
    (bare / "apt-get").unlink()
    done = install(bare)
    assert done.returncode == 2
    assert "with your system's packages: xvfb openbox chromium" in done.stderr


def test_nothing_is_asked_for_when_all_is_there(bare):
    for program in ("Xvfb", "openbox", "chromium", "xterm"):
        (bare / program).symlink_to("/bin/true")
    done = install(bare)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    assert not (bare / "asked").exists()


def test_a_python_that_is_too_old_is_named(bare):
    (bare / "python3").unlink()
    (bare / "python3").write_text(
        "#!/bin/bash\n[[ $2 == *version* ]] && exit 1\n[[ $1 == -V ]] && echo Python 3.9\nexit 0\n"
    )
    (bare / "python3").chmod(0o755)
    for program in ("Xvfb", "openbox", "chromium", "xterm"):
        (bare / program).symlink_to("/bin/true")
    done = install(bare)
    assert done.returncode == 2
    assert "needs Python 3.11 or newer; python3 is Python 3.9" in done.stderr
