"""From recordings to a job: what was meant, how it follows from what was on the screen, and whether that explains every demonstration."""
