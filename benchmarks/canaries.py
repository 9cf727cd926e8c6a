"""Do secrets reach the disk? Twelve kinds of page and prompt, three typing speeds, light and dark, and every file searched.

A person's hand is played on a real display: a note, a secret that was drawn for this run, a note. The recorder is the one of
``crewless record``. Then every file that was left is opened: text and bytes, JSON by its typed keys, parquet and npz by their
columns, gzip unpacked, and of the video every different picture is read. A leak is any part of the secret of four characters or more
(three among the keys). What it costs in the other direction is counted too: how much of the notes was kept.

    python -m benchmarks.canaries [--kinds bare zugangscode ...] [--speeds fast] [--themes dark] [--verbose]
"""

import argparse
import gzip
import json
import random
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.report import report
from crewless.body.screen import ScreenBody, ScreenBodyConfig
from crewless.body.screen.input_driver import InputDriver
from crewless.core.cache import keep_compiled_code_here
from crewless.core.messages import Case, Point, Verdict
from crewless.episodes import open_dataset
from crewless.perception.screen import ScreenPerception
from crewless.work.echo import folded
from crewless.work.recording_session import EpisodeRecording

SPEEDS = {"slow": 0.35, "usual": 0.12, "fast": 0.0}
"""Seconds from key to key; none: as fast as the display takes them."""
THEMES = {"light": ("#ffffff", "#1c2430"), "dark": ("#15181d", "#e8eaed")}
BEFORE, AFTER = "order thirty two", "call back on monday"
LEAST, LEAST_KEYS = 4, 3
_PAGE = """<!doctype html><meta charset=utf-8><title>form</title><style>
body {{ font: 16px sans-serif; background: {paper}; color: {ink}; color-scheme: {theme} }}
input, textarea, label {{ position: absolute; left: 60px; font: 16px sans-serif }}
input, textarea {{ width: 340px; height: 26px; background: {paper}; color: {ink}; border: 1px solid #888; padding: 2px 6px }}
label {{ font-size: 14px }} .box {{ width: 22px }}</style>
<label style="top:40px">Subject</label><input id=a style="top:62px" autofocus>
{secret}
<label style="top:300px">Note</label><input id=z style="top:322px">
<script>{script}</script>"""
_SUBJECT_AT, _SECRET_AT, _NOTE_AT = Point(200, 76), Point(200, 176), Point(200, 336)
_FIELD = '<label style="top:140px">{label}</label><input id=s style="top:162px{style}" type={type}>'


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A way of asking for a secret."""

    name: str
    secret: str = ""
    """The page's part."""
    script: str = ""
    shell: str = ""
    """A shell's script in a terminal instead of a page."""
    drawn: str = "word"
    """What the secret is drawn as: word, digits, key."""
    reached_by: str = "click"
    """click; tab; itself: the page moves the focus there."""


def _field(label: str = "", *, type: str = "password", style: str = "") -> str:
    return _FIELD.format(label=label, type=type, style=style)


_BOXES = "".join(
    f'<input class=box type=password maxlength=1 style="top:162px;left:{60 + 50 * at}px;width:22px">' for at in range(6)
)
KINDS = (
    Kind(name="labelled", secret=_field("Password")),
    Kind(name="bare", secret=_field()),
    Kind(name="zugangscode", secret=_field("Zugangscode")),
    Kind(name="visible token", secret=_field("API token", type="text"), drawn="key"),
    Kind(name="touching bullets", secret=_field(style=";letter-spacing:-2px"), reached_by="tab"),
    Kind(name="squares by style", secret=_field(type="text", style=";-webkit-text-security:square"), reached_by="tab"),
    Kind(name="large bullets", secret=_field(style=";font-size:22px;height:40px")),
    Kind(
        name="six boxes", secret=_BOXES, drawn="digits",
        script="let b=[...document.querySelectorAll('.box')];b.forEach((e,i)=>e.oninput=()=>b[i+1]&&b[i+1].focus())",
    ),
    Kind(
        name="focus that moves on", secret=_field(), reached_by="itself",
        script=f"a.oninput=()=>a.value.length=={len(BEFORE)}&&s.focus()",
    ),
    Kind(
        name="unlabelled access key", drawn="key",
        secret='<label style="top:140px">Paste here</label><textarea id=s style="top:162px;height:60px"></textarea>',
    ),
    Kind(name="terminal's password", shell='printf "Password: "; read -s word; echo'),
    Kind(name="terminal without a word", shell='printf "> "; stty -echo; read word; stty echo; echo'),
)  # fmt: skip


