"""A computer screen as a body: an own X display, real programs, photons out at 36 Hz, mouse and keyboard in.

Names are imported when first asked for, so that looking at this package costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from crewless.body.screen.apps import ChromiumConfig, Program, launch, launch_chromium
    from crewless.body.screen.capture import Capture, CaptureStats
    from crewless.body.screen.display import Display
    from crewless.body.screen.input_driver import Control, InputDriver
    from crewless.body.screen.inputs import InputTap
    from crewless.body.screen.screen_body import ScreenBody, ScreenBodyConfig

__all__ = [
    "Capture",
    "CaptureStats",
    "ChromiumConfig",
    "Control",
    "Display",
    "InputDriver",
    "InputTap",
    "Program",
    "ScreenBody",
    "ScreenBodyConfig",
    "launch",
    "launch_chromium",
]

_HOME = {
    "Capture": "capture",
    "CaptureStats": "capture",
    "ChromiumConfig": "apps",
    "Control": "input_driver",
    "Display": "display",
    "InputTap": "inputs",
    "InputDriver": "input_driver",
    "Program": "apps",
    "ScreenBody": "screen_body",
    "ScreenBodyConfig": "screen_body",
    "launch": "apps",
    "launch_chromium": "apps",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
