"""From traces laid side by side to a job: pages, forms, branches, loops, and what is read on the way."""

from collections import Counter
from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from crewless.policy.job.formats import rank_of
from crewless.policy.job.program import (
    Drag,
    Expect,
    If,
    Job,
    Key,
    Person,
    Press,
    Read,
    Step,
    Type,
    Until,
    names_needed,
)  # fmt: skip
from crewless.policy.job.targets import Target, ground
from crewless.policy.job.values import Expression
from crewless.policy.job.view import View
from crewless.training.induce.alignment import align
from crewless.training.induce.draft import OFTEN, Draft, commonest, first
from crewless.training.induce.explained import DO, LEAVE, Known, condition, explained, guarded
from crewless.training.induce.expressions import Example, explain
from crewless.training.induce.forms import form
from crewless.training.induce.intents import Intent, Trace, is_entry
from crewless.training.induce.loops import loop_of
from crewless.training.induce.pages import frame_of_program, last_outcome, outcome, page, scroll_at
from crewless.training.induce.sources import Source
from crewless.training.induce.targets import Acted, target_from

_MOSTLY = 0.95
_MANY = 20
_PLAIN = 3.0
"""What an expression may cost that is believed to be what was looked for on the way."""


def induce(traces: Sequence[Trace], *, name: str = "") -> tuple[Job, Draft]:
    """The job that the traces show, and what was found on the way."""
    draft = Draft(align(traces))
    steps = with_reads(steps_of(draft), draft.sources, draft)
    slots = tuple(dict.fromkeys(slot for trace in traces for slot in trace.slots))
    job = Job(
        slots=slots, steps=tuple(steps), frame=frame_of_program(traces), done=last_outcome(traces), scroll_at=scroll_at(traces), demonstrations=len(traces),
        unexplained=tuple(dict.fromkeys(gap.about for gap in draft.gaps)), name=name,
    )  # fmt: skip
    return job, draft


def steps_of(draft: Draft) -> list[Step]:
    """The steps that all traces of a draft show."""
    demos = frozenset(range(len(draft.traces)))
    return [page(draft, -1), *_block(draft, 0, len(draft.columns), demos)]


def _block(draft: Draft, start: int, end: int, demos: frozenset[int]) -> list[Step]:
    """The steps of columns ``start`` to ``end``, all of which belong to the demonstrations ``demos``."""
    steps: list[Step] = []
    at = start
    while at < end:
        column = draft.columns[at]
        if is_entry(first(column)):
            stop = at
            while stop < end and is_entry(first(draft.columns[stop])):
                stop += 1
            steps += form(draft, range(at, stop), demos)
            at = stop
            continue
        own = frozenset(column.members) & demos
        if column.rounds:
            steps += [*loop_of(draft, at, demos, _round), page(draft, at)]
            at += 1
            continue
        if len(own) >= (_MOSTLY * len(demos) if len(demos) >= _MANY else len(demos)) or draft.is_odd(demos - own):
            steps += [*_lead(draft, at, demos), page(draft, at)]
            at += 1
            continue
        repeated = _stepped(draft, at, end, demos) or _repeated(draft, at, end, demos)
        if repeated is not None:
            steps.append(repeated[0])
            at = repeated[1]
            continue
        stop = at + 1
        while stop < end and own >= (members := frozenset(draft.columns[stop].members) & demos) and members:
            stop += 1
        other = stop
        while (
            other < end
            and not own & draft.columns[other].members.keys()
            and draft.columns[other].members.keys() & demos
        ):
            other += 1
        rest = frozenset(d for column in draft.columns[stop:other] for d in column.members) & demos
        both = (
            _alternatives(draft, (at, stop, other), own, rest, demos) if other > stop and own | rest == demos else None
        )
        if both is not None:
            steps += both
            at = other
            continue
        steps += _branch(draft, at, stop, own, demos)
        at = stop
    return steps


def _round(draft: Draft) -> list[Step]:
    """The steps of one round of a loop: its first page is the one on which the loop stands."""
    return with_reads(_block(draft, 0, len(draft.columns), frozenset(range(len(draft.traces)))), draft.sources, draft)


def _alternatives(
    draft: Draft, columns: tuple[int, int, int], own: frozenset[int], rest: frozenset[int], demos: frozenset[int]
) -> list[Step] | None:
    """Two ways on, of which each demonstration went one; None where no condition tells which."""
    start, stop, end = columns
    known = Known({d: draft.env(d, start) for d in demos}, draft.costs(), draft.optional(start), draft.slots)
    tree = condition({d: DO if d in own else LEAVE for d in sorted(demos)}, known)
    if tree is None:
        return None
    return guarded(tree, tuple(_block(draft, start, stop, own)), tuple(_block(draft, stop, end, rest)))


