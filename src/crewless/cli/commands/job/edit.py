"""Open a learnt job in an editor; what comes back is stored only if it is a job."""

import os
import shlex
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tyro.conf import Positional

from crewless.core.errors import BadInput


@dataclass(frozen=True, kw_only=True)
class JobEditConfig:
    """Options of ``crewless job edit``."""

    folder: Positional[Path]
    """Folder of the job, made by ``crewless train``."""
    editor: str = ""
    """Command that edits a file; default: the environment variable VISUAL or EDITOR, or vi."""


def run(config: JobEditConfig) -> int:
    """Edit a copy, read it, and store it."""
    from dataclasses import replace

    from crewless.policy.job.program import job_from, job_json
    from crewless.policy.job.store import load_job, save_job

    learnt, account = load_job(config.folder)
    before = job_json(learnt.job)
    command = shlex.split(config.editor or os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi")
    descriptor, name = tempfile.mkstemp(prefix="job-", suffix=".json")
    copy = Path(name)
    try:
        os.write(descriptor, before)
    finally:
        os.close(descriptor)
    try:
        code = subprocess.run([*command, str(copy)], check=False).returncode
    except OSError as error:
        copy.unlink()
        raise BadInput(
            f"the editor {command[0]!r} does not start: {error.strerror}", alternatives=["--editor COMMAND"]
        ) from error
    after = copy.read_bytes()
    if code or after == before:
        copy.unlink()
        print("nothing was changed" if not code else f"the editor ended with {code}: nothing was changed")
        return 1 if code else 0
    try:
        job = job_from(after)
    except BadInput as error:
        raise BadInput(f"{error.message}; what you wrote is kept in {copy}", alternatives=error.alternatives) from error
    copy.unlink()
    save_job(replace(learnt, job=job), account, config.folder)
    print(f"stored in {config.folder}; try it: crewless job test {config.folder} RECORDINGS")
    return 0
