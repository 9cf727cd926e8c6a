import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pyarrow.parquet as pq
import pytest
from screens import HEIGHT, WIDTH, click, form, keys

from crewless.core.errors import BadInput, CorruptRecording, StorageFull
from crewless.core.messages import Action, Box, Case, Element, Observation, Point, Verdict
from crewless.episodes import DatasetWriter, demonstrations, open_dataset
from crewless.episodes.dataset import pointing

SCREEN = "observation.images.screen"


def record(writer: DatasetWriter, case: str, task: str = "answer", rows: int = 72) -> int:
    """Two seconds: a click on the field at 0.5 s, "ok" typed at 1 s, both seen a little later."""
    episode = writer.begin(Case(id=case, slots={"ticket": case}), "operator", task)
    for row in range(rows):
        text = {25: "", 40: "o", 42: "ok"}.get(row)
        if row == 0 or text is not None:
            episode.image[:] = form(text or "", title=f"Ticket {case}")
        episode.row(changed=row == 0 or text is not None, t_s=row / 36, pointer=Point(row, 7))
    return episode.finish("done", events=click(40, 75, 0.5) + keys("ok", 1.0))


@pytest.fixture
def folder(tmp_path):
    with DatasetWriter(tmp_path / "set", HEIGHT, WIDTH) as writer:
        for case, task in (("7", "answer"), ("8", "close"), ("9", "answer")):
            record(writer, case, task)
    return tmp_path / "set"


def damage(path: Path, at: float = 0.5) -> None:
    data = bytearray(path.read_bytes())
    data[int(len(data) * at)] ^= 0x55
    path.write_bytes(data)


def test_the_layout_is_lerobot_v3(folder):
    info = json.loads((folder / "meta/info.json").read_text())
    assert (info["codebase_version"], info["fps"], info["total_episodes"], info["total_frames"]) == ("v3.0", 36, 3, 216)
    assert info["features"][SCREEN]["shape"] == [HEIGHT, WIDTH, 3]
    for episode in range(3):
        places = {"chunk_index": 0, "file_index": episode, "video_key": SCREEN}
        rows = pq.ParquetFile(folder / info["data_path"].format(**places)).read()
        assert set(rows.column_names) == set(info["features"]) - {SCREEN}
        assert rows["index"].to_pylist() == list(range(72 * episode, 72 * episode + 72))
        assert rows["timestamp"].to_pylist()[36] == 1.0
        assert set(rows["task_index"].to_pylist()) == {[0, 1, 0][episode]}
        [meta] = pq.ParquetFile(folder / f"meta/episodes/chunk-000/file-{episode:03d}.parquet").read().to_pylist()
        assert (meta["episode_index"], meta["length"], meta["tasks"]) == (
            episode,
            72,
            [["answer", "close"][episode % 2]],
        )
        assert (meta["dataset_from_index"], meta["dataset_to_index"]) == (72 * episode, 72 * episode + 72)
        assert (meta["data/file_index"], meta[f"videos/{SCREEN}/file_index"]) == (episode, episode)
        with av.open(str(folder / info["video_path"].format(**places))) as container:
            times = [frame.time for frame in container.decode(video=0)]
        assert np.allclose(times, rows["timestamp"].to_numpy(), atol=1e-4), "lerobot tolerates 1e-4 s"
    tasks = pq.ParquetFile(folder / "meta/tasks.parquet").read()
    assert tasks.to_pydict() == {"task_index": [0, 1], "task": ["answer", "close"]}
    assert json.loads(tasks.schema.metadata[b"pandas"])["index_columns"] == ["task"]


def test_the_statistics_are_those_of_all_rows(folder):
    stats = json.loads((folder / "meta/stats.json").read_text())
    dataset = open_dataset(folder)
    rows = np.concatenate([dataset.controls(episode) for episode in range(3)]).astype(np.float64)
    assert stats["action"]["count"] == [216]
    for name, values in (("mean", rows.mean(0)), ("std", rows.std(0)), ("min", rows.min(0)), ("max", rows.max(0))):
        assert np.allclose(stats["action"][name], values), name