def _branch(draft: Draft, start: int, stop: int, own: frozenset[int], demos: frozenset[int]) -> list[Step]:
    """Steps that only some of the demonstrations have: where their target shows, or under a condition."""
    inner = tuple(_block(draft, start, stop, own))
    if _shows_exactly(draft, start, own, demos):
        return [If(None, inner)]
    known = Known({d: draft.env(d, start) for d in demos}, draft.costs(), draft.optional(start), draft.slots)
    tree = condition({d: DO if d in own else LEAVE for d in sorted(demos)}, known)
    if tree is None:
        about = f"{draft.said(start)}: when it is done"
        draft.miss(sorted(own), about)
        return [Person(about)]
    return guarded(tree, inner)


def _shows_exactly(draft: Draft, at: int, own: frozenset[int], demos: frozenset[int]) -> bool:
    """Whether the step's target is on the screen in just those demonstrations that do it."""
    target = draft.target(at, sorted(own), reads_text=True)
    if target is None:
        return False
    views = draft.visits[draft.page_before(at)].views
    return all(
        d in views
        and not any(
            ground(target, view, draft.env(d, at), draft.bands.get(d)) is not None
            for view in views[d][: _looks(target, views[d])]
        )
        for d in demos - own
    )


def _stepped(draft: Draft, at: int, end: int, demos: frozenset[int]) -> tuple[Step, int] | None:
    """What is pressed, forwards or back, until something beside it says what is wanted: a calendar's month, a counter. With the column
    behind it; None: nothing there says it."""
    columns = [at]
    if at + 1 < end and len(demos & draft.columns[at + 1].members.keys()) < len(demos):
        columns.append(at + 1)
    following = next(
        (c for c in range(at + 1, end) if len(demos & draft.columns[c].members.keys()) >= OFTEN * len(demos)), None
    )
    if (
        following is None
        or following - at > len(columns)
        or any(first(draft.columns[c]).kind != "press" for c in columns[: following - at])
    ):
        return None
    columns = columns[: following - at]
    targets = [draft.target(c, sorted(demos & draft.columns[c].members.keys()), reads_text=True) for c in columns]
    presses = [target for target in targets if target is not None]
    if len(presses) < len(columns):
        return None
    finals = {
        d: draft.traces[d].views[draft.columns[following].members[d][0].seen]
        for d in sorted(demos & draft.columns[following].members.keys())
    }
    for place in (-1, 1, -2, 2):
        acted: list[Acted] = []
        for d, view in finals.items():
            index = _beside(view, presses[0], place, draft.env(d, at))
            if index is not None:
                acted.append(Acted(view, index, None, draft.env(d, at)))
        texts = [one.view.elements[one.index].text for one in acted]
        if len(acted) < len(finals) or len(set(texts)) < 2:
            continue
        found = explain(
            [Example(one.env, text) for one, text in zip(acted, texts, strict=True)], tables=False, costs=draft.costs()
        )
        if not found or found[0].cost > _PLAIN:
            continue
        wanted = found[0].expression
        order = _order(draft, columns, presses, place, wanted)
        if order is None:
            continue
        shown = target_from(acted, reads_text=False)
        made = [
            Press(target=target, seen=len(draft.columns[c].members)) for c, target in zip(columns, presses, strict=True)
        ]
        back = None if len(made) == 1 else made[1 - order]
        if back is not None and shown is None:
            continue
        kinds = tuple(dict.fromkeys(one.view.elements[one.index].kind for one in acted))
        until = Until(
            target=Target(kinds=kinds, text=wanted, nth=0), press=made[order], back=back, shown=shown,
            seen=sum(len(draft.columns[c].members) for c in columns),
        )  # fmt: skip
        return until, following
    return None


def _beside(view: View, press: Target, place: int, env: Mapping[str, str]) -> int | None:
    """The text that stands so many places beside what is pressed, in its row."""
    hit = ground(press, view, env)
    if hit is None:
        return None
    x = view.elements[hit.index].box.x0
    level = [i for i in view.level_with(hit.index) if view.elements[i].text]
    right = [i for i in level if view.elements[i].box.x0 > x]
    left = [i for i in reversed(level) if view.elements[i].box.x0 < x]
    side = right if place > 0 else left
    return side[abs(place) - 1] if len(side) >= abs(place) else None


