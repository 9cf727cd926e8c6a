"""What a worker drives. ``screen``: an X display with real programs on it."""