def draw(kind: Kind, seed: str) -> str:
    """A secret that nothing else contains."""
    chance = random.Random(f"{kind.name} {seed}")
    if kind.drawn == "digits":
        return "".join(map(str, chance.sample(range(10), 6)))
    word = "".join(chance.choice("bcdfghjkmpqrtvwxz") + chance.choice("aeuy") for _ in range(4)) + str(
        chance.randint(100, 999)
    )
    return "ghp_" + word.upper() + word + word[::-1] if kind.drawn == "key" else word


def page(kind: Kind, theme: str) -> str:
    """The page that asks for it."""
    paper, ink = THEMES[theme]
    return _PAGE.format(paper=paper, ink=ink, theme=theme, secret=kind.secret, script=kind.script)


def play(person: InputDriver, kind: Kind, secret: str, each_s: float) -> None:
    """What a person does: note, secret, note."""

    def keys(text: str) -> None:
        if not each_s:
            person.type(text)
        for char in text if each_s else "":
            person.type(char)
            time.sleep(each_s)

    if kind.shell:
        keys(BEFORE)
        time.sleep(0.3)
        person.chord("Return")
        time.sleep(0.5)
        keys(secret)
        person.chord("Return")
        time.sleep(0.5)
        keys(AFTER)
        time.sleep(0.3)
        person.chord("Return")
        return
    person.click(_SUBJECT_AT)
    time.sleep(0.3)
    keys(BEFORE)
    if kind.reached_by == "tab":
        time.sleep(0.2)
        person.chord("Tab")
        time.sleep(0.3)
    elif kind.reached_by == "click":
        person.click(Point(74, 176) if kind.name == "six boxes" else _SECRET_AT)
        time.sleep(0.3)
    keys(secret)
    person.click(_NOTE_AT)
    time.sleep(0.3)
    keys(AFTER)


def record(kind: Kind, theme: str, speeds: Sequence[str], folder: Path, *, watched: bool = True) -> dict[str, str]:
    """Record one episode a speed into ``folder/SPEED``. Returns the secrets by speed.

    ``watched``: whether the recorder looks for secrets; without it the search has to find them.
    """
    secrets = {speed: draw(kind, f"{theme} {speed}") for speed in speeds}
    with ScreenBody(ScreenBodyConfig(slots=36)) as desk:
        if kind.shell:
            paper, ink = THEMES[theme]
            script = f'while true; do printf "name: "; read name; {kind.shell}; printf "note: "; read note; done'
            desk.launch(["xterm", "-bg", paper, "-fg", ink, "-geometry", "80x24", "-e", "bash", "-c", script])
        else:
            (folder / "page").mkdir(parents=True, exist_ok=True)
            (folder / "page" / "form.html").write_text(page(kind, theme))
            desk.launch_chromium((folder / "page" / "form.html").as_uri())
        desk.settle()
        person = InputDriver(desk.display)
        try:
            for speed, secret in secrets.items():
                if not kind.shell:
                    person.chord("F5")
                    time.sleep(1.0)
                desk.settle()
                recording = EpisodeRecording(desk.display, desk.ring.path, folder / speed / "episodes", secrets=watched)
                try:
                    recording.start(Case(id="1"), "ann")
                    play(person, kind, secret, SPEEDS[speed])
                    time.sleep(0.5)
                    recording.stop(Verdict(case="1", outcome="right", claimed_done=True))
                finally:
                    recording.close()
        finally:
            person.close()
    return secrets


def texts_of(path: Path) -> Iterator[str]:
    """Everything that a file says, as text."""
    raw = path.read_bytes()
    if path.suffix == ".gz":
        raw = gzip.decompress(raw)
    yield raw.decode("utf-8", errors="replace")
    yield raw.decode("utf-16-le", errors="replace")
    if path.suffix == ".parquet":
        import pyarrow.parquet as parquet

        for column in parquet.read_table(path).to_pydict().values():
            yield json.dumps(column, default=str, ensure_ascii=False)
            yield "".join(value for value in column if isinstance(value, str))
    elif path.suffix in (".npz", ".npy"):
        loaded: Any = np.load(path, allow_pickle=False)
        for array in loaded.values() if path.suffix == ".npz" else (loaded,):
            yield "".join(map(str, np.ravel(array).tolist()))
    elif ".json" in path.name:
        for line in [raw.decode()] if path.suffix == ".json" else raw.decode().splitlines():
            if line.strip():
                yield from _strings(json.loads(line))


