"""Records, learns and works the jobs; see :mod:`benchmarks.jobs.bench`."""

import sys

from benchmarks.jobs.bench import main

if __name__ == "__main__":
    sys.exit(main())
