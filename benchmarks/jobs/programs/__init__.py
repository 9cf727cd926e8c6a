"""Desktop programs, each a script of its own that knows nothing of the benchmark but where to write its state."""