def test_a_step_shows_the_last_frame_before_its_action_began(folder):
    typed = open_dataset(folder).steps(1)[1]
    assert (typed.t_s, typed.action) == (1.0, Action(verb="type", text="ok"))
    assert typed.frame.index == 25
    assert np.array_equal(typed.frame.pixels, form("", title="Ticket 8")[:, :, 2::-1])
    assert np.array_equal(open_dataset(folder).last_frame(1).pixels, form("ok", title="Ticket 8")[:, :, 2::-1])


def test_writing_goes_on_where_the_last_writer_stopped(folder):
    with DatasetWriter(folder, HEIGHT, WIDTH) as writer:
        assert record(writer, "10", "close") == 3
    dataset = open_dataset(folder)
    assert [info.case.id for info in dataset.episodes] == ["7", "8", "9", "10"]
    assert json.loads((folder / "meta/info.json").read_text())["total_frames"] == 288


def test_a_verdict_may_come_later_and_is_what_the_outcome_says(folder):
    with DatasetWriter(folder, HEIGHT, WIDTH) as writer:
        writer.set_verdict(1, Verdict(case="8", outcome="wrong", claimed_done=True, evidence={"queue": "Inbox"}))
    dataset = open_dataset(folder)
    assert [info.outcome for info in dataset.episodes] == ["done", "wrong", "done"]
    verdict = dataset.verdict(1)
    assert verdict is not None
    assert verdict.silent_wrong


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("videos/observation.images.screen/chunk-000/file-001.mp4", lambda dataset: dataset.last_frame(1)),
        ("data/chunk-000/file-001.parquet", lambda dataset: dataset.pointers(1)),
        ("crewless/episode-000001.json", lambda dataset: dataset.steps(1)),
    ],
)
def test_one_wrong_byte_is_noticed_and_costs_one_episode(folder, name, read):
    damage(folder / name)
    dataset = open_dataset(folder)
    with pytest.raises(CorruptRecording, match=name.rpartition("/")[2]):
        read(dataset)
    assert np.array_equal(dataset.last_frame(2).pixels, form("ok", title="Ticket 9")[:, :, 2::-1])
    complaints: list[CorruptRecording] = []
    demos = list(demonstrations(open_dataset(folder), Reader(), damaged=complaints.append))
    assert [demo.case.id for demo in demos] == ["7", "9"]
    assert len(complaints) == 1
    with DatasetWriter(folder, HEIGHT, WIDTH) as writer:
        assert record(writer, "10") == 3, "a damaged episode keeps its place"


class Reader:
    """A perception that knows the form."""

    def perceive(self, frame) -> Observation:
        elements = (
            Element(text="form", box=Box(0, 0, WIDTH, HEIGHT)),
            Element(text="", box=Box(12, 60, WIDTH - 20, 91), kind="field"),
        )
        return Observation(elements=elements, width=WIDTH, height=HEIGHT, t_s=frame.t_s, frame_index=frame.index)

    def reset(self) -> None:
        pass


def test_a_demonstration_points_at_the_smallest_element_around_the_point(folder):
    with DatasetWriter(folder, HEIGHT, WIDTH) as writer:
        writer.set_verdict(0, Verdict(case="7", outcome="right", claimed_done=True))
    seen: list[tuple[int, int]] = []
    demos = list(
        demonstrations(open_dataset(folder), Reader(), progress=lambda done, total: seen.append((done, total)))
    )
    assert [[action.element for _, action in demo.steps] for demo in demos] == [[1, None]] * 3
    assert [demo.verdict for demo in demos] == ["right", None, None]
    assert demos[0].last.frame_index == 42
    assert seen == [(1, 3), (2, 3), (3, 3)]
    outside = pointing(Action(verb="click", point=Point(999, 999)), demos[0].last)
    assert outside.element is None


