"""The doctor finds what is missing and names the command that mends it."""

import os

import pytest

from crewless.cli import main
from crewless.cli.commands import doctor
from crewless.cli.commands.doctor import GIB, Diagnosis, DoctorConfig, examine, lacking

QUICK = DoctorConfig(quick=True)


def states() -> dict[str, Diagnosis]:
    return {check.what: check for check in examine(QUICK)}


def test_a_complete_machine_is_ok(capsys, monkeypatch):
    monkeypatch.setattr(doctor, "examine", lambda config: iter([Diagnosis(what="a thing", state="ok", found="here")]))
    assert main(["doctor"]) == 0
    assert "everything required is present" in capsys.readouterr().out


def test_something_weak_is_shown_and_is_no_failure(capsys, monkeypatch):
    weak = Diagnosis(what="cores >= 2", state="weak", found="1", remedy="be patient")
    monkeypatch.setattr(doctor, "examine", lambda config: iter([weak]))
    assert main(["doctor"]) == 0
    assert "be patient" in capsys.readouterr().out


def test_programs_that_are_missing_are_named_with_the_command(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("PATH", str(tmp_path))
    found = states()
    for program, package in doctor.PROGRAMS.items():
        assert found[program].state == "missing"
        assert found[program].remedy.endswith(f"apt-get install -y --no-install-recommends {package}")
    assert main(["doctor", "--quick"]) == 1
    assert "Xvfb, openbox, chromium" in " ".join(capsys.readouterr().out.split())


def test_only_who_is_not_root_is_told_to_use_sudo(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert states()["Xvfb"].remedy.startswith("sudo apt-get")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert states()["Xvfb"].remedy.startswith("apt-get")


@pytest.mark.parametrize(
    ("requirement", "words"),
    [
        ("rich>=1", ""),
        ("rich>=999", "rich is .*, not >=999"),
        ("rich==0.1; extra == 'train'", "rich is .*, not ==0.1"),
        ("no-such-package>=1", "no no-such-package"),
        ("pyright[nodejs]>=1.1.1 ; extra == 'dev'", ""),
    ],
)
def test_a_requirement_is_there_in_a_version_that_fits(requirement, words):
    pytest.importorskip("rich")
    import re

    assert re.fullmatch(words, lacking(requirement))


def test_a_local_build_is_the_same_release(monkeypatch):
    monkeypatch.setattr(doctor.metadata, "version", lambda name: "2.13.0+cpu")
    assert lacking("torch==2.13.0; extra == 'train'") == ""


def test_missing_training_packages_are_weak_and_missing_base_packages_are_not(monkeypatch):
    monkeypatch.setattr(
        doctor.metadata, "requires", lambda name: ["nix-1>=1", "nix-2==1; extra == 'train'", "nix-3; extra == 'dev'"]
    )
    found = states()
    assert (found["packages"].state, found["packages"].found) == ("missing", "no nix-1")
    assert (found["packages for training"].state, found["packages for training"].found) == ("weak", "no nix-2")
    assert found["packages for training"].remedy == "python -m pip install -c constraints.txt -e '.[train]'"


@pytest.mark.parametrize(("kib", "state"), [(4 * 2**20, "ok"), (2 * 2**20, "weak"), (2**20, "missing")])
def test_memory_is_what_is_available(kib, state):
    check = doctor._memory(f"MemTotal: 99999999 kB\nMemAvailable:   {kib} kB\n")
    assert (check.state, check.found) == (state, f"{kib * 1024 / GIB:.1f} GiB")


def test_the_disk_is_the_one_that_the_runs_will_be_on(tmp_path):
    check = doctor._disk(tmp_path / "not/there/yet")
    assert check.found.endswith(f"on {tmp_path}")


@pytest.mark.screen
def test_a_display_that_starts_is_found_and_ended():
    found = {check.what: check for check in examine(DoctorConfig())}
    assert found["a display starts"].state == "ok"


def test_a_display_that_says_much_before_it_starts_is_not_kept_waiting(tmp_path, monkeypatch):
    """More than a pipe holds, which nobody reads until it has started."""
    fake = tmp_path / "Xvfb"
    fake.write_text('#!/bin/sh\nhead -c 300000 /dev/zero >&2\necho 7 > /dev/fd/"$2"\nexec sleep 60\n')
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    check = doctor._display()
    assert (check.state, check.found) == ("ok", "Xvfb took :7")


def test_a_display_that_does_not_start_says_why(tmp_path, monkeypatch):
    fake = tmp_path / "Xvfb"
    fake.write_text("#!/bin/sh\necho 'cannot open libGL' >&2\nexit 1\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    check = doctor._display()
    assert (check.state, check.found) == ("missing", "cannot open libGL")
