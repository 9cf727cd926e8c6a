"""A receipt for each case: what was on the screen, what was done, and what the system of record said before and after."""

import html
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from crewless.core.errors import StorageFull
from crewless.core.messages import Verdict
from crewless.core.results import receipt_name

_STYLE = """
:root{color-scheme:light dark;--line:#8884;--good:#1a7f37;--bad:#c62828;--over:#9a6700;--soft:#8881}
body{font:15px/1.5 system-ui,sans-serif;max-width:1180px;margin:2rem auto;padding:0 1rem}
h1{font-size:1.5rem;margin:.2rem 0}h2{font-size:1.1rem;margin:1.6rem 0 .5rem}
table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.35rem .6rem;border-bottom:1px solid var(--line);
vertical-align:top}th{font-weight:600}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}
.tag{display:inline-block;border-radius:1rem;padding:.1rem .7rem;color:#fff;font-weight:600}
.right{background:var(--good)}.wrong,.error{background:var(--bad)}.handed_over{background:var(--over)}
h3{font-size:1rem;margin:1rem 0 .3rem}h3.bad{color:var(--bad)}h1 .tag{font-size:1rem;vertical-align:middle}
td,li,p{overflow-wrap:break-word}td.n,td.one{white-space:nowrap}details{margin:.5rem 0}summary{cursor:pointer;opacity:.7}
.shots{display:grid;grid-template-columns:1fr 1fr;gap:1rem}.shots img{width:100%;border:1px solid var(--line)}
figure{margin:0}figcaption{opacity:.7}table.small{width:auto}
pre{background:var(--soft);padding:.7rem;overflow-x:auto;border-radius:.4rem;font-size:13px}
.quiet{opacity:.7}.changed{background:#f7c84533}
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Receipt:
    """What a receipt shows."""

    verdict: Verdict
    who: str
    seconds: float
    reason: str = ""
    steps: Sequence[Mapping[str, Any]] = ()
    """Lines of the worker's report: decision, applied."""
    before: np.ndarray | None = None
    """Shape (height, width, 3), uint8, RGB: the screen when the case began."""
    after: np.ndarray | None = None
    """The same when it ended."""
    restarts: Sequence[str] = ()
    """Why the case was begun anew, each time: body, worker or program had died and nothing of the case had been done."""
    extra: Mapping[str, str] = field(default_factory=dict)


def write_receipt(folder: Path, receipt: Receipt) -> Path:
    """Write ``<case>.html``, ``<case>.json`` and the screenshots; the page's path. Raises StorageFull."""
    case = receipt_name(receipt.verdict.case)
    folder.mkdir(parents=True, exist_ok=True)
    images = {"before": receipt.before, "after": receipt.after}
    shown = {name: f"{case}-{name}.png" for name, pixels in images.items() if pixels is not None}
    page = folder / f"{case}.html"
    try:
        for name, file in shown.items():
            _write_png(folder / file, images[name])
        record = {
            "case": receipt.verdict.case,
            "outcome": receipt.verdict.outcome,
            "claimed_done": receipt.verdict.claimed_done,
            "silent_wrong": receipt.verdict.silent_wrong,
            "who": receipt.who,
            "seconds": receipt.seconds,
            "reason": receipt.reason,
            "restarts": list(receipt.restarts),
            "evidence": receipt.verdict.evidence,
            "steps": list(receipt.steps),
        }
        (folder / f"{case}.json").write_text(json.dumps(record, default=str, indent=1), encoding="utf-8")
        page.write_text(_page(receipt, shown), encoding="utf-8")
    except OSError as error:
        raise StorageFull(f"cannot write the receipt {page}: {error.strerror}") from error
    return page


def write_index(folder: Path, title: str, rows: Sequence[Mapping[str, Any]], summary: str) -> Path:
    """Write ``index.html`` over all receipts in the folder.

    Args:
        folder: where the receipts are.
        title: the heading.
        rows: case, outcome, silent_wrong, who, seconds, reason of each receipt.
        summary: HTML that stands above the table.

    Raises:
        StorageFull: it cannot be written.
    """
    cells = "".join(
        f'<tr><td><a href="{receipt_name(str(row["case"]))}.html">{html.escape(str(row["case"]))}</a></td>'
        f"<td>{_tag(str(row['outcome']), bool(row['silent_wrong']))}</td><td>{html.escape(str(row['who']))}</td>"
        f'<td class="n">{row["seconds"]:.1f}</td><td>{html.escape(str(row["reason"]))}</td></tr>'
        for row in rows
    )
    body = (
        f"<h1>{html.escape(title)}</h1>{summary}<h2>Receipts</h2><table><tr><th>case</th><th>verdict</th>"
        f'<th>who</th><th class="n">seconds</th><th>why</th></tr>{cells}</table>'
    )
    path = folder / "index.html"
    try:
        path.write_text(_document(title, body), encoding="utf-8")
    except OSError as error:
        raise StorageFull(f"cannot write {path}: {error.strerror}") from error
    return path


