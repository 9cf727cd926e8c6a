"""List the installed tasks, or write the package of a new one."""

GROUP = "tools"
