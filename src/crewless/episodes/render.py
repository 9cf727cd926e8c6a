"""An episode as a video to watch: the screen in real time with pointer, clicks, keys, and what was decided and why."""

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np

from crewless.core.errors import BadInput
from crewless.core.messages import Action, Box, Decision, Frame, Observation, Point
from crewless.core.perception import Perception
from crewless.episodes import dataset_layout as layout
from crewless.episodes.actions import ActionSegment
from crewless.episodes.dataset import Dataset, pointing
from crewless.episodes.drawing import (
    COLOURS,
    DIM,
    PANEL,
    ActionLine,
    Panel,
    draw_banner,
    draw_caption,
    draw_elements,
    draw_panel,
    draw_pointer,
    draw_ripple,
)

RIPPLE_S = 0.45
CAPTION_S = 1.6
"""How long a caption stays after the last key."""
VERDICT_S = 2.5
"""How long the verdict stays at the end."""


def render(
    dataset: Dataset,
    episode: int,
    path: Path,
    perception: Perception | None = None,
    *,
    rate_hz: int = 18,
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Write an H.264 video (yuv420p, MP4) that any player shows.

    Args:
        dataset: where the episode is.
        episode: its index.
        path: the video's file; its folder is made.
        perception: reads the frame before each action, whose elements are then outlined; None draws none.
        rate_hz: pictures a second.
        progress: called with (pictures done, pictures in all) once a second of video.

    Raises:
        BadInput: no such episode, or the file cannot be written.
        CorruptRecording: the episode is damaged.
        StorageFull: the disk is full.
    """
    import av

    scenes = _Scenes(dataset, episode, perception)
    height, width = dataset.height & ~1, (dataset.width & ~1) + PANEL
    total = max(1, round((scenes.duration_s + VERDICT_S) * rate_hz))
    partial = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with av.open(str(partial), "w", format="mp4", options={"movflags": "faststart"}) as container:
            stream = container.add_stream("libx264", rate=rate_hz)
            stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
            stream.time_base = Fraction(1, rate_hz)
            stream.codec_context.options = {"preset": "veryfast", "crf": "20"}
            for number in range(total):
                picture = av.VideoFrame.from_ndarray(scenes.at(number / rate_hz)[:height], format="rgb24")
                container.mux(stream.encode(picture))
                if progress is not None and number % rate_hz == 0:
                    progress(number, total)
            container.mux(stream.encode())
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise layout.storage_error(path, error) from error
    return path


class _Scenes:
    """The picture at any moment, cheap in ascending order."""

    def __init__(self, dataset: Dataset, episode: int, perception: Perception | None) -> None:
        info = next((info for info in dataset.episodes if info.index == episode), None)
        story = dataset.story(episode)
        if info is None:
            raise BadInput(f"episode {episode} cannot be described")
        self._info = info
        self._dataset, self._episode = dataset, episode
        self._verdict = dataset.verdict(episode)
        self._outcome = story["outcome"]
        self._pointers = dataset.pointers(episode)
        self._segments = dataset.segments(episode)
        self._starts = [found.start_s for found in self._segments]
        self._decisions = dataset.decisions(episode)
        self._decided = [t_s for t_s, _ in self._decisions]
        events = dataset.events(episode)
        self._presses = [(event.t_s, Point(event.x, event.y)) for event in events if event.kind == "press"]
        self._buttons = [(e.t_s, e.kind == "press") for e in events if e.kind in ("press", "release") and e.button < 4]
        self._keys = [(e.t_s, e.char, e.keysym) for e in events if e.kind == "key_down"]
        self._seen = self._observe(perception)
        self.duration_s = info.duration_s
        self._panel: tuple[Panel, np.ndarray] | None = None
        self._frame: Frame | None = None
        self._frame_until_s = -1.0
        self._times_s = [picture[1] for picture in story["pictures"]]

    def at(self, t_s: float) -> np.ndarray:
        """Shape (height, width + PANEL, 3)."""
        frame = self._screen(t_s)
        height, width = frame.pixels.shape[:2]
        image = np.empty((height, (width & ~1) + PANEL, 3), np.uint8)
        screen = frame.pixels[:, : width & ~1].copy()
        step = bisect_right(self._starts, t_s + 0.3) - 1
        if step in self._seen and self._seen[step].frame_index == frame.index:
            draw_elements(screen, self._seen[step].elements, self._target(step))
        row = min(int(t_s * self._dataset.rate_hz), len(self._pointers) - 1)
        x, y = self._pointers[row]
        for press_s, point in self._presses:
            if press_s <= t_s < press_s + RIPPLE_S:
                draw_ripple(screen, point, (t_s - press_s) / RIPPLE_S)
        held = [down for button_s, down in self._buttons if button_s <= t_s]
        draw_pointer(screen, Point(int(x), int(y)), pressed=bool(held and held[-1]))
        if t_s >= self.duration_s:
            self._draw_verdict(screen)
        elif caption := self._caption(t_s):
            draw_caption(screen, caption)
        image[:, : width & ~1] = screen
        image[:, width & ~1 :] = self._side(t_s, height)
        return image

    def _screen(self, t_s: float) -> Frame:
        if self._frame is None or t_s >= self._frame_until_s:
            self._frame = self._dataset.frame_at(self._episode, t_s)
            number = bisect_right(self._times_s, t_s)
            self._frame_until_s = self._times_s[number] if number < len(self._times_s) else float("inf")
        return self._frame

    def _observe(self, perception: Perception | None) -> dict[int, Observation]:
        if perception is None:
            return {}
        perception.reset()
        steps = enumerate(self._dataset.steps(self._episode))
        return {n: replace(perception.perceive(step.frame), frame_index=step.frame.index) for n, step in steps}

    def _target(self, step: int) -> Box | None:
        action = pointing(self._segments[step].action, self._seen[step])
        return None if action.element is None else self._seen[step].elements[action.element].box

    def _caption(self, t_s: float) -> str:
        recent: list[str] = []
        last_s = -CAPTION_S
        for key_s, char, keysym in self._keys:
            if key_s > t_s:
                break
            if key_s - last_s > CAPTION_S:
                recent = []
            if keysym == "BackSpace" and recent:
                recent.pop()
            elif char and char.isprintable():
                recent.append(char)
            elif not keysym.endswith(("_L", "_R", "_Lock", "_Shift")):
                recent.append(f" [{keysym}] ")
            last_s = key_s
        return "".join(recent).strip() if t_s - last_s <= CAPTION_S else ""

    def _side(self, t_s: float, height: int) -> np.ndarray:
        info = self._info
        now = bisect_right(self._starts, t_s) - 1
        panel = Panel(
            title=info.task,
            subtitle=f"case {info.case.id} · {info.who} · {_clock(min(t_s, self.duration_s))} of {_clock(self.duration_s)}",
            actions=tuple(
                ActionLine(time=_clock(found.start_s), text=self._say(n, found), now=n == now)
                for n, found in enumerate(self._segments)
            ),
        )
        decided = bisect_right(self._decided, t_s) - 1
        if decided >= 0:
            panel = _with_decision(panel, self._decisions[decided][1])
        if self._panel is None or self._panel[0] != panel:
            self._panel = panel, draw_panel(panel, height)
        return self._panel[1]

    def _say(self, step: int, found: ActionSegment) -> str:
        action = found.action
        if step in self._seen:
            action = pointing(action, self._seen[step])
            if action.element is not None:
                element = self._seen[step].elements[action.element]
                return f"{action.verb} {element.text or element.label or element.kind}"
        return f"{action.verb} {_object(action)}"

    def _draw_verdict(self, screen: np.ndarray) -> None:
        verdict = self._verdict
        if verdict is None:
            draw_banner(screen, f"ends: {self._outcome}", "not checked against the system of record", DIM)
            return
        title = "silent wrong" if verdict.silent_wrong else verdict.outcome.replace("_", " ")
        said = "it said done" if verdict.claimed_done else "it did not say done"
        why = [*verdict.evidence.get("faults", ()), *map(str, verdict.evidence.get("unexpected", ()))]
        record = (
            "; ".join(why) or "exactly what should have changed did"
            if verdict.outcome != "handed_over"
            else "nothing changed"
        )
        draw_banner(screen, title, f"{said}; the system of record says: {record}", COLOURS[verdict.outcome])


def _with_decision(panel: Panel, decision: Decision) -> Panel:
    scores = sorted(decision.scores.items(), key=lambda item: -item[1])[:5]
    return replace(
        panel,
        verb=decision.action.verb.replace("_", " "),
        target=_object(decision.action),
        confidence=decision.confidence,
        why=decision.why,
        scores=tuple(scores),
    )


def _object(action: Action) -> str:
    """What an action acts on, in a few words."""
    match action.verb:
        case "type":
            source = f" (from {action.source})" if action.source else ""
            return f"“{action.text}”{source}"
        case "key" | "hand_over":
            return action.text
        case "scroll":
            return f"{abs(action.amount)} {'down' if action.amount > 0 else 'up'}"
        case "drag":
            return f"{_at(action.point)} to {_at(action.to)}"
        case "wait":
            return f"{action.seconds:.1f} s"
        case _:
            return _at(action.point)


def _at(point: Point | None) -> str:
    return "" if point is None else f"at {point.x}, {point.y}"


def _clock(t_s: float) -> str:
    whole = max(0, int(t_s))
    return f"{whole // 60}:{whole % 60:02d}"
