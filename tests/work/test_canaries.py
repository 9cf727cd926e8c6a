"""Twelve kinds of page and prompt ask for a secret, and no file of the run holds it. The whole suite: python -m benchmarks.canaries."""

import gzip
import itertools
import json
import re
from pathlib import Path

import numpy as np
import pytest
from benchmarks.canaries import KINDS, SPEEDS, THEMES, Kind, draw, kept_share, leaks, parts, record, texts_of

from crewless.core.cache import keep_compiled_code_here
from crewless.perception.screen import ScreenPerception

pytestmark = [pytest.mark.xdist_group("secrets")]

CASES = [
    pytest.param(kind, theme, speed, id=f"{kind.name}-{theme}-{speed}")
    for kind, (theme, speed) in zip(KINDS, itertools.cycle(itertools.product(THEMES, SPEEDS)))
]
"""Each kind once, and each speed with each theme twice."""


@pytest.fixture(scope="module")
def perception() -> ScreenPerception:
    keep_compiled_code_here()
    return ScreenPerception()


@pytest.mark.screen
@pytest.mark.browser
@pytest.mark.parametrize(("kind", "theme", "speed"), CASES)
def test_no_file_of_a_run_holds_the_secret(
    kind: Kind, theme: str, speed: str, tmp_path: Path, perception: ScreenPerception
):
    secrets = record(kind, theme, [speed], tmp_path)
    assert leaks(tmp_path / speed, secrets[speed], perception) == []
    assert kept_share(tmp_path / speed) >= 0.3


@pytest.mark.screen
@pytest.mark.browser
def test_a_recorder_that_does_not_look_for_secrets_is_found_out(tmp_path: Path, perception: ScreenPerception):
    (kind,) = (kind for kind in KINDS if kind.name == "visible token")
    secrets = record(kind, "light", ["usual"], tmp_path, watched=False)
    places = {found.split(":")[0].split()[0] for found in leaks(tmp_path / "usual", secrets["usual"], perception)}
    assert {"key_down", "picture", "episode-000000.json"} <= places


def test_there_are_twelve_kinds_three_speeds_and_two_themes():
    assert (len(KINDS), len(SPEEDS), len(THEMES)) == (12, 3, 2)
    assert {param.values[1:] for param in CASES} == set(itertools.product(THEMES, SPEEDS))
    assert all(len(draw(kind, "a")) >= 6 and draw(kind, "a") != draw(kind, "b") for kind in KINDS)


def test_the_search_finds_a_secret_in_every_kind_of_file(tmp_path: Path):
    """A search that finds nothing anywhere would prove nothing."""
    import pyarrow as pa
    import pyarrow.parquet as parquet

    word = "bakelu471"
    typed = [{"kind": "key_down", "keysym": c, "char": c} for c in word]
    (tmp_path / "a.json").write_text(json.dumps({"deep": [{"events": typed}]}))
    (tmp_path / "b.jsonl").write_text(json.dumps({"text": word}) + "\n")
    (tmp_path / "c.jsonl.gz").write_bytes(gzip.compress(json.dumps({"text": word}).encode()))
    (tmp_path / "d.log").write_text(f"got {word}")
    (tmp_path / "e.bin").write_bytes(word.encode("utf-16-le"))
    parquet.write_table(pa.table({"key": list(word)}), tmp_path / "f.parquet", compression="zstd")
    np.savez_compressed(tmp_path / "g.npz", keys=np.array(list(word)))
    for path in sorted(tmp_path.iterdir()):
        found = [part for part in parts(word, 4) if any(part in text for text in texts_of(path))]
        assert set(found) == parts(word, 4), path.name
    assert all(re.fullmatch(r"\w{4}", part) for part in parts(word, 4))
