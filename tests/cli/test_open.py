"""``crewless open`` on a real display."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import cv2
import pytest

SCRIPT = [sys.executable, "-u", "-c", "import sys; from crewless.cli import main; sys.exit(main())", "open"]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "src")}

pytestmark = pytest.mark.screen


def test_a_picture_of_a_program_has_the_size_that_was_asked_for(tmp_path):
    picture = tmp_path / "terminal.png"
    command = [*SCRIPT, "--width", "640", "--height", "480", "--screenshot", picture, "--", "xterm", "-bg", "red"]
    subprocess.run(command, env=ENVIRONMENT, check=True, timeout=60)
    pixels = cv2.imread(str(picture))
    assert pixels.shape == (480, 640, 3)
    red = (pixels == (0, 0, 255)).all(axis=2).mean()
    assert red > 0.3, "the terminal is red in the picture, not blue"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_a_program_stays_until_it_is_ended_from_outside_and_leaves_nothing_behind(number):
    with subprocess.Popen([*SCRIPT, "xterm"], env=ENVIRONMENT, stdout=subprocess.PIPE, text=True) as process:
        display = process.stdout.readline().rpartition(":")[2].strip()
        assert "Ctrl-C" in process.stdout.readline()
        assert Path(f"/tmp/.X11-unix/X{display}").exists()
        process.send_signal(number)
        try:
            assert process.wait(30) == (0 if number == signal.SIGINT else 143)
        finally:
            process.kill()
    assert not Path(f"/tmp/.X{display}-lock").exists()


def test_a_program_that_ends_by_itself_ends_the_command():
    command = [*SCRIPT, "--", "xterm", "-e", "sleep", "2"]
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_program_that_is_not_there_is_missing():
    done = subprocess.run([*SCRIPT, "no-such-program"], env=ENVIRONMENT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "no-such-program is not installed" in done.stderr
