"""Pages shown by a real browser, and one reader for all tests: loading it takes a second."""

import importlib.util
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from crewless.perception.screen import ScreenPerception, ScreenPerceptionConfig


@pytest.fixture(scope="session")
def bench() -> ModuleType:
    path = Path(__file__).parents[2] / "benchmarks" / "perception.py"
    spec = importlib.util.spec_from_file_location("perception_bench", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def _reader() -> ScreenPerception:
    return ScreenPerception(ScreenPerceptionConfig(warm_up=False))


@pytest.fixture
def perception(_reader: ScreenPerception) -> ScreenPerception:
    _reader.reset()
    return _reader


@pytest.fixture(scope="session")
def shots(bench: ModuleType) -> dict[str, tuple[np.ndarray, dict]]:
    if bench.CHROMIUM is None:
        pytest.skip("no Chromium is installed")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path=bench.CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        )
        pages = {name: (rgb, truth) for name, rgb, truth in bench.own_pages(browser)}
        browser.close()
    return pages


@pytest.fixture
def display(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An X display of its own, 1280 x 800."""
    if shutil.which("Xvfb") is None:
        pytest.skip("Xvfb is not installed")
    read, write = os.pipe()
    # -noreset: grab() comes and goes, and a server that loses its last client throws out whoever is just connecting.
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", "1280x800x24", "-ac", "-noreset"],
        pass_fds=(write,),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(write)
    with os.fdopen(read) as pipe:
        name = f":{pipe.readline().strip()}"
    monkeypatch.setenv("DISPLAY", name)
    yield name
    server.terminate()
    server.wait(10)


def grab(display: str) -> np.ndarray:
    """The display's pixels as the ring hands them out: a reversed view of BGRX memory."""
    import mss

    with mss.MSS(display=display) as source:
        image = np.frombuffer(source.grab(source.monitors[1]).bgra, np.uint8).reshape(800, 1280, 4)
    return image[:, :, 2::-1]


@pytest.fixture(scope="session")
def settle():
    """Wait until a display has shown the same for half a second; its pixels."""

    def wait(display: str, timeout_s: float = 20.0) -> np.ndarray:
        last, since, until = grab(display), time.monotonic(), time.monotonic() + timeout_s
        while time.monotonic() < until:
            time.sleep(0.1)
            now = grab(display)
            if not np.array_equal(now, last):
                last, since = now, time.monotonic()
            elif time.monotonic() - since > 0.5 and np.ptp(now) > 0:
                return now
        return last

    return wait
