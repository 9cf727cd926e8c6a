"""The command line as a user meets it: quick help, one line for an error, an exit code that says what kind."""

import errno
import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from crewless import __version__
from crewless.cli import call, main
from crewless.cli.command_tree import command_tree, runnable
from crewless.cli.commands import doctor
from crewless.core.errors import ActionUncertain, BadInput, RecordUnreachable

SRC = Path(__file__).parents[2] / "src"
HEAVY = {"numpy", "torch", "cv2", "av", "openvino", "numba", "django", "tyro", "rich", "sqlalchemy", "pyarrow"}
HEAVY |= {"scipy", "starlette", "uvicorn", "websockets"}


def crewless(*arguments, **options) -> subprocess.CompletedProcess[str]:
    script = "import sys; from crewless.cli import main; sys.exit(main())"
    environment = {**os.environ, "PYTHONPATH": str(SRC), "COLUMNS": "100", "NO_COLOR": "1"}
    command = [sys.executable, "-c", script, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60, check=False, **options)


def test_the_help_lists_every_command_and_imports_nothing_heavy():
    script = (
        "import sys, crewless; from crewless.cli import main; main(['--help']); print(*sys.modules, file=sys.stderr)"
    )
    environment = {**os.environ, "PYTHONPATH": str(SRC)}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=environment, check=True)
    assert not HEAVY & {name.partition(".")[0] for name in done.stderr.split()}
    for name, command in command_tree().items():
        assert f"  {name} " in done.stdout
        assert command.summary
        assert command.summary in done.stdout
        assert f"\n{command.group}:\n" in done.stdout
    assert not [name for name in done.stderr.split() if name.startswith("crewless.cli.commands.")]


def test_no_arguments_show_the_help_and_are_bad_input(capsys):
    assert main([]) == 2
    assert "usage: crewless COMMAND" in capsys.readouterr().out


def test_the_version_is_the_package_s(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.strip() == __version__


@pytest.mark.parametrize("command", [command.name for command in runnable()])
def test_every_command_explains_its_options(command):
    done = crewless(*command.split(), "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert f"usage: crewless {command}" in done.stdout


@pytest.mark.parametrize("command", [command for command in command_tree().values() if command.subcommands])
def test_a_command_with_subcommands_lists_them(command):
    done = crewless(command.name, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert f"usage: crewless {command.name} SUBCOMMAND" in done.stdout
    for name, one in command.subcommands.items():
        assert f"  {name} " in done.stdout
        assert one.summary in done.stdout


def test_the_package_can_be_run_as_the_command():
    command = [sys.executable, "-m", "crewless", "doctro"]
    environment = {**os.environ, "PYTHONPATH": str(SRC)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("crewless: there is no command 'doctro'")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["doctro"], "there is no command 'doctro' (try: doctor; crewless --help)"),
        (["fly"], "there is no command 'fly' (try: "),
        (["plan"], "crewless plan: a subcommand is missing (try: design; expand; "),
        (["plan", "dsign"], "crewless plan: there is no subcommand 'dsign' (try: design; expand; "),
        (["company", "--runs"], "crewless company: there is no subcommand '--runs' (try: compare; example; "),
        (["open"], "no program was named"),
        (["open", "xterm", "--screenshot", "a.jpg"], "--screenshot writes a .png file, not 'a.jpg' (try: a.png)"),
        (["open", "xterm", "--screenshot", "/no/such/a.png"], "there is no folder /no/such"),
        (["open", "xterm", "--width", "1"], "--width 1 is not a valid screen size"),
        (["work"], "give a worker: either --checkpoint or --oracle (try: --checkpoint runs/worker; --oracle)"),
        (["work", "--oracle"], "no task was given (try: --task carry; "),
        (["work", "--oracle", "--task", "helpdsk"], "there is no task 'helpdsk' (try: helpdesk; crewless task list)"),
        (["demo", "--task", "fly"], "there is no task 'fly' (try: carry; connector; "),
        (["record", "--operator", "--task", "fly"], "there is no task 'fly' (try: "),
        (["task", "new", "Orders"], "'Orders' is not a valid task name (try: lower case letters"),
        (["task", "new", "helpdesk"], "a task named 'helpdesk' is installed already"),
        (
            ["work", "--checkpoint", "a", "--max-silent-wrong", "0"],
            "0.0 is not a valid share of cases that may be wrong",
        ),
        (["demo", "--max-silent-wrong", "1"], "1.0 is not a valid share of cases that may be wrong"),
        (["demo", "--max-silent-wrong", "nan"], "nan is not a valid share of cases that may be wrong"),
        (["replay", "/no/such"], "there is no dataset in /no/such"),
        (["replay", "/no/such", "--out", "a.gif"], "the video is an .mp4, not 'a.gif' (try: a.mp4)"),
        (["replay", "/no/such", "--rate-hz", "0"], "--rate-hz is 0 (try: 1 to 120)"),
    ],
)
def test_bad_input_is_one_line_with_the_value_and_the_alternatives_and_exit_code_2(arguments, words):
    done = crewless(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith("crewless")


@pytest.mark.parametrize("stdin", ["closed", "empty"])
def test_verify_without_a_command_needs_somebody_who_says_when_the_work_is_done(tmp_path, stdin):
    (tmp_path / "record.toml").write_text(
        '[[change]]\ntable = "orders"\nwhere = { id = "1" }\nset = { state = "done" }\n'
    )
    with closing(sqlite3.connect(tmp_path / "shop.sqlite3")) as connection:
        connection.executescript("CREATE TABLE orders (id INTEGER PRIMARY KEY, state TEXT)")
    # Python has no standard input at all where a shell closed it, and one that is at its end where it is /dev/null.
    options = {"preexec_fn": lambda: os.close(0)} if stdin == "closed" else {"stdin": subprocess.DEVNULL}
    done = crewless(
        "verify", "--database", "sqlite:///shop.sqlite3", "--record", "record.toml", cwd=tmp_path, **options
    )
    assert done.returncode == 2
    assert "cannot ask when the work is done: standard input is closed (try: the command" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("options", [["--nonsense"], ["--runs"], ["--quick", "surplus"]])
def test_an_option_that_is_not_there_is_bad_input(options):
    done = crewless("doctor", *options)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


@pytest.fixture
def failing(monkeypatch):
    """Makes ``crewless doctor`` raise what the test gives."""

    def fail_with(error):
        def run(config):
            raise error

        monkeypatch.setattr(doctor, "run", run)

    return fail_with


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (BadInput("no column\n'text'", alternatives=["text", "category"]), 2, "no column 'text' (try: text; category)"),
        (RecordUnreachable("the database is gone"), 2, "the database is gone"),
        (ActionUncertain("died after Save"), 1, "died after Save"),
        (ModuleNotFoundError("no", name="torch.nn"), 2, "this command needs the package torch.nn"),
        (OSError(errno.ENOSPC, "No space left on device", "video.mp4"), 1, "the disk is full: video.mp4"),
        (KeyboardInterrupt(), 130, "stopped by Ctrl-C"),
    ],
)
def test_what_goes_wrong_becomes_one_line_and_its_exit_code(failing, capsys, error, code, line):
    failing(error)
    assert main(["doctor"]) == code
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(f"crewless doctor: {line}")
    assert len(said.err.splitlines()) == 1


