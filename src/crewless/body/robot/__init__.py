"""A body of motors and cameras, simulated by MuJoCo. No hardware is used anywhere in this package."""