def _order(
    draft: Draft, columns: Sequence[int], presses: Sequence[Target], place: int, wanted: Expression
) -> int | None:
    """Which of the presses leads forwards; None where it is not so that each is made while what shows is not what is wanted yet, and
    only in its own direction."""
    ways: list[set[bool]] = [set() for _ in columns]
    for n, c in enumerate(columns):
        for d, intents in draft.columns[c].members.items():
            for intent in intents:
                view, env = draft.traces[d].views[intent.seen], draft.env(d, columns[0])
                index, value = _beside(view, presses[0], place, env), wanted.value(env)
                if index is None or value is None or view.elements[index].text == value:
                    return None
                now, then = rank_of(view.elements[index].text), rank_of(value)
                if now is not None and then is not None and now[0] == then[0]:
                    ways[n].add(now < then)
    if len(columns) == 1:
        return 0
    if ways[0] == {True} and ways[1] == {False}:
        return 0
    return 1 if ways[0] == {False} and ways[1] == {True} else None


def _looks(target: Target, views: Sequence[View]) -> int:
    """On how many screens of a page it is looked for: a row stands where it stood on the first one only."""
    return 1 if target.in_row else len(views)


def _repeated(draft: Draft, at: int, end: int, demos: frozenset[int]) -> tuple[Step, int] | None:
    """What some demonstrations press, once or more, until what all of them act on next shows; and the column behind it."""
    column = draft.columns[at]
    if first(column).kind not in ("press", "key"):
        return None
    following = next(
        (c for c in range(at + 1, end) if len(demos & draft.columns[c].members.keys()) >= OFTEN * len(demos)), None
    )
    if following is None:
        return None
    between = [draft.columns[c] for c in range(at + 1, following)]
    if any(c.symbol != column.symbol and len(demos & c.members.keys()) >= max(2.0, 0.1 * len(demos)) for c in between):
        return None
    after = sorted(demos & draft.columns[following].members.keys())
    target = draft.target(following, after, reads_text=not is_entry(first(draft.columns[following])))
    press = draft.target(at, sorted(demos & column.members.keys()), reads_text=True)
    if target is None or press is None:
        return None
    early = sum(
        any(
            ground(target, draft.traces[d].views[i.seen], draft.env(d, following)) is not None
            for i in column.members.get(d, [])
        )
        for d in after
    )
    if early > 0.1 * len(demos):
        return None
    return Until(
        target=target, press=Press(target=press, seen=len(column.members)), seen=len(column.members)
    ), following


def _lead(draft: Draft, at: int, demos: frozenset[int]) -> list[Step]:
    """A step that leads on."""
    column, about = draft.columns[at], draft.said(at)
    own = [d for d in sorted(column.members) if d in demos]
    kind = commonest([intent.kind for d in own for intent in column.members[d]])
    shows, commits = outcome(draft, at, own), _commits(draft, at)
    if kind == "key":
        chord = commonest([column.members[d][0].value for d in own if column.members[d][0].kind == "key"])
        into = [d for d in own if column.members[d][0].kind == "key" and column.members[d][0].element is not None]
        target = draft.target(at, into, reads_text=False) if into and not _only_beside(draft, at, into) else None
        return [Key(chord=chord, target=target, outcome=shows, commits=commits, seen=len(own))]
    if kind == "type":
        known = Known({d: draft.env(d, at) for d in own}, draft.costs(), draft.optional(at), draft.slots)
        value = explained({d: column.members[d][0].value for d in own}, (), known)
        if value is not None:
            return [Type(value=value, shown=_comes_up(draft, at, own), seen=len(own))]
        return _unclear(draft, own, f"{about}: what is typed")
    if kind == "drag":
        source, to = draft.target(at, own, reads_text=True), _dropped(draft, at, own)
        if source is not None and to is not None:
            return [Drag(source=source, to=to, outcome=shows, commits=True, seen=len(own))]
        return _unclear(draft, own, f"{about}: what is dragged where")
    same = [d for d in own if column.members[d][0].kind == kind]
    target = draft.target(at, same, reads_text=True)
    if target is None:
        return _unclear(draft, own, f"{about}: which one is pressed")
    verb = commonest([column.members[d][0].verb for d in same])
    press = Press(target=target, verb=verb, outcome=shows, commits=commits, seen=len(own))  # pyright: ignore[reportArgumentType]
    if any(len(column.members[d]) > 1 for d in own):
        following = next(
            (c for c in range(at + 1, len(draft.columns)) if set(own) <= draft.columns[c].members.keys()), None
        )
        until = (
            None
            if following is None
            else draft.target(following, own, reads_text=not is_entry(first(draft.columns[following])))
        )
        if until is not None:
            return [Until(target=until, press=press, seen=len(own))]
    return [press]


