"""Reading a dataset of episodes."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, get_args

import numpy as np

from crewless.core.errors import BadInput, CorruptRecording
from crewless.core.messages import (
    Action,
    Applied,
    Case,
    Decision,
    Demonstration,
    Frame,
    InputEvent,
    Observation,
    Outcome,
    Point,
    Verdict,
)
from crewless.core.perception import Perception
from crewless.episodes import dataset_layout as layout
from crewless.episodes.actions import ActionSegment
from crewless.episodes.codec import action_from, applied_from, case_from, decision_from, verdict_from
from crewless.episodes.video import VideoReader


@dataclass(frozen=True, kw_only=True, slots=True)
class EpisodeInfo:
    """What a list of episodes shows."""

    index: int
    case: Case
    who: str
    """``operator``, ``worker``, or a name."""
    outcome: str
    """What reality said where there is a verdict, else what whoever worked said of it."""
    num_frames: int
    duration_s: float
    task: str
    lost: int
    """Frames that should have been recorded and were not."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EpisodeStep:
    """One action of an episode."""

    t_s: float
    """When it began (its first pointer movement), from the start of the episode."""
    end_s: float
    action: Action
    frame: Frame
    """The last frame before it began."""
    again: Frame | None = None
    """double_click: the last frame before its second press."""


