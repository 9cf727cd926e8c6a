"""Where a program's widgets are and what they hold, for the operator only: asked of the browser, or written down by the program."""

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from crewless.core.errors import BodyFailure
from crewless.core.messages import Box
from crewless.tasks.helpdesk.devtools import DevTools

Look = Mapping[str, Any]
"""``page``: which one shows; ``items``: by name the widgets, each with ``box`` (x0, y0, x1, y1 in screen pixels, or None where it
takes no room), ``value`` (text, or whether it is checked), and ``order`` in the order of Tab; ``view``: the box in which widgets can be seen;
``scrolled`` and ``end``: how far the page is scrolled and can be, pixels."""

_PAGE = """(() => {
  if (document.readyState !== 'complete' || !document.body) return null;
  const left = screenX, top = screenY + outerHeight - innerHeight, items = {};
  const stops = [...document.querySelectorAll('input:not([type=hidden]),select,textarea,button,a[href]')];
  for (const e of document.querySelectorAll('[data-op]')) {
    const r = e.getBoundingClientRect(), seen = r.width && r.height;
    const chosen = e.type === 'checkbox' || e.type === 'radio';
    items[e.dataset.op] = { box: seen ? [r.left + left, r.top + top, r.right + left, r.bottom + top] : null,
      kind: e.tagName === 'INPUT' ? e.type : e.tagName.toLowerCase(),
      value: chosen ? e.checked : e.tagName === 'SELECT' ? e.value : 'value' in e && e.tagName !== 'BUTTON' ? e.value : e.textContent.trim(),
      options: e.tagName === 'SELECT' ? [...e.options].map(o => o.value) : [],
      state: e.dataset.state || '', order: stops.indexOf(e), focused: document.activeElement === e };
  }
  return { page: document.body.dataset.page || '', items, view: [left, top, left + innerWidth, top + innerHeight],
    scrolled: scrollY, end: document.documentElement.scrollHeight - innerHeight };
})()"""


class Eye(Protocol):
    """Looks behind the screen."""

    def look(self) -> Look | None:
        """What is there now; None while it is being exchanged."""
        ...

    def close(self) -> None:
        """Let go."""
        ...


class PageEye:
    """Looks at the browser's page."""

    def __init__(self, profile: Path) -> None:
        self._tools = DevTools(profile)

    def look(self) -> Look | None:
        """See :class:`Eye`."""
        return self._tools.evaluate(_PAGE)

    def close(self) -> None:
        """See :class:`Eye`."""
        self._tools.close()


class FileEye:
    """Reads what programs write down about themselves, several times a second, each into a file of its own."""

    def __init__(self, *files: Path, patience_s: float = 10.0) -> None:
        self._files, self._patience_s = files, patience_s

    def look(self) -> Look | None:
        """The widgets of all programs together; the page is the last one's. A state older than what was just done is not used."""
        asked_s, ends_s = time.time(), time.monotonic() + self._patience_s
        looks: list[Look] = []
        for file in self._files:
            while True:
                try:
                    found = json.loads(file.read_text())
                except (OSError, ValueError):
                    found = {"at_s": 0.0}
                if found["at_s"] >= asked_s:
                    looks.append(found)
                    break
                if time.monotonic() > ends_s:
                    raise BodyFailure(f"the program of {file} does not say where its widgets are")
                time.sleep(0.02)
        together: dict[str, Any] = {name: item for look in looks for name, item in look["items"].items()}
        return {**looks[-1], "items": together}

    def close(self) -> None:
        """There is nothing to let go."""


def dialog(display_name: str) -> Box | None:
    """The window that opened last, in screen pixels, where there is more than one. Raises DisplayDied."""
    from Xlib import error

    from crewless.body.screen.apps import client_windows
    from crewless.body.screen.display import connect, hang_up

    windows = sorted(client_windows(display_name))
    if len(windows) < 2:
        return None
    connection = connect(display_name)
    try:
        window = connection.create_resource_object("window", windows[-1])
        size, at = window.get_geometry(), window.translate_coords(connection.screen().root, 0, 0)
        return Box(-at.x, -at.y, size.width - at.x, size.height - at.y)
    except (error.BadWindow, error.BadDrawable):
        return None
    finally:
        hang_up(connection)