def _comes_up(draft: Draft, at: int, demos: Sequence[int]) -> bool:
    """Whether what was typed could be read afterwards."""
    typed = [(draft.traces[d].views, i) for d in demos for i in draft.columns[at].members[d][:1]]
    shown = [
        views[min(i.end, len(views) - 1)].count(i.value) > views[i.seen].count(i.value) for views, i in typed
    ]  # fmt: skip
    return sum(shown) >= OFTEN * len(shown)


def _dropped(draft: Draft, at: int, own: Sequence[int]) -> Target | None:
    """Where things are dragged: what stands there, or the heading under which they are let go."""
    drags = [(d, i) for d in own for i in draft.columns[at].members[d][:1] if i.drop is not None]
    headings = _headings(draft, drags)
    for find in (
        lambda draft, view, intent: _heading_over(headings, view, intent),
        lambda draft, view, intent: intent.to,
    ):
        acted = [
            Acted(view, found, i.drop, draft.env(d, at))
            for d, i in drags for view in (draft.traces[d].views[i.seen],) if (found := find(draft, view, i)) is not None
        ]  # fmt: skip
        target = target_from(acted, reads_text=True) if len(acted) >= 0.8 * len(own) else None
        if target is not None and target.text is not None:
            return target
    return None


def _only_beside(draft: Draft, at: int, demos: Sequence[int]) -> bool:
    """Whether the field that a key is pressed in could not be seen but by the text beside it: the focus is there still."""
    found = [(draft.traces[d].views[i.seen], i.element) for d in demos for i in draft.columns[at].members[d][:1]]
    return all(index is not None and view.elements[index].kind in ("text", "link") for view, index in found)


def _headings(draft: Draft, drags: Sequence[tuple[int, Intent]]) -> frozenset[tuple[str, int]]:
    """The texts that always stand in the same place, with their height on the screen, in eighths of a line."""
    places: Counter[tuple[str, int]] = Counter()
    for d, intent in drags:
        view = draft.traces[d].views[intent.seen]
        places.update({(text, view.elements[i].box.y0 // 4) for i, text in enumerate(view.plain_texts) if text})
    return frozenset(place for place, n in places.items() if n >= OFTEN * len(drags))


def _heading_over(headings: frozenset[tuple[str, int]], view: View, intent: Intent) -> int | None:
    """The heading of the column in which something is let go: of the lowest row of headings over it the one that begins left of it."""
    point = intent.drop
    if point is None:
        return None
    over = [
        i for i, e in enumerate(view.elements)
        if (view.plain_texts[i], e.box.y0 // 4) in headings and e.kind == "text" and e.box.y1 <= point.y and e.box.x0 <= point.x
    ]  # fmt: skip
    lowest = max((view.elements[i].box.y0 for i in over), default=0)
    row = [i for i in over if lowest - view.elements[i].box.y0 <= view.line]
    return max(row, key=lambda i: view.elements[i].box.x0, default=None)


def _unclear(draft: Draft, own: Sequence[int], about: str) -> list[Step]:
    draft.miss(own, about)
    return [Person(about)]


def _commits(draft: Draft, at: int) -> bool:
    """Whether the step may change the record: something was filled in before it on its page, or nothing comes after it."""
    filled = any(is_entry(first(draft.columns[c])) for c in range(draft.page_before(at) + 1, at))
    return (filled and at > draft.leads[0]) or at == draft.leads[-1]


def with_reads(steps: Sequence[Step], sources: Mapping[str, Source], draft: Draft) -> list[Step]:
    """The steps with the readings that they need, each behind the page where it stands."""
    needed = set(names_needed(steps))
    while True:
        more = {need for name in needed if name in sources for need in sources[name].needs} - needed
        if not more:
            return _read_in(steps, frozenset(needed), sources, draft)
        needed |= more


def _read_in(steps: Sequence[Step], needed: frozenset[str], sources: Mapping[str, Source], draft: Draft) -> list[Step]:
    out: list[Step] = []
    for step in steps:
        if isinstance(step, If):
            step = replace(
                step, steps=tuple(_read_in(step.steps, needed, sources, draft)),
                otherwise=tuple(_read_in(step.otherwise, needed, sources, draft)),
            )  # fmt: skip
        out.append(step)
        if isinstance(step, Expect):
            lead = draft.page_of(step)
            out += [
                Read(name, source.place, optional=not source.always)
                for name, source in sources.items() if source.visit == lead and name in needed
            ]  # fmt: skip
    return out
