"""Crewless: watches a job being done on a screen, learns it, and does it through the same screen."""

__version__ = "0.1.0"
