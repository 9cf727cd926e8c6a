import subprocess
import sys

import crewless.body.screen as package


def test_looking_at_the_package_imports_nothing_heavy() -> None:
    script = """
import sys
sys.path[:0] = sys.argv[1:]
import crewless.body.screen
print([name for name in ("mss", "Xlib", "numba", "cv2", "numpy", "torch") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", script, *sys.path], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_public_name_is_where_the_package_says() -> None:
    for name in package.__all__:
        assert getattr(package, name).__module__.startswith("crewless.body.screen.")
