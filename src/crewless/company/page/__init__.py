"""The sheet in a browser: click a cell, and the company changes at once."""
