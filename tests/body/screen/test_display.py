import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

import crewless.body.screen.display as module
from crewless.body.screen import Display
from crewless.body.screen.display import connect, hang_up
from crewless.core.errors import BadInput, BodyFailure, DisplayDied, MissingTool

pytestmark = pytest.mark.screen


def test_two_displays_live_side_by_side_with_the_sizes_asked_for() -> None:
    with Display(640, 480) as one, Display(800, 600) as two:
        assert one.name != two.name
        for display in (one, two):
            connection = connect(display.name)
            screen = connection.screen()
            assert (screen.width_in_pixels, screen.height_in_pixels, screen.root_depth) == (
                display.width,
                display.height,
                24,
            )
            connection.close()


def test_start_and_close_may_be_called_twice() -> None:
    display = Display(320, 240)
    assert not display.alive()
    display.start()
    name = display.name
    assert display.start().name == name
    assert display.alive()
    display.close()
    display.close()
    assert not display.alive()
    with pytest.raises(DisplayDied):
        connect(name)


def test_a_killed_server_is_noticed() -> None:
    with Display(320, 240) as display:
        assert display._server is not None
        os.kill(display._server.pid, signal.SIGKILL)
        display._server._process.wait()
        with pytest.raises(DisplayDied, match=display.name):
            display.check()


def test_a_missing_server_names_the_command_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(program: str) -> str:
        raise MissingTool(f"{program} is not installed", alternatives=["apt-get"])

    monkeypatch.setattr(module, "require", missing)
    with pytest.raises(MissingTool, match="Xvfb is not installed"):
        Display().start()


@pytest.mark.parametrize("size", [(0, 800), (1280, -1), (100_000, 800)])
def test_an_impossible_size_is_refused(size: tuple[int, int]) -> None:
    with pytest.raises(BadInput, match=f"{size[0]}x{size[1]}"):
        Display(*size)


def test_no_display_answers_at_a_free_number() -> None:
    with pytest.raises(DisplayDied, match=":59999"):
        connect(":59999")


def test_who_has_not_the_cookie_is_refused_and_who_has_it_is_let_in(tmp_path: Path):
    with Display(320, 240) as display:
        env = display.environment()
        probe = [
            sys.executable,
            "-c",
            "import sys; from Xlib.display import Display; print(Display(sys.argv[1]).screen().width_in_pixels)",
        ]
        own = subprocess.run([*probe, display.name], env=env, capture_output=True, text=True, check=False)
        assert "320" in own.stdout, own.stderr
        foreign = {**env, "XAUTHORITY": str(tmp_path / "none"), "HOME": str(tmp_path)}
        other = subprocess.run([*probe, display.name], env=foreign, capture_output=True, text=True, check=False)
        assert other.returncode != 0
        assert "320" not in other.stdout
        cookie = Path(env["XAUTHORITY"])
        assert cookie.stat().st_mode & 0o077 == 0
        assert cookie.parent.stat().st_mode & 0o077 == 0
    assert not cookie.exists()


def test_two_displays_have_two_cookies():
    with Display(320, 240) as one, Display(320, 240) as two:
        cookies = [Path(display.environment()["XAUTHORITY"]).read_bytes() for display in (one, two)]
        assert cookies[0] != cookies[1]
        for display in (one, two):
            connection = connect(display.name)
            assert connection.screen().width_in_pixels == 320
            hang_up(connection)


def test_a_folder_of_keys_that_others_can_enter_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    (tmp_path / f"crewless-x-{os.getuid()}").mkdir(mode=0o777)
    (tmp_path / f"crewless-x-{os.getuid()}").chmod(0o755)
    with pytest.raises(BodyFailure, match="others can get at it"):
        Display(320, 240).start()