def test_what_a_dead_writer_left_half_done_is_cleared_away(folder):
    (folder / "crewless/partial").mkdir()
    (folder / "crewless/partial/screen.mp4").write_bytes(b"half")
    orphan = folder / "data/chunk-000/file-003.parquet"
    orphan.write_bytes((folder / "data/chunk-000/file-002.parquet").read_bytes())
    assert len(open_dataset(folder).episodes) == 3
    DatasetWriter(folder, HEIGHT, WIDTH).close()
    assert not orphan.exists()
    assert not (folder / "crewless/partial").exists()


def test_an_aborted_episode_leaves_nothing(folder):
    with DatasetWriter(folder, HEIGHT, WIDTH) as writer:
        episode = writer.begin(Case(id="x"), "operator")
        episode.row(changed=True, t_s=0.0, pointer=Point(0, 0))
    assert len(open_dataset(folder).episodes) == 3
    assert not (folder / "crewless/partial").exists()


def test_bad_input_names_the_value_and_the_alternative(folder, tmp_path):
    with pytest.raises(BadInput, match="no dataset in"):
        open_dataset(tmp_path)
    with pytest.raises(BadInput, match=r"no episode 3 .*0 to 2"):
        open_dataset(folder).steps(3)
    with pytest.raises(BadInput, match=r"holds frames of shape \[208, 320, 3\], not \[100, 100, 3\]"):
        DatasetWriter(folder, 100, 100)
    with DatasetWriter(folder, HEIGHT, WIDTH) as writer:
        with pytest.raises(BadInput, match="no frame"):
            writer.begin(Case(id="x"), "operator").finish("done")
        with pytest.raises(BadInput, match="another recorder"):
            DatasetWriter(folder, HEIGHT, WIDTH)
    (folder / "meta/info.json").write_text("{")
    with pytest.raises(CorruptRecording, match=r"info\.json"):
        open_dataset(folder)


FILL = """
import resource, sys
from pathlib import Path
import numpy as np
from crewless.core.errors import StorageFull
from crewless.core.messages import Case, Point
from crewless.episodes import DatasetWriter
limit = int(sys.argv[2])
if limit:
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
random = np.random.default_rng(0)
writer = DatasetWriter(Path(sys.argv[1]), 208, 320)
done = 0
try:
    for number in range(50):
        episode = writer.begin(Case(id=str(number)), "operator")
        for row in range(4 if number == 0 else 60):
            episode.image[:] = random.integers(0, 255, episode.image.shape, np.uint8)
            episode.row(changed=True, t_s=row / 36, pointer=Point(0, 0))
        done = episode.finish("done") + 1
except StorageFull as error:
    print(done, "full:", error)
    writer.close()
"""


def fill(folder: Path, limit: int) -> tuple[int, str]:
    result = subprocess.run([sys.executable, "-c", FILL, str(folder), str(limit)], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    count, _, message = result.stdout.partition(" ")
    return int(count), message


def check_intact(folder: Path, count: int) -> None:
    dataset = open_dataset(folder)
    assert len(dataset.episodes) == count >= 1
    for episode in range(count):
        assert sum(1 for _ in dataset.frames(episode)) == dataset.episodes[episode].num_frames


def test_a_file_that_may_not_grow_further_loses_only_the_running_episode(tmp_path):
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY
    count, message = fill(tmp_path / "set", 3_000_000)
    assert message.startswith("full: no space left to write")
    check_intact(tmp_path / "set", count)
    with DatasetWriter(tmp_path / "set", HEIGHT, WIDTH) as writer:
        assert record(writer, "after") == count


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small file system")
def test_a_full_disk_loses_only_the_running_episode(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(disk)], capture_output=True, text=True
    )
    if mounted.returncode != 0:
        pytest.skip(f"no tmpfs can be mounted here: {mounted.stderr.strip()}")
    try:
        count, message = fill(disk / "set", 0)
        assert message.startswith("full: no space left to write")
        check_intact(disk / "set", count)
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_not_even_room_for_the_metadata_is_said_so(folder, monkeypatch):
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("crewless.episodes.dataset_layout.os.fsync", full)
    with pytest.raises(StorageFull, match="no space left"):
        DatasetWriter(folder, HEIGHT, WIDTH)
