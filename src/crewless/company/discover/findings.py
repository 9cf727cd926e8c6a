"""What was found in a log, in words: a Markdown page beside the sheet."""

from math import isfinite
from pathlib import Path

from crewless.company.discover.calendars import unseen_days
from crewless.company.discover.calibration import Calibration
from crewless.company.discover.fit import Fit
from crewless.company.discover.log import Log
from crewless.company.discover.sheet_of_log import Discovery
from crewless.company.discover.times import said
from crewless.company.sheet.model import Duration
from crewless.company.sheet.quantiles import quantile
from crewless.core.errors import StorageFull

_FAR = 0.25
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def write_report(log: Log, found: Discovery, path: Path) -> Path:
    """The page. Raises StorageFull."""
    try:
        path.write_text(report(log, found, path.stem), encoding="utf-8")
    except OSError as error:
        raise StorageFull(f"cannot write {path}: {error.strerror}") from error
    return path


def summary(log: Log, found: Discovery) -> list[str]:
    """A few lines for a terminal."""
    agreement = found.conformance
    lines = [
        f"{len(log):,} visits of {len(log.case_times()[0]):,} cases, {len(found.sheet.cells)} cells, "
        f"{len(found.people.pools)} pools of {sum(pool.count for pool in found.people.pools)} people",
        f"fitness {agreement.fitness:.3f} (alignments), precision {agreement.precision:.3f} (escaping edges); "
        f"{agreement.fitting:.1%} of the cases follow the sheet exactly",
        f"{found.explained:.0%} of the waiting is explained by people's absence and other work"
        + ("; the rest became delays on the arrows" if found.delays else ""),
    ]
    lines += [*_compared(found.calibration), *log.notes]
    if log.estimated:
        lines.append("times were estimated, so the durations are estimates too")
    first, last = log.span()
    if unseen := unseen_days(log.span()):
        lines.append(
            f"the log spans {(last - first) / 86400:.1f} days: what is open on {', '.join(_DAYS[day] for day in unseen)} is not "
            "known and was taken to be as on the days that it shows; edit the calendars"
        )
    if agreement.unsolved:
        lines.append(f"{agreement.unsolved} cases could not be aligned within the limit and are left out of both")
    return lines


def _compared(found: Calibration) -> list[str]:
    """Lead times of the log and of the sheet, and what was scaled to bring them together."""
    lines = []
    if found.simulated_h[1] and isfinite(found.simulated_h[1]):
        mine, theirs = (
            "mean {:.3g}, median {:.3g}, 95 % within {:.3g} h".format(*one) for one in (found.simulated_h, found.lead_h)
        )
        lines.append(
            f"lead time: log {theirs}; sheet {mine}; it ends {found.throughput:.0%} of the log's cases in its time"
        )
        if max(abs(a / b - 1) for a, b in zip(found.simulated_h[1:], found.lead_h[1:], strict=True) if b) > _FAR:
            lines.append(f"warning: the sheet's lead times lie more than {_FAR:.0%} beside the log's")
    if found.delay_factor != 1:
        lines.append(f"delays were multiplied by {found.delay_factor:.2g}, so that lead times agree")
    if found.work_factor != 1:
        lines.append(
            f"durations, which are estimates, were multiplied by {found.work_factor:.2g}: with longer ones its people would not finish "
            "as many cases as the log's did"
        )
    return lines


def report(log: Log, found: Discovery, title: str) -> str:
    """The page's text."""
    index, first, last = log.case_times()
    del index
    lead = (last - first) / 3600
    parts = [
        f"# {title}",
        "",
        *(f"- {line}" for line in summary(log, found)),
        f"- from {said(first.min())} to {said(last.max())}; lead time mean {lead.mean():.2f} h, median "
        f"{_share(lead, 0.5):.2f} h, 95 % within {_share(lead, 0.95):.2f} h",
        f"- arrivals: {_words(found.arrival)} open hours apart; calendar {found.sheet.arrival.calendar or 'always'}",
        "",
        "## Cells",
        "",
        "Distance: earth mover's, as a share of the mean. KS: Kolmogorov-Smirnov. Rework: visits that were not the first of "
        "their case. Delay: mean hours that a case waits although somebody was free. Pool: share of the visits done by it.",
        "",
        "| cell | visits | pool | share | hours of work | median | 95 % within | distance | KS | rework | delay, h: mean | median | "
        "95 % within | batches |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for cell in found.sheet.cells:
        name = cell.name
        one, delay, batch = found.durations[name], found.delays.get(name), found.batches.get(name)
        parts.append(
            f"| {_cell(name)} | {one.count} | {_cell(cell.role)} | {found.people.share[name]:.0%} | {_words(one)} | "
            f"{_tails(one)} | {one.relative:.3f} | {one.ks:.2f} | {found.rework[name]:.1%} | "
            f"{f'{delay.mean:.3g} | {_tails(delay)}' if delay else '0 | 0 | 0'} | "
            f"{f'{batch.share:.0%} {batch.kind}, {batch.size:.1f} each' if batch else ''} |"
        )
    parts += ["", "## People", "", "| pool | members | regular members | open hours a week | support | confidence |", "|---|---|---|---|---|---|"]  # fmt: skip
    parts += [
        f"| {_cell(pool.name)} | {len(pool.members)} | {pool.count} | {pool.week.hours:g} | {pool.week.support:.1%} | "
        f"{pool.week.confidence:.2f} |"
        for pool in found.people.pools
    ]
    if found.batches:
        parts += ["", "Batches are reported and not simulated: a sheet's cell takes one case at a time. Their waits are in the delays."]  # fmt: skip
    if found.conformance.deviations:
        parts += ["", "## Deviations between sheet and log", "", "| what | cases |", "|---|---|"]
        parts += [f"| {_cell(what)} | {count} |" for what, count in found.conformance.deviations]
    return "\n".join(parts) + "\n"


def _words(fit: Fit) -> str:
    return duration_words(fit.duration) + (f", mean {fit.mean:.4g}" if fit.duration.kind != "constant" else "")


def duration_words(duration: Duration) -> str:
    """``exponential 0.5``; of a table only that it is one."""
    if duration.kind == "table":
        return f"table of {len(duration.numbers)} quantiles"
    return " ".join([duration.kind, *(f"{n:.4g}" for n in duration.numbers)])


def _tails(fit: Fit) -> str:
    return " | ".join(f"{quantile(fit.duration, share):.3g}" for share in (0.5, 0.95))


def _share(values: object, share: float) -> float:
    import numpy as np

    return float(np.quantile(np.asarray(values), share))


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
