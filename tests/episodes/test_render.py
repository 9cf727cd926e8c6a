import av
import numpy as np
import pytest
from screens import HEIGHT, WIDTH, click, form, keys

from crewless.core.errors import BadInput
from crewless.core.messages import Action, Box, Case, Decision, Element, Observation, Point, Verdict
from crewless.episodes import DatasetWriter, open_dataset
from crewless.episodes.codec import to_json
from crewless.episodes.drawing import PANEL, _font, _wrapped
from crewless.episodes.render import VERDICT_S, render


class Reader:
    def perceive(self, frame) -> Observation:
        elements = (Element(text="Save", box=Box(12, 150, 91, 181), kind="button"),)
        return Observation(elements=elements, width=WIDTH, height=HEIGHT, t_s=frame.t_s, frame_index=frame.index)

    def reset(self) -> None:
        pass


@pytest.fixture
def dataset(tmp_path):
    with DatasetWriter(tmp_path / "set", HEIGHT, WIDTH) as writer:
        episode = writer.begin(Case(id="17"), "worker", "answer the ticket")
        episode.image[:] = form()
        for row in range(72):
            episode.row(changed=row == 0, t_s=row / 36, pointer=Point(250, 120))
        decision = Decision(action=Action(verb="click", point=Point(40, 165)), confidence=0.8, scores={"Save": 0.8})
        notes = [{"kind": "decision", "t_s": 0.5, "data": to_json(decision)}]
        episode.finish("done", events=click(40, 165, 1.0) + keys("ok", 1.3), story={"notes": notes})
        writer.set_verdict(0, Verdict(case="17", outcome="wrong", claimed_done=True, evidence={"status": "open"}))
    return open_dataset(tmp_path / "set")


def pictures(path) -> list[np.ndarray]:
    with av.open(str(path)) as container:
        assert container.streams.video[0].codec_context.pix_fmt == "yuv420p"
        return [frame.to_ndarray(format="rgb24").astype(int) for frame in container.decode(video=0)]


def test_it_lasts_as_long_as_the_episode_and_the_verdict_and_shows_what_happened(dataset, tmp_path):
    found = pictures(render(dataset, 0, tmp_path / "new/out.mp4", Reader()))
    assert len(found) == round((2 + VERDICT_S) * 18)
    assert found[0].shape == (HEIGHT, WIDTH + PANEL, 3)
    plain = form()[:, :, 2::-1].astype(int)
    assert abs(found[4][40:55, 20:200] - plain[40:55, 20:200]).mean() < 4, "the screen is as it was"
    assert abs(found[4][118:140, 248:264] - plain[118:140, 248:264]).max() > 100, "the pointer"
    assert abs(found[19][130:200, :100] - plain[130:200, :100]).mean() > 2, "the ripple and the outlined button"
    assert found[30][HEIGHT - 70 : HEIGHT - 30, WIDTH // 2].mean() < 120, "the caption"
    red = found[-1][HEIGHT // 2 - 54, 10]
    assert red[0] > red[1] + 60, "a verdict of wrong is red"
    assert abs(found[15][:, WIDTH:] - found[2][:, WIDTH:]).max() > 100, "the decision appears in the panel"


def test_drawing_leaves_the_recording_as_it_is(dataset, tmp_path):
    render(dataset, 0, tmp_path / "out.mp4", Reader())
    assert np.array_equal(dataset.last_frame(0).pixels, form()[:, :, 2::-1])


def test_an_episode_that_is_not_there_is_named(dataset, tmp_path):
    with pytest.raises(BadInput, match="no episode 5"):
        render(dataset, 5, tmp_path / "out.mp4")
    assert not (tmp_path / "out.mp4").exists()


def test_a_text_too_long_for_its_lines_ends_with_an_ellipsis():
    lines = _wrapped("one two three four five six seven eight nine ten", 14, 100, lines=2)
    assert len(lines) == 2
    assert lines[1].endswith("…")
    assert all(_font(14).getlength(line) <= 100 for line in lines)
    assert _wrapped("", 14, 100, lines=1) == [""]
