import json
import os
import socket
from pathlib import Path

import pytest

from crewless.body.screen import ChromiumConfig, Display, launch, launch_chromium
from crewless.body.screen.apps import client_windows, find_chromium
from crewless.body.screen.display import connect, hang_up
from crewless.core.errors import BadInput, DisplayDied, MissingTool, ProgramCrashed

pytestmark = pytest.mark.screen


def test_a_program_that_is_not_installed_is_named(display: Display) -> None:
    with pytest.raises(MissingTool, match="no-such-program"):
        launch(display, ["no-such-program"])
    with pytest.raises(BadInput):
        launch(display, [])


def test_a_program_that_ends_before_it_has_a_window_has_crashed(display: Display) -> None:
    with pytest.raises(ProgramCrashed, match=r"sh has ended with status 7: no luck"):
        launch(display, ["sh", "-c", "echo no luck; exit 7"])


def test_nothing_is_launched_on_a_display_that_does_not_run() -> None:
    with pytest.raises(DisplayDied):
        launch(Display(), ["xterm"])


def test_a_browser_that_is_not_installed_names_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(MissingTool, match="apt-get install -y --no-install-recommends chromium"):
        find_chromium()


@pytest.mark.browser
def test_the_browser_fills_the_screen_and_has_no_door_for_tools(site) -> None:
    with Display(1024, 700) as display:
        program = launch_chromium(display, site.url)
        (window,) = client_windows(display.name)
        connection = connect(display.name)
        found = connection.create_resource_object("window", window)
        geometry = found.get_geometry()
        origin = connection.screen().root.translate_coords(found, 0, 0)
        hang_up(connection)
        assert (origin.x, origin.y) == (0, 0)
        assert (geometry.width, geometry.height) == (1024, 700)
        command = Path(f"/proc/{program.pid}/cmdline").read_bytes().decode().split("\0")
        assert not [part for part in command if "remote-debugging" in part]
        assert ("--no-sandbox" in command) == (os.geteuid() == 0)
        assert program.folder is not None
        assert not (program.folder / "DevToolsActivePort").exists()
        preferences = json.loads((program.folder / "Default" / "Preferences").read_text())
        assert preferences["credentials_enable_service"] is False
        folder = program.folder
        program.close()
        program.close()
        assert not program.alive()
        assert not folder.exists()


@pytest.mark.browser
def test_a_scripted_operator_gets_a_devtools_port_when_it_asks_for_one(site) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with Display(640, 480) as display:
        program = launch_chromium(display, site.url, ChromiumConfig(devtools_port=port))
        with socket.create_connection(("127.0.0.1", port), timeout=10):
            pass
        program.close()
