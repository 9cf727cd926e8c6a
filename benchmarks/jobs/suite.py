"""Every job by its name."""

from benchmarks.jobs.desktop_jobs import COPY_BETWEEN, GTK_MEMBERS, QT_LEAVE, TERMINAL_FORM, TK_GOODS_IN
from benchmarks.jobs.job import JobKind
from benchmarks.jobs.web_entry import EXPENSE_BOXES, INVOICE_ENTRY, LONG_FORM
from benchmarks.jobs.web_more import FILE_DIALOG, SLIDER
from benchmarks.jobs.web_office import REPLY, SEARCH_UPDATE, WIZARD
from benchmarks.jobs.web_rows import RECONCILE, ROWS_RULE
from benchmarks.jobs.web_triage import TRIAGE
from benchmarks.jobs.web_widgets import DATE_PICKER, DRAG_BOARD
from crewless.core.errors import BadInput

JOBS = {
    job.name: job
    for job in (
        INVOICE_ENTRY,
        EXPENSE_BOXES,
        LONG_FORM,
        TRIAGE,
        ROWS_RULE,
        RECONCILE,
        DATE_PICKER,
        DRAG_BOARD,
        SLIDER,
        FILE_DIALOG,
        REPLY,
        WIZARD,
        SEARCH_UPDATE,
        TK_GOODS_IN,
        COPY_BETWEEN,
        TERMINAL_FORM,
        GTK_MEMBERS,
        QT_LEAVE,
    )
}


def job_named(name: str) -> JobKind:
    """Raises BadInput for a name that there is not."""
    if name not in JOBS:
        raise BadInput(f"there is no job {name!r}", alternatives=list(JOBS))
    return JOBS[name]
