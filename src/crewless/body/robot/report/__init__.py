"""A design on paper: its figures, its bill of parts, its plots, a page and a PDF."""
