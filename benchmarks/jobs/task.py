"""A job as a :class:`crewless.core.task.Task`."""

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.jobs.desktop import DesktopProgram
from benchmarks.jobs.drift import drift_named
from benchmarks.jobs.eyes import Eye, FileEye, PageEye
from benchmarks.jobs.job import JobKind, sheets_of
from benchmarks.jobs.judge import Asked, JobJudge
from benchmarks.jobs.operator import JobOperator
from benchmarks.jobs.server import Sheet, WebServer, make_database
from benchmarks.jobs.steps import STYLES
from crewless.core.body import Body
from crewless.core.errors import BadInput, BodyFailure
from crewless.core.messages import Case, Verdict

if TYPE_CHECKING:
    from crewless.body.screen import ScreenBody


@dataclass(frozen=True, kw_only=True, slots=True)
class JobTaskConfig:
    """Which cases, and who shows them."""

    num_cases: int = 40
    seed: int = 0
    unseen: bool = False
    """Deal them from the other end."""
    skip: int = 0
    """Leave so many out at that end."""
    style: str = "scripted"
    """How the operator works: one of STYLES."""
    drift: str = "plain"


class JobTask:
    """Works a job's program.

    Args:
        job: which one.
        config: which cases.
    """

    def __init__(self, job: JobKind, config: JobTaskConfig | None = None) -> None:
        self.job, self.config = job, config or JobTaskConfig()
        self.name = job.name
        self.max_steps = 200
        self.verdicts: dict[str, Verdict] = {}
        """The last one of each case that was judged."""
        self.drift = drift_named(self.config.drift)
        if self.config.style not in STYLES:
            raise BadInput(f"there is no style {self.config.style!r}", alternatives=list(STYLES))
        sheets = sheets_of(job, self.config.seed)
        if not 1 <= self.config.num_cases <= len(sheets):
            raise BadInput(f"num_cases is {self.config.num_cases}", alternatives=[f"1 to {len(sheets)}"])
        self._all = sheets
        order = list(reversed(sheets)) if self.config.unseen else sheets
        dealt = order[self.config.skip : self.config.skip + self.config.num_cases]
        self._sheets = {str(sheet["id"]): sheet for sheet in dealt}
        self._folder: Path | None = None
        self._server: WebServer | None = None

    def setup(self, folder: Path) -> None:
        """Serve the program, or make its database, below ``folder / "program"``."""
        self._folder = (folder / "program").resolve()
        self._folder.mkdir(parents=True, exist_ok=True)
        if self.job.files is not None:
            for sheet in self._all:
                for name, content in self.job.files(sheet).items():
                    path = self._folder / name
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_bytes(content)
        program = self.job.program
        if isinstance(program, DesktopProgram):
            make_database(self.database, program.schema, program.fill, self._all)
        else:
            self._server = WebServer(program, self.database, self._all, self.drift)

    @property
    def database(self) -> Path:
        """The program's file. Raises BodyFailure before :meth:`setup`."""
        return self._home / "program.sqlite3"

    @property
    def record(self) -> tuple[Path, ...]:
        """What a worker must not be able to read."""
        return (self._home,)

    def cases(self) -> Sequence[Case]:
        """The work, in order."""
        return tuple(Case(id=number, slots=dict(self.job.slots(sheet))) for number, sheet in self._sheets.items())

    def sheet(self, case: Case) -> Sheet:
        """What stands behind a case. For the operator and the judge only."""
        return self._sheets[case.id]

    def open(self, *, scripted: bool = False) -> "ScreenBody":
        """A fresh screen with the program on it."""
        from crewless.body.screen import ChromiumConfig, ScreenBody, ScreenBodyConfig

        body = ScreenBody(ScreenBodyConfig(width=self.drift.width, height=self.drift.height))
        try:
            body.start()
            if self._server is not None:
                body.launch_chromium(self._server.url, ChromiumConfig(devtools_port=0 if scripted else None))
            else:
                self._launch(body)
        except BaseException:
            body.close()
            raise
        return body

    def oracle(self, body: Body) -> JobOperator:
        """The operator, for a body of ``open(scripted=True)``."""
        display, programs = getattr(body, "display", None), getattr(body, "programs", ())
        if not isinstance(display, str) or not programs:
            raise BadInput(f"the operator needs the job's screen, not {body!r}", alternatives=["open(scripted=True)"])
        program = self.job.program
        eye: Eye = (
            FileEye(*program.states(self._home))
            if isinstance(program, DesktopProgram)
            else PageEye(programs[-1].folder)
        )
        return JobOperator(
            display,
            eye,
            lambda case: self.job.script(self.sheet(case)),
            STYLES[self.config.style],
            seed=self.config.seed,
        )

    def asked(self, case: Case) -> Asked:
        """What a case asks of the database."""
        return self.job.asked(self.sheet(case))

    def verifier(self) -> JobJudge:
        """The judge."""
        return JobJudge(self.database, self.asked, self.verdicts)

    def teardown(self) -> None:
        """Stop serving. Safe to call twice."""
        if self._server is not None:
            self._server.close()
            self._server = None

    @property
    def _home(self) -> Path:
        if self._folder is None:
            raise BodyFailure("the job has not been set up", alternatives=["setup(folder)"])
        return self._folder

    def _launch(self, body: "ScreenBody") -> None:
        program = self.job.program
        assert isinstance(program, DesktopProgram)
        for state in program.states(self._home):
            state.unlink(missing_ok=True)
        for window, state in zip(program.windows, program.states(self._home), strict=True):
            words = {
                "database": self.database, "state": state, "python": sys.executable,
                "width": self.drift.width, "height": self.drift.height,
            }  # fmt: skip
            body.launch([word.format(**words) for word in window.argv])
            ends_s = time.monotonic() + 20.0
            while not state.exists():
                if time.monotonic() > ends_s:
                    raise BodyFailure(f"{window.argv[0]} does not say where its widgets are")
                time.sleep(0.05)
