"""Learning from recordings: what was chosen, how the program is operated, and which answer belongs to which text."""
