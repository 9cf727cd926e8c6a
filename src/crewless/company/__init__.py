"""The company as a sheet of cells: discovered, simulated, compared, and shown on a page."""
