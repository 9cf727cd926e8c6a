"""Read, change or test a job that was learnt from recordings."""

GROUP = "screen work"
