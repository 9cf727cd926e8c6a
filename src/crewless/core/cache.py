"""Where what is costly to make and cheap to make again is kept between runs."""

import os
from pathlib import Path


def cache_folder() -> Path:
    """``$XDG_CACHE_HOME/crewless`` or ``~/.cache/crewless``. It may not exist yet; losing it loses nothing but time."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "crewless"


def keep_compiled_code_here() -> None:
    """Let numba keep compiled functions in the cache folder, which may be written where the package's own may not.

    Takes effect when it is called before numba is imported; processes started afterwards inherit it.
    """
    folder = cache_folder() / "numba"
    folder.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("NUMBA_CACHE_DIR", str(folder))
