"""The usual instance files are read as they are meant, solved by the command, and refused by name where they are broken."""

import json
import random
import re
from pathlib import Path

import pytest

from crewless.cli import main
from crewless.core.errors import BadInput
from crewless.planner.schedule import Mode, Operation, Precedence, Problem, Resource, read_fjsp, read_rcpsp, schedule
from crewless.planner.schedule.bounds import lower_bound
from crewless.planner.schedule.read import read_instance

CASES = Path(__file__).parents[4] / "shared/cases/planner/formats"
STARS = "*" * 72
LINE = "-" * 72
MM = f"""{STARS}
file with basedata            : own_.bas
{STARS}
projects                      :  1
jobs (incl. supersource/sink ):  4
RESOURCES
  - renewable                 :  1   R
  - nonrenewable              :  1   N
  - doubly constrained        :  0   D
{STARS}
PRECEDENCE RELATIONS:
jobnr.    #modes  #successors   successors
   1        1          2           2   3
   2        2          1           4
   3        2          1           4
   4        1          0
{STARS}
REQUESTS/DURATIONS:
jobnr. mode duration  R 1  N 1
{LINE}
  1      1     0       0    0
  2      1     2       2    6
         2     7       1    1
  3      1     3       2    6
         2     4       2    3
  4      1     0       0    0
{STARS}
RESOURCEAVAILABILITIES:
  R 1  N 1
    3    9
{STARS}
"""
SM = MM.replace("  - nonrenewable              :  1", "  - nonrenewable              :  0").replace("  N 1", "")
SM = SM.replace("   2        2 ", "   2        1 ").replace("   3        2 ", "   3        1 ")
for old, new in (("2       2    6", "2       2"), ("         2     7       1    1\n", ""), ("3       2    6", "3       2"),
                 ("         2     4       2    3\n", ""), ("0    0", "0"), ("    3    9", "    3")):  # fmt: skip
    SM = SM.replace(old, new)
FJS = "2 3 1.5\n2 1 1 4 2 2 3 3 1\n1 2 1 5 2 6\n"


def write(folder, name, text):
    (folder / name).write_text(text)
    return folder / name


def test_a_project_with_one_mode_is_read(tmp_path):
    problem = read_rcpsp(write(tmp_path, "own.sm", SM))
    assert [o.modes[0].duration for o in problem.operations] == [0, 2, 3, 0]
    assert problem.operations[1].modes[0].demands == ((0, 2),)
    assert [(p.before, p.after) for p in problem.precedences] == [(0, 1), (0, 2), (1, 3), (2, 3)]
    assert problem.resources == (Resource(capacity=3),)
    # Two of three are held by each: one after the other.
    assert schedule(problem).makespan == 5


def test_a_project_with_modes_keeps_within_what_is_used_up(tmp_path):
    problem = read_rcpsp(write(tmp_path, "own.mm", MM))
    assert [len(o.modes) for o in problem.operations] == [1, 2, 2, 1]
    assert [r.used_up for r in problem.resources] == [False, True]
    # Both fast ones use up 12 of 9. 2 + 4 one after the other uses 9; the slow second, beside the third, would end at 7.
    found = schedule(problem)
    assert (found.makespan, found.lower_bound) == (6, 6)
    assert [found.assignments[k] for k in (1, 2)] == [0, 1]


def test_what_is_used_up_counts_for_work_that_takes_no_time_and_not_for_the_bound():
    once = Operation(modes=(Mode(duration=0, demands=((0, 5),)), Mode(duration=4)))
    problem = Problem(operations=(once, once), resources=(Resource(capacity=9, used_up=True),))
    assert lower_bound(problem) == 0
    assert schedule(problem).makespan == 4
    long = Operation(modes=(Mode(duration=10, demands=((0, 9),)),))
    assert lower_bound(Problem(operations=(long,), resources=problem.resources)) == 10
    none = Operation(modes=(Mode(duration=1, demands=((0, 5),)),))
    with pytest.raises(BadInput, match="no choice of modes keeps within what may be used up"):
        schedule(Problem(operations=(none, none), resources=problem.resources))
    with pytest.raises(BadInput, match="is used up and has"):
        Problem(operations=(), resources=(Resource(used_up=True, closed=((0, 1),)),))


def test_a_mode_that_needs_more_than_there_is_is_left_out(tmp_path):
    problem = read_rcpsp(write(tmp_path, "own.mm", MM.replace("2     7       1    1", "2     7       9    1")))
    assert [m.duration for m in problem.operations[1].modes] == [2]


def test_a_job_shop_is_read_from_its_pairs(tmp_path):
    problem = read_fjsp(write(tmp_path, "own.fjs", FJS))
    table = [[(m.demands[0][0], m.duration) for m in o.modes] for o in problem.operations]
    assert table == [[(0, 4)], [(1, 3), (2, 1)], [(0, 5), (1, 6)]]
    assert problem.precedences == (Precedence(before=0, after=1),)
    # 4 + 1 for the first job; the other goes to machine 2, which it has for itself.
    assert schedule(problem).makespan == 6
    assert read_fjsp(write(tmp_path, "windows.fjs", FJS.replace("\n", " \r\n"))) == problem
    assert read_fjsp(write(tmp_path, "two.fjs", FJS.replace(" 1.5", ""))) == problem


