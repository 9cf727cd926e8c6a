"""Reading crops, and what shape and spacing set right afterwards."""

from pathlib import Path

import numpy as np
import pytest

from crewless.core.errors import MissingTool
from crewless.core.messages import Box
from crewless.perception.letters import spaced, told_by_shape
from crewless.perception.recognise import RecognisedText, Recogniser, RecogniserConfig, crop_key


def places(text: str) -> list[float]:
    return [10.0 * at for at in range(len(text))]


def test_missing_space_is_put_where_the_gap_is() -> None:
    assert spaced("NewTicket", places("NewTicket"), [25.0]) == "New Ticket"


def test_space_that_was_read_is_not_doubled() -> None:
    assert spaced("New Ticket", places("New Ticket"), [25.0]) == "New Ticket"
    assert spaced("New Ticket", places("New Ticket"), [35.0]) == "New Ticket"


def test_bare_bar_is_an_i_and_a_flagged_stroke_stays_a_one() -> None:
    word = Box(10, 0, 60, 12)
    assert told_by_shape("1 ordered", [Box(0, 0, 2, 12), word], baseline=12, ascent=12) == "I ordered"
    assert told_by_shape("1 card", [Box(0, 0, 6, 12), word], baseline=12, ascent=12) == "1 card"


def test_stroke_below_the_baseline_is_a_slash() -> None:
    assert told_by_shape("1 Inbox", [Box(0, 0, 5, 14), Box(10, 0, 60, 12)], baseline=12, ascent=12) == "/ Inbox"


def test_word_that_cannot_begin_with_l_begins_with_i() -> None:
    assert told_by_shape("ls", [Box(0, 0, 12, 12)], baseline=12, ascent=12) == "Is"
    assert told_by_shape("like", [Box(0, 0, 30, 12)], baseline=12, ascent=12) == "like"


def test_key_of_a_crop_depends_on_shape_and_pixels() -> None:
    crop = np.ones((4, 6), np.float32)
    other = crop.copy()
    other[1, 1] = 0.0
    assert crop_key(crop) == crop_key(crop.copy())
    assert len({crop_key(crop), crop_key(other), crop_key(crop.reshape(6, 4))}) == 3


def test_missing_model_names_the_package(tmp_path: Path) -> None:
    with pytest.raises(MissingTool, match="pip install rapidocr"):
        Recogniser(RecogniserConfig(model=tmp_path / "none.onnx"))


def test_blank_crop_reads_as_nothing_with_no_confidence(tmp_path: Path) -> None:
    recogniser = Recogniser(RecogniserConfig(cache_dir=tmp_path))
    assert recogniser.read([np.ones((20, 40), np.float32)])[0] == RecognisedText(text="", confidence=0.0, positions=())
    assert recogniser.read([]) == []
    assert any(tmp_path.iterdir())