def _page(receipt: Receipt, shown: Mapping[str, str]) -> str:
    verdict = receipt.verdict
    shots = "".join(
        f'<figure><a href="{file}"><img src="{file}" alt="the screen {name}"></a><figcaption>{name}</figcaption></figure>'
        for name, file in shown.items()
    )
    steps = "".join(_step_row(number, step) for number, step in enumerate(receipt.steps, 1))
    why = "Handed over: " if verdict.outcome == "handed_over" else ""
    reason = f"<p>{why}{html.escape(receipt.reason)}</p>" if receipt.reason else ""
    reason += "".join(f"<p>Begun anew: {html.escape(words)}</p>" for words in receipt.restarts)
    return _document(
        f"Case {verdict.case}",
        f'<p class="quiet"><a href="index.html">all receipts</a></p><h1>Case {html.escape(verdict.case)} '
        f"{_tag(verdict.outcome, verdict.silent_wrong)}</h1><p>{html.escape(receipt.who)}, {receipt.seconds:.1f} s, "
        f"{len(receipt.steps)} decisions, {'claimed done' if verdict.claimed_done else 'not claimed done'}</p>{reason}"
        f"<h2>What the system of record says</h2>{_evidence(verdict.evidence)}"
        f'<h2>The screen</h2><div class="shots">{shots}</div>'
        f'<h2>What was done</h2><table><tr><th class="n">#</th><th>action</th><th>target</th><th class="n">confidence</th>'
        f'<th class="n">settled ms</th><th>why</th></tr>{steps}</table>',
    )


def _evidence(evidence: Mapping[str, Any]) -> str:
    before, after, expected = (evidence.get(name) for name in ("before", "after", "expected"))
    parts, shown = [], set()
    for name, heading in (("faults", "Expected but missing"), ("unexpected", "Changed unexpectedly")):
        found = evidence.get(name)
        if isinstance(found, Sequence) and not isinstance(found, str):
            shown.add(name)
            if found:
                lines = "".join(f"<li>{html.escape(_line(one))}</li>" for one in found)
                parts.append(f'<h3 class="bad">{heading}</h3><ul>{lines}</ul>')
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        shown |= {"before", "after"}
        old, new = _flat(before), _flat(after)
        names = dict.fromkeys([*old, *new])
        changed = [name for name in names if old.get(name) != new.get(name)]
        parts.append(_compared(old, new, changed) if changed else "<p>Nothing of the declared rows has changed.</p>")
        if same := [name for name in names if name not in changed]:
            parts.append(f"<details><summary>{len(same)} unchanged</summary>{_compared(old, new, same)}</details>")
    if isinstance(expected, Mapping):
        shown.add("expected")
        rows = "".join(f"<tr><td>{html.escape(str(k))}</td><td>{_value(v)}</td></tr>" for k, v in expected.items())
        parts.append(
            "<h3>The right answer</h3>"
            + (f'<table class="small">{rows}</table>' if rows else "<p>hand the case over</p>")
        )
    rest = {k: v for k, v in evidence.items() if k not in shown}
    if rest:
        parts.append(f"<pre>{html.escape(json.dumps(rest, indent=1, default=str, ensure_ascii=False))}</pre>")
    return "".join(parts) or '<p class="quiet">nothing was read</p>'


def _compared(old: Mapping[str, Any], new: Mapping[str, Any], names: Sequence[str]) -> str:
    rows = "".join(
        f"<tr{'' if old.get(name) == new.get(name) else ' class=changed'}><td class=one>{html.escape(name)}</td>"
        f"<td>{_value(old.get(name))}</td><td>{_value(new.get(name))}</td></tr>"
        for name in names
    )
    return f"<table><tr><th></th><th>before</th><th>after</th></tr>{rows}</table>"


def _flat(tables: Mapping[str, Any]) -> dict[str, Any]:
    """A row of each table as ``table.column``; what is no row stays as it is."""
    flat: dict[str, Any] = {}
    for table, row in tables.items():
        if isinstance(row, Mapping):
            flat |= {f"{table}.{column}": value for column, value in row.items()}
        else:
            flat[str(table)] = row
    return flat


def _line(one: Any) -> str:
    if not (isinstance(one, Mapping) and "table" in one):
        return str(one)
    values = {when: one.get(when) for when in ("before", "after") if one.get(when)}
    key = ", ".join(map(str, one.get("key", ())))
    return f"{one['table']} {key}: {one.get('kind', '')} {json.dumps(values, default=str, ensure_ascii=False)}"


def _step_row(number: int, step: Mapping[str, Any]) -> str:
    decision, applied = step["decision"], step.get("applied")
    action = decision["action"]
    point = action.get("point")
    target = f"({point[0]}, {point[1]})" if point else ""
    took = ""
    if applied and applied.get("settled_s"):
        took = f"{(applied['settled_s'] - applied['dispatched_s']) * 1e3:.0f}"
    what = html.escape(f"{action['verb']} {action.get('text') or ''}".strip())
    return (
        f'<tr><td class="n">{number}</td><td>{what}</td><td class="one">{target}</td><td class="n">{decision.get("confidence", 1.0):.2f}</td>'
        f'<td class="n">{took}</td><td>{html.escape(decision.get("why", ""))}</td></tr>'
    )


def _tag(outcome: str, silent_wrong: bool) -> str:
    text = "silent wrong" if silent_wrong else outcome.replace("_", " ")
    return f'<span class="tag {outcome}">{text}</span>'


def _value(value: Any) -> str:
    return html.escape("" if value is None else str(value))


def _document(title: str, body: str) -> str:
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{html.escape(title)}</title>'
        f"<style>{_STYLE}</style><body>{body}</body></html>"
    )


def _write_png(path: Path, pixels: np.ndarray | None) -> None:
    import cv2

    if pixels is None:
        return
    done, data = cv2.imencode(".png", np.ascontiguousarray(pixels[:, :, ::-1]), [cv2.IMWRITE_PNG_COMPRESSION, 3])
    if not done:
        raise OSError(None, "the screenshot cannot be encoded")
    path.write_bytes(data.tobytes())