def test_the_same_job_shop_in_both_forms_is_the_same_problem(tmp_path):
    source = random.Random(3)
    sizes = [source.randint(1, 4) for _ in range(5)]
    table = [[source.choice((0, source.randint(1, 9))) for _ in range(3)] for _ in range(sum(sizes))]
    table = [row if any(row) else [1, 0, 0] for row in table]
    matrix = "\n".join(["5", "3", " ".join(map(str, sizes)), *(" ".join(map(str, row)) for row in table)])
    lines, at = ["5 3"], iter(table)
    for size in sizes:
        words = [size]
        for _ in range(size):
            pairs = [(m, d) for m, d in enumerate(next(at), 1) if d]
            words += [len(pairs), *(x for pair in pairs for x in pair)]
        lines.append("  ".join(map(str, words)))
    one, other = write(tmp_path, "m.txt", matrix), write(tmp_path, "p.fjs", "\n".join(lines))
    assert read_fjsp(one) == read_fjsp(other) == read_instance(one)


def test_a_text_file_is_told_by_its_first_line(tmp_path):
    patterson = write(tmp_path, "p.txt", "2 1\n3\n4 2 1 2\n1 1 0\n")
    assert [o.modes[0].duration for o in read_instance(patterson).operations] == [4, 1]
    assert read_instance(write(tmp_path, "p.rcp", patterson.read_text())) == read_instance(patterson)


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("a.sm", SM.replace("  2      1     2       2\n", ""), "a.sm: job 2 has 0 modes"),
        ("a.sm", SM.replace("   2        1          1           4", "   2        1          2           4"), "precedence row [2, 1, 2, 4]"),
        ("a.sm", SM.replace("1           4", "1           9", 1), "precedence 1 -> 8 names an unknown operation"),
        ("a.sm", SM[: SM.index("RESOURCEAVAIL")], "no section 'RESOURCEAVAILABILITIES'"),
        ("a.sm", SM.replace("    3\n", "    1\n"), "no mode of job 2 fits into what there is: [1]"),
        ("a.sm", SM.replace("doubly constrained        :  0", "doubly constrained        :  1"), "doubly constrained resources, which are not read"),
        ("a.sm", SM.replace("1     2 ", "1     x ", 1), "holds what is not a whole number: 'x'"),
        ("a.sm", "", "a.sm ends early"),
        ("a.mm", MM.replace("3    9", "3"), "has 1 availabilities (try: 2)"),
        ("a.fjs", FJS[:-4], "a.fjs ends early"),
        ("a.fjs", FJS + "3 3", "2 numbers more than its 2 jobs need"),
        ("a.fjs", FJS.replace("2 2 3 3 1", "2 2 3 4 1"), "job 1, operation 2 names machine 4 (try: 1 to 3)"),
        ("a.fjs", FJS.replace("2 2 3 3 1", "2 0 3 3 1"), "job 1, operation 2 names machine 0"),
        ("a.fjs", FJS.replace("2 2 3 3 1", "2 2 3 2 1"), "machine 2 is listed twice"),
        ("a.fjs", FJS.replace("2 2 3 3 1", "0"), "can be done by no machine"),
        ("a.fjs", FJS.replace("2 2 3 3 1", "2 2 0 3 1"), "or takes 0"),
        ("a.fjs", "", "a.fjs is empty"),
        ("a.fjs", "0 5\n", "begins with '0 5'"),
        ("a.rcp", "2 1 3 4 2 1 2 1 1 0 7", "1 numbers more than its 2 jobs need"),
        ("a.txt", "2 1 3 4 2", "a.txt ends early"),
    ],
)  # fmt: skip
def test_a_broken_file_is_refused_by_name_by_the_command(name, text, words, tmp_path, capsys):
    assert main(["plan", "schedule", str(write(tmp_path, name, text)), "--runs", str(tmp_path)]) == 2
    told = capsys.readouterr().err
    assert words in told
    assert len(told.splitlines()) == 1


def test_an_instance_is_no_goal_to_design_a_factory_for(tmp_path, capsys):
    assert main(["plan", "design", str(write(tmp_path, "own.sm", SM)), "--runs", str(tmp_path)]) == 2
    assert "is a scheduling instance, not a goal (try: crewless plan schedule" in capsys.readouterr().err


def test_a_file_that_is_not_there_or_not_text_is_one_line(tmp_path, capsys):
    assert main(["plan", "schedule", str(tmp_path / "no.sm")]) == 2
    assert "cannot read no.sm: No such file" in capsys.readouterr().err
    (tmp_path / "b.fjs").write_bytes(b"\xff\xfe\x00")
    assert main(["plan", "schedule", str(tmp_path / "b.fjs")]) == 2
    assert "b.fjs is not text" in capsys.readouterr().err


@pytest.mark.parametrize(("name", "text", "makespan"), [("own.sm", SM, 5), ("own.mm", MM, 6), ("own.fjs", FJS, 6)])
def test_the_command_reads_the_file_and_writes_the_schedule(name, text, makespan, tmp_path, capsys):
    assert main(["plan", "schedule", str(write(tmp_path, name, text)), "--runs", str(tmp_path / "runs")]) == 0
    assert re.search(rf"in {makespan} time units; proved", capsys.readouterr().out)
    (file,) = tmp_path.glob("runs/*/schedule.json")
    told = json.loads(file.read_text())
    assert told["makespan"] == told["lower_bound"] == makespan
    assert max(row["end"] for row in told["operations"]) == makespan


@pytest.mark.skipif(not CASES.exists(), reason="the cases are not on this machine")
def test_the_files_that_were_reported_are_read():
    # Two of three units for 3 and for 4 time units.
    assert schedule(read_rcpsp(CASES / "own.sm")).makespan == 7
    shop = read_fjsp(CASES / "mk01.fjs")
    assert (len(shop.operations), len(shop.resources)) == (55, 6)
    # Brandimarte's first: 40 is its proved optimum.
    assert lower_bound(shop) <= 40 <= schedule(shop, seed=1, iterations=50).makespan <= 42
