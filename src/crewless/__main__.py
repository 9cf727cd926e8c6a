"""``python -m crewless`` is ``crewless``."""

import sys

from crewless.cli import main

sys.exit(main())
