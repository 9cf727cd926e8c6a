"""A suite of jobs: small real programs of our own, each with an operator, a judge and 300 seeded cases.

A job is learnt from recordings of its operator, who works by script or in the manner of a person, and then worked by the sealed
worker on cases that nobody was shown. What counts is read from the program's own SQLite file. See ``python -m benchmarks.jobs``.
"""
