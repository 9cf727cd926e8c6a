import os
import signal

import pytest

import crewless.body.screen.display as module
from crewless.body.screen import Display
from crewless.body.screen.display import connect
from crewless.core.errors import BadInput, DisplayDied, MissingTool

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
