import copy
import sys
from pathlib import Path

import pytest
from components import Blocks, SaveThenDone

from crewless.core.errors import BadInput
from crewless.core.messages import Box
from crewless.episodes import open_dataset
from crewless.episodes.process_replay import diff, main, read_reference, run, write_reference

HERE = Path(__file__).parent
REFERENCE = HERE / "blocks.jsonl"
COMMAND = ["--dataset", str(HERE / "recording"), "--perception", "components:Blocks", "--policy", "components:SaveThenDone"]  # fmt: skip


@pytest.fixture
def lines():
    return run(open_dataset(HERE / "recording"), 0, Blocks(), SaveThenDone())


def test_the_components_agree_with_the_committed_reference(lines):
    assert diff(read_reference(REFERENCE), lines) == []


def test_the_reference_says_what_is_on_the_recorded_screen():
    reference = read_reference(REFERENCE)
    assert [line.get("action", {}).get("verb") for line in reference] == ["click", "type", "click", None]
    assert [line["t_s"] for line in reference] == [0.2, 0.7, 1.2, 2.0]
    button, field = reference[0]["observation"]["elements"]
    assert (Box(*button["box"]), Box(*field["box"])) == (Box(8, 40, 40, 52), Box(8, 10, 80, 22))
    assert [line["decision"]["action"]["verb"] for line in reference] == ["click", "click", "click", "done"]
    assert reference[2]["decision"]["why"] == "after 2 actions"


def test_a_difference_is_named_with_its_place(lines):
    changed = copy.deepcopy(lines)
    changed[1]["observation"]["elements"][0]["text"] = "Send"
    changed[2]["decision"]["confidence"] = 0.5
    assert diff(lines, changed) == [
        'step 1.observation.elements[0].text: was "Save", is "Send"',
        "step 2.decision.confidence: was 0.9, is 0.5",
    ]
    assert diff(lines, lines[:-1]) == ["3 steps, the reference has 4"]


def test_the_last_bits_of_a_number_are_no_difference(lines):
    changed = copy.deepcopy(lines)
    changed[0]["decision"]["confidence"] += 1e-6
    assert diff(lines, changed) == []


def test_the_command_compares_and_regenerates_with_a_reason(tmp_path, capsys):
    assert main([*COMMAND, "--reference", str(REFERENCE)]) == 0
    assert "4 steps agree" in capsys.readouterr().out
    fresh = tmp_path / "fresh.jsonl"
    assert main([*COMMAND, "--reference", str(fresh)]) == 2
    assert "no reference in" in capsys.readouterr().err
    assert main([*COMMAND, "--reference", str(fresh), "--regenerate", "a first reference"]) == 0
    assert fresh.read_text().splitlines()[0] == '{"reason":"a first reference"}'
    assert fresh.read_text().splitlines()[1:] == REFERENCE.read_text().splitlines()[1:]
    assert main([*COMMAND, "--reference", str(fresh), "--regenerate", " "]) == 2
    capsys.readouterr()


def test_a_difference_fails_the_command(tmp_path, capsys, lines):
    lines[0]["decision"]["why"] = "for another reason"
    write_reference(tmp_path / "old.jsonl", lines, "to differ")
    assert main([*COMMAND, "--reference", str(tmp_path / "old.jsonl")]) == 1
    assert 'step 0.decision.why: was "for another reason"' in capsys.readouterr().out


def test_a_component_that_is_not_there_is_named(capsys):
    wrong = ["--dataset", str(HERE / "recording"), "--reference", str(REFERENCE), "--perception", "components:Nothing"]
    assert main(wrong) == 2
    assert "no component 'components:Nothing'" in capsys.readouterr().err
    with pytest.raises(BadInput, match="no episode 9"):
        run(open_dataset(HERE / "recording"), 9, Blocks())


def test_the_recording_is_what_its_script_makes(monkeypatch, tmp_path):
    make_recording = pytest.importorskip("make_recording")
    monkeypatch.setattr(make_recording, "FOLDER", tmp_path / "again")
    make_recording.main()
    again, committed = open_dataset(tmp_path / "again"), open_dataset(HERE / "recording")
    assert [frame.pixels.tobytes() for frame in again.frames(0)] == [f.pixels.tobytes() for f in committed.frames(0)]
    assert again.segments(0) == committed.segments(0)
    assert "make_recording" in sys.modules
