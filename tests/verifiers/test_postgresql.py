"""The judge before a real PostgreSQL, started for the test. Skipped where the server is not installed."""

import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from crewless.core.errors import RecordUnreachable
from crewless.core.messages import Case
from crewless.verifiers import Change, DatabaseVerifier, Gain, Record
from crewless.verifiers.snapshot import SnapshotReader, differences

pytest.importorskip("pg8000", reason="pip install crewless[postgresql]")
PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
if not PROGRAMS:
    pytest.skip("no PostgreSQL: apt-get install postgresql", allow_module_level=True)
BIN = PROGRAMS[-1].parent

RECORD = Record(
    changes=(Change(table="ticket", where={"id": "{ticket}"}, set={"status": "{status}"}, free=("modified",)),),
    gains=(Gain(table="audit.entry", where={"ticket_id": "{ticket}"}, set={"what": "closed"}, free=("at",)),),
)
CASE = Case(id="2", slots={"ticket": "2"})
HONEST = (
    "update ticket set status = 4, modified = now() where id = 2",
    "insert into audit.entry (ticket_id, what) values (2, 'closed')",
)


class Server:
    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.folder = folder
        # PostgreSQL refuses to run as root.
        self.prefix = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []
        if self.prefix:
            shutil.chown(folder, "postgres")
        self.run(BIN / "initdb", "-D", folder / "data", "-A", "trust", "-U", "judge", "--no-sync")
        self.start()

    def run(self, *words: object) -> None:
        subprocess.run([*self.prefix, *map(str, words)], check=True, stdout=subprocess.DEVNULL, cwd=self.folder)

    def start(self) -> None:
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self.folder} -c fsync=off"
        log = self.folder / "log"
        self.run(BIN / "pg_ctl", "-D", self.folder / "data", "-l", log, "-w", "-o", options, "start")

    def stop(self) -> None:
        self.run(BIN / "pg_ctl", "-D", self.folder / "data", "-w", "-m", "immediate", "stop")

    @property
    def url(self) -> str:
        return f"postgresql+pg8000://judge@127.0.0.1:{self.port}/postgres"

    def write(self, *statements: str) -> None:
        engine = sa.create_engine(self.url, poolclass=sa.NullPool)
        with engine.begin() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory):
    # Its own account must be able to walk into the folder.
    folder = Path(subprocess.check_output(["mktemp", "-d"], text=True).strip())
    folder.chmod(0o755)
    one = Server(folder)
    yield one
    one.stop()
    shutil.rmtree(folder)


@pytest.fixture(autouse=True)
def tables(server: Server) -> None:
    server.write(
        "drop table if exists ticket, loose",
        "drop schema if exists audit cascade",
        "create schema audit",
        "create table ticket (id int primary key, status int, tags text[], extra jsonb, modified timestamptz)",
        "create table loose (note jsonb, tags int[])",
        "create table audit.entry (id serial primary key, ticket_id int, what text, at timestamptz default now())",
        """insert into ticket values (1, 1, '{a,b}', '{"k": [1]}', now()), (2, 1, '{}', null, now())""",
        """insert into loose values ('{"a": 1}', '{1,2}'), ('{"a": 1}', '{1,2}')""",
    )


@pytest.fixture
def verifier(server: Server):
    one = DatabaseVerifier(server.url, RECORD, lambda _: {"status": 4})
    yield one
    one.close()


def test_what_was_declared_is_right(server, verifier):
    before = verifier.before(CASE)
    server.write(*HONEST)
    assert verifier.judge(CASE, before, claimed_done=True).outcome == "right"


@pytest.mark.parametrize(
    "also",
    [
        "update ticket set tags = '{a,c}' where id = 1",
        """update ticket set extra = '{"k": [2]}' where id = 1""",
        "delete from loose where ctid in (select ctid from loose limit 1)",
        "insert into audit.entry (ticket_id, what) values (1, 'seen')",
        "create table audit.more (id int)",
    ],
)
def test_anything_else_in_any_schema_is_wrong(server, verifier, also):
    before = verifier.before(CASE)
    server.write(*HONEST, also)
    assert verifier.judge(CASE, before, claimed_done=True).outcome == "wrong"


def test_all_tables_are_read_as_of_one_moment(server):
    reader = SnapshotReader(server.url)
    reader.snapshot()
    read = reader._read_tables

    def interrupted(connection):
        connection.exec_driver_sql("select 1 from ticket").all()
        server.write("update ticket set status = 9 where id = 1")
        return read(connection)

    reader._read_tables = interrupted  # type: ignore[method-assign]
    seen = reader.snapshot()
    reader._read_tables = read  # type: ignore[method-assign]
    assert seen.named("ticket", (1,))["status"] == 1
    assert [one.columns for one in differences(seen, reader.snapshot())] == [("status",)]
    reader.close()


def test_the_judge_cannot_write(server):
    reader = SnapshotReader(server.url)
    with pytest.raises(sa.exc.DBAPIError, match="read-only"), reader._connect().begin():
        reader._connect().exec_driver_sql("delete from ticket")
    reader.close()


def test_a_server_that_was_away_is_reached_again(server, verifier):
    before = verifier.before(CASE)
    server.stop()
    with pytest.raises(RecordUnreachable, match="cannot read the database postgresql"):
        verifier.judge(CASE, before, claimed_done=True)
    server.start()
    deadline_s = time.monotonic() + 10
    while True:
        try:
            assert verifier.judge(CASE, before, claimed_done=True).outcome == "wrong"
            break
        except RecordUnreachable:
            assert time.monotonic() < deadline_s
            time.sleep(0.1)
