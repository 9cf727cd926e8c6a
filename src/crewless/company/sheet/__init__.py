"""The company as a sheet of cells: each step computed by a person, an AI or a robot."""