def test_debug_shows_where_it_happened(failing, capsys):
    failing(BadInput("no queue"))
    assert main(["doctor", "--debug"]) == 2
    said = capsys.readouterr().err
    assert "Traceback" in said
    assert said.splitlines()[-1] == "crewless doctor: no queue"


@pytest.mark.parametrize(
    "error", [ValueError("a bug"), OSError(errno.EIO, "broken"), ModuleNotFoundError("x", name="crewless.x")]
)
def test_a_bug_is_not_hidden(failing, error):
    failing(error)
    with pytest.raises(type(error)):
        main(["doctor"])


def test_a_reader_that_goes_away_is_no_error():
    """As in ``crewless doctor | head -1``, here with a pipe that nobody reads any more."""
    reader, writer = os.pipe()
    os.close(reader)
    script = "import sys; from crewless.cli import main; sys.exit(main(['doctor', '--quick']))"
    environment = {**os.environ, "PYTHONPATH": str(SRC)}
    done = subprocess.run(
        [sys.executable, "-c", script], stdout=writer, stderr=subprocess.PIPE, text=True, env=environment, check=False
    )
    os.close(writer)
    assert done.stderr == ""


def test_sigterm_ends_a_command_through_its_clean_up(tmp_path):
    script = f"""
import sys, time
from pathlib import Path
from crewless.cli import main
from crewless.cli.commands import doctor
def run(config):
    try:
        Path({str(tmp_path / "started")!r}).touch()
        time.sleep(60)
    finally:
        Path({str(tmp_path / "cleaned")!r}).touch()
doctor.run = run
sys.exit(main(["doctor"]))
"""
    environment = {**os.environ, "PYTHONPATH": str(SRC)}
    with subprocess.Popen([sys.executable, "-c", script], env=environment) as process:
        while not (tmp_path / "started").exists():
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 143
    assert (tmp_path / "cleaned").exists()


def test_the_handler_is_only_set_in_the_main_thread():
    assert callable(call.call)