class Dataset:
    """The episodes in a folder. Reads only what it is asked for; times are seconds from an episode's start.

    Every method that takes an episode's index raises BadInput where there is none with it and CorruptRecording, which
    names the file and what is wrong with it, where it is damaged. The other episodes stay readable.
    """

    def __init__(self, path: Path) -> None:
        info = layout.read_json(path / "meta/info.json")
        if info.get("codebase_version") != layout.VERSION or layout.SCREEN not in info.get("features", {}):
            raise BadInput(
                f"{path} is not a dataset of screen episodes: version {info.get('codebase_version')!r}",
                alternatives=[f"a LeRobotDataset {layout.VERSION} with {layout.SCREEN}, as `crewless record` makes it"],
            )
        self.path = path
        self.rate_hz = int(info["fps"])
        self.height, self.width = (int(side) for side in info["features"][layout.SCREEN]["shape"][:2])
        self.damaged: dict[int, CorruptRecording] = {}
        """Episodes that :attr:`episodes` leaves out, and why."""
        self._stories: dict[int, dict[str, Any]] = {}
        self._count = 0
        while (path / layout.story_path(self._count)).exists():
            self._count += 1
        self._video: tuple[int, VideoReader] | None = None
        self._pointers: tuple[int, np.ndarray] | None = None

    @property
    def episodes(self) -> list[EpisodeInfo]:
        """Every episode whose description can be read; see :attr:`damaged` for the others."""
        found = []
        for index in range(self._count):
            try:
                story = self.story(index)
                verdict = self.verdict(index)
            except CorruptRecording as error:
                self.damaged[index] = error
                continue
            info = EpisodeInfo(
                index=index,
                case=case_from(story["case"]),
                who=story["who"],
                outcome=story["outcome"] if verdict is None else verdict.outcome,
                num_frames=story["rows"],
                duration_s=story["duration_s"],
                task=story["task"],
                lost=story.get("lost", 0),
            )
            found.append(info)
        return found

    def steps(self, episode: int) -> list[EpisodeStep]:
        """The actions, each with what was on the screen before it."""
        presses = [event.t_s for event in self.events(episode) if event.kind == "press"]
        found = []
        for one in self.segments(episode):
            frame = self.frame_at(episode, one.start_s)
            pressed = [t for t in presses if one.start_s <= t <= one.end_s]
            if pressed:
                # Whoever knows the way moves before the page is there, and looks while moving.
                later = self.frame_at(episode, pressed[0])
                if (later.pixels != frame.pixels).any(axis=2).mean() > _ANOTHER_PAGE:
                    frame = later
            again = self.frame_at(episode, pressed[-1]) if one.action.verb == "double_click" and pressed else None
            found.append(EpisodeStep(t_s=one.start_s, end_s=one.end_s, action=one.action, frame=frame, again=again))
        return found

    def segments(self, episode: int) -> list[ActionSegment]:
        """The actions without the pixels."""
        return [
            ActionSegment(action=action_from(found["action"]), start_s=found["start_s"], end_s=found["end_s"])
            for found in self.story(episode)["segments"]
        ]

    def events(self, episode: int) -> list[InputEvent]:
        """The raw input, without what was secret."""
        return [InputEvent(**event) for event in self.story(episode)["events"]]

    def decisions(self, episode: int) -> list[tuple[float, Decision]]:
        """What the policy decided, and when."""
        return [(note["t_s"], decision_from(note["data"])) for note in self.notes(episode, "decision")]

    def applied(self, episode: int) -> list[tuple[float, Applied]]:
        """What the body did, and when it said so; the times inside are monotonic seconds of the recording."""
        return [(note["t_s"], applied_from(note["data"])) for note in self.notes(episode, "applied")]

    def notes(self, episode: int, kind: str) -> list[dict[str, Any]]:
        """Everything of a kind that was noted while recording: mappings with ``t_s`` and ``data``."""
        return [note for note in self.story(episode).get("notes", []) if note["kind"] == kind]

    def verdict(self, episode: int) -> Verdict | None:
        """What reality said, or None when it has not been asked."""
        self._check(episode)
        path = self.path / layout.verdict_path(episode)
        return verdict_from(layout.read_sealed(path)) if path.exists() else None

    def last_frame(self, episode: int) -> Frame:
        """What the screen showed at the end."""
        return self._frame(episode, len(self.story(episode)["pictures"]) - 1)

    def frame_at(self, episode: int, t_s: float) -> Frame:
        """The newest frame at a time; the first one before the start."""
        times_s = [picture[1] for picture in self.story(episode)["pictures"]]
        return self._frame(episode, max(0, int(np.searchsorted(times_s, t_s, side="right")) - 1))

    def frames(self, episode: int) -> Iterator[Frame]:
        """Every frame that differs from the one before, in order."""
        for number in range(len(self.story(episode)["pictures"])):
            yield self._frame(episode, number)

    def pointers(self, episode: int) -> np.ndarray:
        """Where the pointer was. Shape (num_frames, 2), float32, pixels."""
        return self._rows(episode, layout.POINTER)

    def controls(self, episode: int) -> np.ndarray:
        """The ``action`` column. Shape (num_frames, 10), float32; see :data:`crewless.episodes.links.CONTROL_NAMES`."""
        return self._rows(episode, "action")

    def story(self, episode: int) -> dict[str, Any]:
        """Everything that Crewless wrote about an episode."""
        self._check(episode)
        if episode in self.damaged:
            raise self.damaged[episode]
        if episode not in self._stories:
            path = self.path / layout.story_path(episode)
            story = layout.read_sealed(path)
            if missing := {"case", "who", "outcome", "rows", "pictures", "segments", "files"} - story.keys():
                raise CorruptRecording(f"{path} is of another version: it lacks {', '.join(sorted(missing))}")
            self._stories[episode] = story
        return self._stories[episode]

    def _check(self, episode: int) -> None:
        if not 0 <= episode < self._count:
            having = f"0 to {self._count - 1}" if self._count else "record some first"
            raise BadInput(f"there is no episode {episode} in {self.path}", alternatives=[having])

    def _frame(self, episode: int, number: int) -> Frame:
        row, t_s = self.story(episode)["pictures"][number]
        x, y = self.pointers(episode)[row]
        pixels = self._reader(episode).picture(number)
        return Frame(pixels=pixels, t_s=t_s, index=row, pointer=Point(int(x), int(y)))

    def _reader(self, episode: int) -> VideoReader:
        if self._video is None or self._video[0] != episode:
            story = self.story(episode)
            path = self._sound(episode, layout.video_path(episode))
            self._video = episode, VideoReader(path, [picture[0] for picture in story["pictures"]], story["rows"])
        return self._video[1]

    def _rows(self, episode: int, column: str) -> np.ndarray:
        if column == layout.POINTER and self._pointers is not None and self._pointers[0] == episode:
            return self._pointers[1]
        import pyarrow as pa
        import pyarrow.parquet as pq

        path = self._sound(episode, layout.data_path(episode))
        try:
            table = pq.ParquetFile(path).read([column])
            values = np.stack(table.column(column).to_numpy())
        except (OSError, pa.ArrowException, KeyError) as error:
            raise CorruptRecording(f"{path} is damaged: {error}") from error
        if column == layout.POINTER:
            self._pointers = episode, values
        return values

    def _sound(self, episode: int, name: str) -> Path:
        """The path of a file that is as it was when it was written."""
        path = self.path / name
        try:
            sound = layout.checksum(path) == self.story(episode)["files"].get(name)
        except OSError as error:
            raise CorruptRecording(f"{path} cannot be read: {error.strerror}") from error
        if not sound:
            raise CorruptRecording(f"{path} is damaged: its checksum is not the one that it was written with")
        return path


