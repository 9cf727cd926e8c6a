"""The event log: a line is whole or it is not there."""

import json
import os
import subprocess
import sys
import textwrap
import threading
from collections import Counter
from xml.etree import ElementTree

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crewless.core.errors import BadInput, StorageFull
from crewless.core.events import Event, EventLog, read_events, write_parquet, write_xes


def add(log, case="1", **fields):
    return log.add(**{"case": case, "cell": "work", "resource": "ann", "kind": "start", **fields})


def test_what_was_added_is_read_back_in_order(tmp_path):
    log = EventLog(tmp_path / "a/b/events.jsonl")
    added = [add(log, case=str(n), outcome="right", cost_usd=0.25, energy_j=3.0, note="é", n=n) for n in range(3)]
    assert list(read_events(log.path)) == added
    assert added[2].data == {"note": "é", "n": 2}
    assert (added[2].cost_usd, added[2].energy_j) == (0.25, 3.0)


def test_a_torn_last_line_is_ignored_by_the_reader_and_dropped_by_the_next_writer(tmp_path):
    log = EventLog(tmp_path / "events.jsonl")
    first = add(log)
    with log.path.open("ab") as file:
        file.write(b'{"t":1,"case":"torn')
    assert list(read_events(log.path)) == [first]
    second = add(EventLog(log.path), case="2")
    assert list(read_events(log.path)) == [first, second]


def test_a_file_that_is_one_torn_line_becomes_empty(tmp_path):
    path = tmp_path / "events.jsonl"
    path.write_bytes(b'{"t":1')
    EventLog(path)
    assert path.read_bytes() == b""


@pytest.mark.parametrize("line", ["{}", "[1]", "3", "nonsense", '{"t": 1, "unknown": 2}', "\ufffd"])
def test_a_line_that_is_no_event_is_named(tmp_path, line):
    log = EventLog(tmp_path / "events.jsonl")
    add(log)
    with log.path.open("a") as file:
        file.write(line + "\n")
    with pytest.raises(BadInput, match=r"events\.jsonl:2 is not an event"):
        list(read_events(log.path))


def test_a_log_that_is_not_there_is_named(tmp_path):
    with pytest.raises(BadInput, match=r"there is no event log at .*gone\.jsonl"):
        list(read_events(tmp_path / "gone.jsonl"))


def test_a_log_that_cannot_be_written_raises_storage_full(tmp_path):
    log = EventLog(tmp_path / "events.jsonl")
    log.path.mkdir()
    with pytest.raises(StorageFull, match="cannot append to the event log"):
        add(log)


