"""The runner of the benchmarks goes on when one of them fails, and says so at the end."""

import sys
import types

import pytest

from benchmarks import judgement, run


@pytest.fixture
def three(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Three benchmarks, and what has run."""
    ran: list[str] = []

    def good() -> None:
        ran.append("good")

    def bad() -> None:
        ran.append("bad")
        raise ValueError("no data")

    def bare() -> None:
        ran.append("bare")
        sys.exit(2)

    for name, main in (("bad", bad), ("bare", bare), ("good", good)):
        module = types.ModuleType(f"benchmarks.{name}")
        module.__dict__["main"] = main
        monkeypatch.setitem(sys.modules, f"benchmarks.{name}", module)
    monkeypatch.setattr(run, "names", lambda: ["bad", "bare", "gone", "good"])
    monkeypatch.setattr(sys, "argv", ["run"])
    return ran


def test_one_that_fails_does_not_keep_the_others_from_running(three, capsys):
    assert run.main([]) == 1
    assert three == ["bad", "bare", "good"]
    said = capsys.readouterr().err
    assert "no data" in said
    assert said.splitlines()[-1] == "failed: bad, bare, gone"
    assert run.main(["good"]) == 0


def test_one_that_is_not_there_is_named_with_those_that_are(three, capsys):
    assert run.main(["goood"]) == 2
    assert "there is no benchmark goood (try: bad; bare; gone; good)" in capsys.readouterr().err


def test_without_its_data_a_benchmark_says_what_is_missing(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["judgement"])
    monkeypatch.setattr(judgement, "DATA", tmp_path)
    judgement.main()
    assert f"left out, {tmp_path} holds no train.csv" in capsys.readouterr().out
