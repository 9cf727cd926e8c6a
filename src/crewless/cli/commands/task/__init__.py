"""Kinds of work: list those that are installed, write the package of a new one."""

GROUP = "tools"