def open_dataset(path: Path) -> Dataset:
    """Open a dataset to read. Raises BadInput where there is none; CorruptRecording when its metadata is damaged."""
    if not (path / "meta/info.json").exists():
        raise BadInput(f"there is no dataset in {path}", alternatives=["the folder that holds meta/info.json"])
    return Dataset(path)


def demonstrations(
    dataset: Dataset,
    perception: Perception,
    progress: Callable[[int, int], None] | None = None,
    damaged: Callable[[CorruptRecording], None] | None = None,
    *,
    only: Collection[int] | None = None,
) -> Iterator[Demonstration]:
    """Episodes as training sees them.

    Args:
        dataset: where they are.
        perception: reads each step's frame. It is not reset between episodes: most of a page was read in the one before.
        progress: called with (episodes done, episodes in all) after each.
        damaged: called for an episode that cannot be read, which is then left out; None lets the error through.
        only: the indices of the episodes that are wanted; None: all.
    """
    infos = [info for info in dataset.episodes if only is None or info.index in only]
    for error in dataset.damaged.values():
        _complain(error, damaged)
    for done, info in enumerate(infos, 1):
        try:
            steps = dataset.steps(info.index)
            last = dataset.last_frame(info.index)
        except CorruptRecording as error:
            _complain(error, damaged)
            continue
        pairs = []
        for step in steps:
            observation = perception.perceive(step.frame)
            action = pointing(step.action, observation)
            then = _two_clicks(action, observation, step.again, perception)
            pairs += [(observation, action)] if then is None else [(observation, replace(action, verb="click")), then]
        yield Demonstration(
            case=info.case,
            steps=tuple(pairs),
            last=perception.perceive(last),
            verdict=info.outcome if info.outcome in get_args(Outcome) else None,  # type: ignore[arg-type]
        )
        if progress is not None:
            progress(done, len(infos))


_WIDEST_LETTER = 14
"""Pixels; the words right of a radio reach at most this far for each of their letters."""


_ANOTHER_PAGE = 0.03
"""Share of pixels that a pointer's passing does not change and a new page does."""


def pointing(action: Action, observation: Observation) -> Action:
    """The action with the element that it points at: the one with the smallest box around its point, if any.

    A radio's or a checkbox's words stand to the right of it and belong to it, though its box does not hold them.
    """
    if action.point is None:
        return action
    around = [
        (element.box.width * element.box.height, index)
        for index, element in enumerate(observation.elements)
        if element.box.contains(action.point)
    ]
    if not around:
        around = [
            (action.point.x - element.box.x1, index)
            for index, element in enumerate(observation.elements)
            if element.kind in ("radio", "checkbox")
            and element.box.y0 <= action.point.y < element.box.y1
            and 0 <= action.point.x - element.box.x1 <= _WIDEST_LETTER * (len(element.text) + 2)
        ]
    return replace(action, element=min(around)[1]) if around else action


def _two_clicks(
    action: Action, observation: Observation, again: Frame | None, perception: Perception
) -> tuple[Observation, Action] | None:
    """The second of two quick clicks that were no double click: under the second there was something else than under the first,
    as when a list has closed in between. None: it was one."""
    if again is None or action.element is None:
        return None
    between = perception.perceive(again)
    second = pointing(replace(action, verb="click", element=None), between)
    first = observation.elements[action.element]
    if second.element is not None and (
        between.elements[second.element].text,
        between.elements[second.element].kind,
    ) == (first.text, first.kind):
        return None
    return (between, second) if second.element is not None or first.kind == "option" else None


def _complain(error: CorruptRecording, damaged: Callable[[CorruptRecording], None] | None) -> None:
    if damaged is None:
        raise error
    damaged(error)