def test_a_disk_that_fills_up_in_the_middle_of_a_line_leaves_no_half_line(tmp_path):
    """A limit on the file's size stands in for the full disk: the kernel writes a part of the line, then refuses."""
    path = tmp_path / "events.jsonl"
    script = """
        import resource, signal, sys
        from pathlib import Path
        from crewless.core.errors import StorageFull
        from crewless.core.events import EventLog
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        log = EventLog(Path(sys.argv[1]))
        log.add(case="first", cell="c", resource="r", kind="note")
        size = log.path.stat().st_size
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + 40, resource.RLIM_INFINITY))
        try:
            log.add(case="second", cell="c", resource="r", kind="note")
        except StorageFull:
            resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
            log.add(case="third", cell="c", resource="r", kind="note")
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(script), path], check=True)
    assert [event.case for event in read_events(path)] == ["first", "third"]


def test_a_failed_append_does_not_cut_the_line_of_another_writer(tmp_path, monkeypatch):
    """While one writer fails, another gets its line in as soon as it may."""
    log, other = EventLog(tmp_path / "events.jsonl"), EventLog(tmp_path / "events.jsonl")
    add(log, case="first")
    sync, failed = os.fsync, []
    writer = threading.Thread(target=add, args=(other,), kwargs={"case": "other"})

    def fail_once(file):
        if not failed:
            failed.append(file)
            writer.start()
            writer.join(0.3)
            raise OSError(28, "No space left on device")
        sync(file)

    monkeypatch.setattr(os, "fsync", fail_once)
    with pytest.raises(StorageFull, match="No space left"):
        add(log, case="mine")
    writer.join(10)
    add(log, case="last")
    assert [event.case for event in read_events(log.path)] == ["first", "other", "last"]


def test_what_a_writer_that_died_left_of_a_line_does_not_swallow_the_next(tmp_path):
    log = EventLog(tmp_path / "events.jsonl")
    add(log, case="first")
    with log.path.open("ab") as file:
        file.write(b'{"t":1,"case":"' + b"x" * 200_000)
    add(log, case="second")
    assert [event.case for event in read_events(log.path)] == ["first", "second"]


def test_a_log_is_opened_while_another_writes_and_no_line_is_lost(tmp_path):
    path = tmp_path / "events.jsonl"
    script = """
        import sys
        from pathlib import Path
        from crewless.core.events import EventLog
        for number in range(60):
            EventLog(Path(sys.argv[1])).add(case=sys.argv[2], cell="c" * 9000, resource="r", kind="note")
    """
    writers = [
        subprocess.Popen([sys.executable, "-c", textwrap.dedent(script), path, name]) for name in ("a", "b", "c")
    ]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
    assert Counter(event.case for event in read_events(path)) == {"a": 60, "b": 60, "c": 60}


def event(**fields):
    return Event(**{"t": 0.0, "case": "1", "cell": "work", "resource": "ann", "kind": "start", **fields})


def test_xes_has_one_trace_a_case_with_standard_keys(tmp_path):
    events = [
        event(case="b", t=1700000000.25),
        event(case="a", kind="takeover"),
        event(case="b", kind="end", outcome="right", cost_usd=1.5, energy_j=2.0),
    ]
    write_xes(iter(events), tmp_path / "log.xes")
    log = ElementTree.parse(tmp_path / "log.xes").getroot()
    space = "{http://www.xes-standard.org/}"
    traces = [
        [{a.get("key"): a.get("value") for a in entry} for entry in trace.findall(f"{space}event")]
        for trace in log.findall(f"{space}trace")
    ]
    assert [trace.find(f"{space}string").get("value") for trace in log] == ["b", "a"]
    assert traces[0][0]["time:timestamp"] == "2023-11-14T22:13:20.250+00:00"
    assert traces[0][1] == {
        "concept:name": "work",
        "org:resource": "ann",
        "lifecycle:transition": "complete",
        "time:timestamp": "1970-01-01T00:00:00.000+00:00",
        "outcome": "right",
        "cost:total": "1.5",
        "energy_j": "2.0",
    }
    assert traces[1][0]["lifecycle:transition"] == "takeover"


@settings(max_examples=100, deadline=None)
@given(case=st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_xes_can_be_read_whatever_a_case_is_called(tmp_path_factory, case):
    path = tmp_path_factory.getbasetemp() / "any.xes"
    write_xes(iter([event(case=case)]), path)
    assert len(ElementTree.parse(path).getroot()) == 1


def test_parquet_holds_every_column_and_data_as_json(tmp_path):
    write_parquet(iter([event(t=1.5, cost_usd=2.0, data={"a": [1]}), event(case="2")]), tmp_path / "log.parquet")
    table = pq.read_table(tmp_path / "log.parquet")
    assert table.column_names == list(Event.__dataclass_fields__)
    rows = table.to_pylist()
    assert (rows[0]["t"], rows[0]["cost_usd"], json.loads(rows[0]["data"]), rows[1]["case"]) == (
        1.5,
        2.0,
        {"a": [1]},
        "2",
    )


def test_an_empty_log_exports_to_an_empty_table_with_all_columns(tmp_path):
    write_parquet(iter([]), tmp_path / "log.parquet")
    table = pq.read_table(tmp_path / "log.parquet")
    assert (table.num_rows, table.column_names) == (0, list(Event.__dataclass_fields__))
