"""The commands: a module is a command, a package is a command with subcommands. See :mod:`crewless.cli.command_tree`."""