def _strings(value: Any) -> Iterator[str]:
    """A JSON value's texts, and in each list those of its members in a row: a word is typed letter by letter."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _strings(item)
    elif isinstance(value, list):
        for name in ("char", "keysym"):
            for kind in ("key_down", "key_up"):
                yield "".join(
                    str(item.get(name, "")) for item in value if isinstance(item, dict) and item.get("kind") == kind
                )
        for item in value:
            yield from _strings(item)


def parts(secret: str, least: int) -> set[str]:
    """Every part of that length."""
    return {secret[at : at + least] for at in range(len(secret) - least + 1)}


def leaks(folder: Path, secret: str, perception: ScreenPerception) -> list[str]:
    """What of a secret was found, and where."""
    found: list[str] = []
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        for text in texts_of(path):
            found += [f"{path.name}: {part}" for part in sorted(parts(secret, LEAST)) if part in text]
    dataset = open_dataset(folder / "episodes")
    for kind in ("key_down", "key_up"):
        for name in ("char", "keysym"):
            keys = "".join(getattr(event, name) for event in dataset.events(0) if event.kind == kind)
            found += [f"{kind} {name}: {part}" for part in sorted(parts(secret, LEAST_KEYS)) if part in keys]
    wanted = parts(folded(secret), LEAST)
    last: np.ndarray | None = None
    for frame in dataset.frames(0):
        if last is not None and np.array_equal(last, frame.pixels):
            continue
        last = np.array(frame.pixels)
        read = folded(" ".join(element.text for element in perception.perceive(frame).elements))
        found += [f"picture {frame.index}: {part}" for part in sorted(wanted) if part in read]
    return found


def kept_share(folder: Path) -> float:
    """How much of the two notes is among the typed keys, word by word."""
    dataset = open_dataset(folder / "episodes")
    keys = "".join(event.char for event in dataset.events(0) if event.kind == "key_down" and event.char)
    words = [*BEFORE.split(), *AFTER.split()]
    return sum(word in keys for word in words) / len(words)


def main() -> int:
    """Record, search, report. Fails where a secret was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kinds", nargs="*", default=[kind.name for kind in KINDS])
    parser.add_argument("--speeds", nargs="*", default=list(SPEEDS))
    parser.add_argument("--themes", nargs="*", default=list(THEMES))
    parser.add_argument("--verbose", action="store_true")
    chosen = parser.parse_args()
    keep_compiled_code_here()
    perception = ScreenPerception()
    rows: list[dict[str, Any]] = []
    for kind in (kind for kind in KINDS if kind.name in chosen.kinds):
        found, kept, runs = [], [], 0
        for theme in chosen.themes:
            with tempfile.TemporaryDirectory(prefix="crewless-canaries-") as scratch:
                secrets = record(kind, theme, chosen.speeds, Path(scratch))
                for speed, secret in secrets.items():
                    here = leaks(Path(scratch) / speed, secret, perception)
                    runs += 1
                    kept.append(kept_share(Path(scratch) / speed))
                    found += here
                    if here or chosen.verbose:
                        print(f"{kind.name}, {theme}, {speed}: kept {kept[-1]:.0%} {here[:6]}", flush=True)
        rows.append(
            {"kind": kind.name, "runs": runs, "leaks": len(found), "notes_kept": round(float(np.mean(kept)), 3)}
        )
    report(
        "canaries", rows, ["kind", "runs", "leaks", "notes_kept"],
        [f"{sum(row['leaks'] for row in rows)} leaks in {sum(row['runs'] for row in rows)} runs"],
        variant="" if len(rows) == len(KINDS) else "some",
    )  # fmt: skip
    return 1 if any(row["leaks"] for row in rows) else 0


if __name__ == "__main__":
    raise SystemExit(main())
