"""From traces laid side by side to a job: targets, values, conditions, loops, and what tells that a step had its effect."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from msgspec.structs import replace

from crewless.policy.job.conditions import Either, Nothing, Value, names_of_value
from crewless.policy.job.places import Seen
from crewless.policy.job.program import (
    Drag, Expect, Form, If, Job, Judge, Key, Outcome, Person, Press, Read, Rows, Set, Step, Type, Until,
)  # fmt: skip
from crewless.policy.job.targets import Target, ground
from crewless.policy.job.values import Constant, Expression, Named
from crewless.policy.job.view import Band, View
from crewless.policy.texts import misread, plain
from crewless.training.induce.alignment import Alignment, Column, align
from crewless.training.induce.expressions import Example, explain
from crewless.training.induce.intents import Intent, Trace, is_entry, shown
from crewless.training.induce.judging import best_text
from crewless.training.induce.rules import Leaf, Ruled, Tree, classify, cost_of, learn_tree
from crewless.training.induce.sources import Source, Visit, joined_sources, page_sources, row_sources
from crewless.training.induce.targets import Acted, same_spot, target_from, value_target

OFTEN = 0.9
"""A text that shows in this share of the demonstrations shows always."""
_RARE = 0.08
"""A step in fewer demonstrations than this is a slip, where there are enough of them."""
_ENOUGH = 12
_ANCHORS = 8
_TEXT_WORDS = 3
JUDGED = -9
"""The page of what is judged and not read."""
_DO, _LEAVE = "do", "leave"
_PLAIN = 1.9
"""An expression that costs less is not measured against a tree of conditions."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that the demonstrations did and the job does not."""

    demonstration: int
    about: str


@dataclass(slots=True)
class Draft:
    """A job on its way."""

    alignment: Alignment
    visits: dict[int, Visit] = field(default_factory=dict[int, Visit])
    sources: dict[str, Source] = field(default_factory=dict[str, Source])
    steps: list[Step] = field(default_factory=list[Step])
    gaps: list[Gap] = field(default_factory=list[Gap])
    judged: dict[str, list[tuple[str, str]]] = field(default_factory=dict[str, list[tuple[str, str]]])
    """By name: the texts that were judged, and the answers."""


def induce(traces: Sequence[Trace], *, name: str = "") -> "tuple[Job, Draft]":
    """The job that the traces show, and what was found on the way."""
    draft = Draft(alignment=align(traces))
    _Inducer(draft).run()
    alignment = draft.alignment
    slots = tuple(dict.fromkeys(slot for trace in traces for slot in trace.slots))
    job = Job(
        slots=slots, steps=tuple(draft.steps), done=_last_outcome(alignment), scroll_at=_scroll_at(traces),
        demonstrations=len(traces), unexplained=tuple(dict.fromkeys(gap.about for gap in draft.gaps)), name=name,
    )  # fmt: skip
    return job, draft


class _Inducer:
    """Walks over the columns of an alignment and writes the steps."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self.traces = draft.alignment.traces
        self.common = draft.alignment.common
        self.columns = [column for column in draft.alignment.columns if not self._rare(column)]
        self.slots = {d: trace.slots for d, trace in enumerate(self.traces)}
        self.leads = [at for at, column in enumerate(self.columns) if not is_entry(_any(column))]
        self._texts: dict[int, Counter[str]] = {}
        self.lead_of: dict[int, int] = {}

    def run(self) -> None:
        self.draft.visits = {at: self._visit(at) for at in (-1, *self.leads)}
        self.draft.steps = self._block(0, len(self.columns), frozenset(range(len(self.traces))), first=True)
        self.draft.steps = self._with_reads(self.draft.steps)

    # Structure

    def _rare(self, column: Column) -> bool:
        count = len(self.draft.alignment.traces)
        rare = count >= _ENOUGH and len(column.members) < max(2.0, _RARE * count)
        if rare:
            for d in column.members:
                self.draft.gaps.append(Gap(d, f"{_said(self.draft.alignment, column)}: in {len(column.members)} of {count} demonstrations"))
        return rare

    def _visit(self, lead: int) -> Visit:
        """The screens between one step that leads on and the next, of each demonstration that has it."""
        visit = Visit(lead)
        for d, trace in enumerate(self.traces):
            if lead >= 0 and d not in self.columns[lead].members:
                continue
            start = 0 if lead < 0 else self.columns[lead].members[d][-1].end
            later = [self.columns[at].members[d][0].seen for at in self.leads if at > lead and d in self.columns[at].members]
            last = later[0] if later else len(trace.views) - 1
            visit.views[d] = list(trace.views[start : max(last, start) + 1])
        return visit

    def _block(self, start: int, end: int, demos: frozenset[int], *, first: bool = False) -> list[Step]:
        """The steps of columns ``start`` to ``end``, all of which belong to the demonstrations ``demos``."""
        steps: list[Step] = []
        if first:
            steps += self._page(-1)
        at = start
        while at < end:
            column = self.columns[at]
            if is_entry(_any(column)):
                stop = at
                while stop < end and is_entry(_any(self.columns[stop])):
                    stop += 1
                steps += self._form(range(at, stop), demos)
                at = stop
                continue
            own = frozenset(column.members) & demos
            if len(own) >= (0.95 * len(demos) if len(demos) >= 20 else len(demos)):
                steps += self._lead(at, demos)
                at += 1
                continue
            repeated = self._repeated(at, end, demos)
            if repeated is not None:
                steps.append(repeated[0])
                at = repeated[1]
                continue
            stop = at + 1
            while stop < end and self._belongs(stop, own, demos):
                stop += 1
            steps += self._branch(at, stop, own, demos)
            at = stop
        return steps

    def _repeated(self, at: int, end: int, demos: frozenset[int]) -> tuple[Step, int] | None:
        """What some demonstrations press, once or more, until what all of them act on next shows; and the column behind it."""
        column = self.columns[at]
        if _any(column).kind not in ("press", "key"):
            return None
        symbol = column.symbol
        following = next((c for c in range(at + 1, end) if len(set(self.columns[c].members) & demos) >= OFTEN * len(demos)), None)
        if following is None or any(self.columns[c].symbol != symbol and not self._rare_in(c, demos) for c in range(at + 1, following)):
            return None
        target = self._target(following, [d for d in sorted(self.columns[following].members) if d in demos], reads_text=not is_entry(_any(self.columns[following])))
        press = self._target(at, sorted(set(column.members) & demos), reads_text=True)
        if target is None or press is None:
            return None
        wrong = 0
        for d in sorted(demos & set(self.columns[following].members)):
            seen = [self.traces[d].views[i.seen] for i in column.members.get(d, [])]
            wrong += any(ground(target, view, self._env(d, following)) is not None for view in seen)
        if wrong > 0.1 * len(demos):
            return None
        step = Press(target=press, seen=len(column.members))
        return Until(target=target, press=step, seen=len(column.members)), following

    def _rare_in(self, at: int, demos: frozenset[int]) -> bool:
        return len(set(self.columns[at].members) & demos) < max(2.0, 0.1 * len(demos))

    def _belongs(self, at: int, own: frozenset[int], demos: frozenset[int]) -> bool:
        members = frozenset(self.columns[at].members) & demos
        return bool(members) and members <= own

    def _branch(self, start: int, stop: int, own: frozenset[int], demos: frozenset[int]) -> list[Step]:
        inner = self._block(start, stop, own)
        cases = [Ruled(self._env(d, start), _DO if d in own else _LEAVE) for d in sorted(demos)]
        optional = self._optional(start)
        if self._shows_exactly(start, own, demos):
            return [If(None, tuple(inner))]
        tree = learn_tree(cases, optional, given=tuple(self.slots[0]))
        if tree is None:
            about = f"{_said(self.draft.alignment, self.columns[start])}: when it is done"
            self.draft.gaps += [Gap(d, about) for d in sorted(own)]
            return [Person(about)]
        test = _as_value(tree, {_DO: Constant(_DO), _LEAVE: Constant(_LEAVE)})
        return _guarded(test, tuple(inner))

    def _shows_exactly(self, at: int, own: frozenset[int], demos: frozenset[int]) -> bool:
        """Whether the step's target is on the screen in just those demonstrations that do it."""
        column = self.columns[at]
        target = self._target(at, sorted(own), reads_text=True)
        if target is None:
            return False
        before = max((lead for lead in self.leads if lead < at), default=-1)
        for d in demos - own:
            views = self.draft.visits[before].views.get(d)
            if views is None:
                return False
            if any(ground(target, view, self._env(d, at)) is not None for view in views):
                return False
        return bool(column.members)

    # One page

    def _page(self, lead: int) -> list[Step]:
        visit = self.draft.visits[lead]
        for source in page_sources(
            visit, self.slots, self.common, self.draft.alignment.fixed, tuple(self.draft.sources.values())
        ):
            name = source.name
            number = 2
            while name in self.draft.sources or name in self.slots[0]:
                name, number = f"{source.name} ({number})", number + 1
            self.draft.sources[name] = Source(
                name=name, place=source.place, visit=lead, values=source.values, always=source.always, cost=source.cost,
                needs=source.needs,
            )  # fmt: skip
        anchors, slots = self._anchors(lead)
        made = Expect(anchors=anchors, slots=slots, known=self._known(visit))
        self.lead_of[id(made)] = lead
        return [made]

    def _anchors(self, lead: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
        visit = self.draft.visits[lead]
        count = len(visit.views)
        here = self._shown_first(lead)
        elsewhere: Counter[str] = Counter()
        for other in (at for at in self.draft.visits if at != lead):
            for text, n in self._shown_first(other).items():
                elsewhere[text] = max(elsewhere[text], round(100 * n / max(1, len(self.draft.visits[other].views))))
        # Where the work begins depends on how the case before ended: only what is there in every demonstration counts.
        least = count if lead < 0 else OFTEN * count
        always = [text for text, n in here.items() if n >= least and len(text) > 1]
        order = {plain(e.text): i for i, e in enumerate(next(iter(visit.views.values()))[0].elements)} if count else {}
        always.sort(key=lambda text: (elsewhere[text] >= 50, order.get(text, 999)))
        spelled = {plain(e.text): e.text for views in visit.views.values() for e in views[0].elements}
        slots = tuple(
            name for name in self.slots[0]
            if count and sum(views[0].shows(self.slots[d].get(name, ""), at_least=1.1) for d, views in visit.views.items()) >= 0.95 * count
        )  # fmt: skip
        return tuple(spelled[text] for text in always[:_ANCHORS]), slots

    def _shown_first(self, lead: int) -> Counter[str]:
        """In how many demonstrations each text shows when the page has come."""
        if lead not in self._texts:
            views = self.draft.visits[lead].views.values()
            self._texts[lead] = Counter(text for shown in views for text in {t for t in shown[0].plain_texts if t})
        return self._texts[lead]

    def _known(self, visit: Visit) -> tuple[str, ...]:
        """What could be pressed on the page in some demonstration."""
        kinds = ("button", "link", "tab", "icon")
        found = {
            view.plain_texts[i] for views in visit.views.values() for view in views
            for i, e in enumerate(view.elements) if e.kind in kinds and view.plain_texts[i] in self.common
        }  # fmt: skip
        return tuple(sorted(found))

    # Values

    def _form(self, columns: Iterable[int], demos: frozenset[int]) -> list[Step]:
        entries: list[Set] = []
        rows: list[Step] = []
        judges: list[Step] = []
        for at in columns:
            column = self.columns[at]
            in_rows = self.draft.alignment.symbols[column.symbol].rows
            gaps = len(self.draft.gaps)
            made = self._rows(at, demos) if in_rows else self._entry(at, demos)
            if in_rows:
                once = all(len(intents) == 1 for intents in column.members.values())
                if not (once and len(self.draft.gaps) > gaps):
                    rows += made
                    continue
                # One a demonstration, and no rows that would be understood: a widget like any other.
                del self.draft.gaps[gaps:]
                made = self._entry(at, demos)
            if isinstance(made, Set):
                entries.append(made)
            else:
                judges += made[:-1]
                last = made[-1]
                assert isinstance(last, (Form, Person))
                if isinstance(last, Form):
                    entries += last.entries
                else:
                    rows.append(last)
        form: list[Step] = [Form(tuple(entries))] if entries else []
        return [*judges, *form, *rows]

    def _entry(self, at: int, demos: frozenset[int]) -> "Set | list[Step]":
        column = self.columns[at]
        own = [d for d in sorted(column.members) if d in demos]
        absent = [d for d in sorted(demos) if d not in column.members]
        kind = _any(column).kind
        set_kind = "text" if kind == "text" else "toggle" if kind == "toggle" else "choice"
        is_radio = self.draft.alignment.symbols[column.symbol].group
        target = self._target(at, own, reads_text=kind == "toggle") if not is_radio else self._radio_target(at, own)
        about = _said(self.draft.alignment, column)
        if target is None:
            self.draft.gaps += [Gap(d, f"{about}: where it stands") for d in own]
            return [Person(f"{about}: where it stands")]
        optional = bool(absent) and not is_radio and self._widget_missing(at, target, absent)
        values = {d: column.members[d][-1].value for d in own}
        envs = {d: self._env(d, at) for d in (*own, *absent)}
        value = None
        held = {} if optional or is_radio or not absent else self._held(at, target, absent, kind)
        if len(held) == len(absent) and absent and (kind == "toggle" or all(held.values())):
            # Those who left it alone found it as it should be.
            value = self._value({**values, **held}, {}, envs, at)
        if value is None:
            value = self._value(values, {} if optional else {d: envs[d] for d in absent}, envs, at)
        if value is not None:
            return Set(target=target, kind=set_kind, value=value, optional=optional, seen=len(own))
        distinct = Counter(values.values())
        few = 2 <= len(distinct) <= max(2, len(own) // 2)
        if (kind in ("choice", "text") and few) or (kind == "toggle" and absent):
            answers = {d: values.get(d, "") for d in (*own, *([] if optional else absent))}
            judged = self._judge(about, answers, at)
            if judged is not None:
                said: Value = Named(judged.name)
                return [judged, Form((Set(target=target, kind=set_kind, value=said, optional=optional, seen=len(own)),))]
        self.draft.gaps += [Gap(d, f"{about}: “{values[d]}”") for d in own]
        return [Person(f"{about}, such as “{next(iter(values.values()), '')}”")]

    def _held(self, at: int, target: Target, demos: Sequence[int], kind: str) -> dict[int, str]:
        """What a widget shows in demonstrations that left it alone, where it is on a screen of the page."""
        before = max((lead for lead in self.leads if lead < at), default=-1)
        found: dict[int, str] = {}
        for d in demos:
            for view in self.draft.visits[before].views.get(d, []):
                hit = ground(target, view, self._env(d, at))
                if hit is not None:
                    element = view.elements[hit.index]
                    found[d] = ("on" if "checked" in element.state else "off") if kind == "toggle" else shown(element)
                    break
        return found

    def _judge(self, about: str, answers: Mapping[int, str], at: int) -> Judge | None:
        """Which text tells the answer best, judged by texts that it was not learnt from; None: there is no text."""
        texts = {
            name: {d: source.values[d] for d in answers}
            for name, source in self.draft.sources.items()
            if source.visit < at and source.always and all(d in source.values for d in answers)
            and sum(len(source.values[d].split()) for d in answers) >= _TEXT_WORDS * len(answers)
        }  # fmt: skip
        best = best_text(texts, answers)
        if best is None:
            return None
        name, number = f"judged {about}", 2
        while name in self.draft.sources:
            name, number = f"judged {about} {number}", number + 1
        self.draft.judged[name] = [(texts[best][d], answers[d]) for d in sorted(answers)]
        self.draft.sources[name] = Source(
            name=name, place=Seen(""), visit=JUDGED, values=dict(answers), always=len(answers) == len(self.traces), cost=0.4
        )
        return Judge(name=name, of=Named(best), answers=tuple(sorted(set(answers.values()))))

    def _value(
        self, values: Mapping[int, str], absent: Mapping[int, Mapping[str, str]], envs: Mapping[int, Mapping[str, str]], at: int
    ) -> Value | None:  # fmt: skip
        """A value that gives what was given in each demonstration, and nothing where nothing was; None: there is none."""
        return self._explained(values, absent, envs, self._costs(), self._optional(at))

    def _explained(
        self, values: Mapping[Any, str], absent: Mapping[Any, Mapping[str, str]], envs: Mapping[Any, Mapping[str, str]],
        costs: Mapping[str, float], optional: Sequence[str],
    ) -> Value | None:  # fmt: skip
        """The plainest of: one expression for all (and a condition for those where nothing is given), a tree of constants."""
        found = explain([Example(envs[key], values[key]) for key in values], costs=costs) if values else []
        expression = found[0] if found else None
        given = tuple(self.slots[0])
        if expression is not None and not absent and expression.cost < _PLAIN:
            return expression.expression
        distinct = set(values.values())
        tree: Tree | None = None
        if len(distinct) <= max(2, len(values) // 2):
            cases = [Ruled(envs[key], f"={values[key]}") for key in values] + [Ruled(env, _LEAVE) for env in absent.values()]
            tree = learn_tree(cases, optional, given=given)
        if expression is not None and (not absent):
            if tree is None or expression.cost <= cost_of(tree):
                return expression.expression
        elif expression is not None:
            cases = [Ruled(envs[key], _DO) for key in values] + [Ruled(env, _LEAVE) for env in absent.values()]
            when = learn_tree(cases, optional, given=given)
            if when is not None and (tree is None or cost_of(when) + expression.cost <= cost_of(tree)):
                return _as_value(when, {_DO: expression.expression, _LEAVE: Nothing()})
        if tree is None:
            return None
        return _as_value(tree, {_LEAVE: Nothing(), **{f"={text}": Constant(text) for text in distinct}})

    def _costs(self) -> dict[str, float]:
        return {name: source.cost + (0 if source.always else 0.3) for name, source in self.draft.sources.items()}

    def _expression(self, examples: Sequence[Example]) -> Expression | None:
        found = explain(examples, costs=self._costs())
        return found[0].expression if found else None

    # Rows

    def _rows(self, at: int, demos: frozenset[int]) -> list[Step]:
        column = self.columns[at]
        own = [d for d in sorted(column.members) if d in demos]
        about = _said(self.draft.alignment, column)
        rows: dict[object, tuple[View, Band]] = {}
        acted: dict[object, Intent] = {}
        marks: dict[object, int] = {}
        for d in own:
            for key, view, index in self._siblings(d, column):
                rows[d, key] = (view, view.band_of(index))
                marks[d, key] = index
            own_keys = [key[1] for key in rows if isinstance(key, tuple) and key[0] == d]
            for intent in column.members[d]:
                if intent.element is not None:
                    key = _row_key(self.traces[d].views[intent.seen], intent.element)
                    acted[d, _same_row(key, own_keys) or key] = intent
        marker = target_from(
            [Acted(rows[k][0], marks[k], None, {}) for k in rows], reads_text=False, choose=True
        ) if rows else None  # fmt: skip
        base = self._marker(at, rows, marks)
        inner = self._in_row_target(at, rows, acted, base)
        if base is None or inner is None or any(key not in rows for key in acted):
            self.draft.gaps += [Gap(d, f"{about}: which rows") for d in own]
            return [Person(f"{about}: which rows")]
        sources = row_sources(rows, self.draft.alignment.fixed)
        joined = joined_sources(sources, {k: (view, band) for k, (view, band) in rows.items()}, self.draft.alignment.fixed, at)
        local = {source.name: source for source in (*sources, *joined)}
        envs: dict[object, dict[str, str]] = {}
        for key in rows:
            d = key[0] if isinstance(key, tuple) else key
            assert isinstance(d, int)
            envs[key] = {**self._env(d, at), **{n: s.values[key] for n, s in local.items() if key in s.values}}
        kind = _any(column).kind
        values = {key: intent.value for key, intent in acted.items()}
        absent = {key: envs[key] for key in rows if key not in acted}
        if kind == "toggle":
            for key in absent:
                values[key] = "on" if "checked" in rows[key][0].elements[marks[key]].state else "off"
            absent = {}
        costs = {**self._costs(), **{name: source.cost for name, source in local.items()}}
        optional = [name for name, source in local.items() if not source.always] + self._optional(at)
        value = self._explained(values, absent, envs, costs, optional)
        if value is None:
            self.draft.gaps += [Gap(d, f"{about}: what is done in a row") for d in own]
            return [Person(f"{about}: what is done in a row")]
        needed = _closed(names_of_value(value), local)
        reads = [Read(s.name, s.place, optional=not s.always) for s in local.values() if s.name in needed]
        set_kind = "text" if kind == "text" else "toggle" if kind == "toggle" else "choice"
        entry = Set(target=inner, kind=set_kind, value=value, seen=len(acted))
        return [Rows(marker=base, steps=(*reads, Form((entry,))), seen=len(own))]

    def _siblings(self, d: int, column: Column) -> list[tuple[tuple[str, ...], View, int]]:
        """Every row of the demonstration's table, seen once, on the first screen that showed it, no open list over it."""
        found: list[tuple[tuple[str, ...], View, int]] = []
        intents = column.members[d]
        views = self.traces[d].views[min(i.seen for i in intents) : max(i.seen for i in intents) + 1]
        first = intents[0]
        assert first.element is not None
        kind = self.traces[d].views[first.seen].elements[first.element].kind
        fewest = min(sum(e.kind == "option" for e in view.elements) for view in views)
        for view in views:
            if sum(e.kind == "option" for e in view.elements) > fewest:
                continue
            anchor = next(
                (i for i, e in enumerate(view.elements) if e.kind == kind and abs(e.box.centre.x - self._x(d, first)) <= 6), None
            )
            for i in view.alike(anchor) if anchor is not None else ():
                key = _row_key(view, i)
                if key and _same_row(key, [other for other, _, _ in found]) is None:
                    found.append((key, view, i))
        return found

    def _x(self, d: int, intent: Intent) -> int:
        assert intent.element is not None
        return self.traces[d].views[intent.seen].elements[intent.element].box.centre.x

    def _marker(self, at: int, rows: Mapping[object, tuple[View, Band]], marks: Mapping[object, int]) -> Target | None:
        """What every row has one of: the widget itself, under its heading or alone."""
        column = self.draft.alignment.symbols[self.columns[at].symbol].column
        kinds = Counter(rows[key][0].elements[marks[key]].kind for key in rows)
        spelled = next(
            (e.text for view, _ in rows.values() for e in view.elements if plain(e.text) == column), column
        ) if column else ""  # fmt: skip
        texts = {plain(rows[key][0].elements[marks[key]].text) for key in rows}
        own = next(iter(texts)) if len(texts) == 1 and kinds.most_common(1)[0][0] in ("button", "link") else ""
        if not kinds:
            return None
        at_x = [rows[key][0].elements[marks[key]].box.centre.x / max(1, rows[key][0].observation.width) for key in rows]
        return Target(
            kinds=tuple(kinds), text=Constant(own) if own else None, column=spelled,
            place=(round(sorted(at_x)[len(at_x) // 2], 3), 0.5),
        )  # fmt: skip

    def _in_row_target(
        self, at: int, rows: Mapping[object, tuple[View, Band]], acted: Mapping[object, Intent], marker: Target | None
    ) -> Target | None:
        if marker is None:
            return None
        return replace(marker, in_row=True)

    # Steps that lead on

    def _lead(self, at: int, demos: frozenset[int]) -> list[Step]:
        column = self.columns[at]
        own = [d for d in sorted(column.members) if d in demos]
        about = _said(self.draft.alignment, column)
        counts = Counter(intent.kind for d in own for intent in column.members[d])
        kind = counts.most_common(1)[0][0]
        outcome = self._outcome(at, own)
        commits = self._commits(at, own)
        page = self._page(at)
        if kind == "key":
            chord = Counter(column.members[d][0].value for d in own if column.members[d][0].kind == "key").most_common(1)[0][0]
            into = [d for d in own if column.members[d][0].kind == "key" and column.members[d][0].element is not None]
            target = self._target(at, into, reads_text=False) if into else None
            return [Key(chord=chord, target=target, outcome=outcome, commits=commits, seen=len(own)), *page]
        if kind == "type":
            value = self._expression([Example(self._env(d, at), column.members[d][0].value) for d in own])
            if value is None:
                self.draft.gaps += [Gap(d, f"{about}: “{column.members[d][0].value}”") for d in own]
                return [Person(about), *page]
            return [Type(value=value, seen=len(own)), *page]
        if kind == "drag":
            return [self._drag(at, own, about, outcome), *page]
        same = [d for d in own if column.members[d][0].kind == kind]
        target = self._target(at, same, reads_text=True)
        if target is None:
            self.draft.gaps += [Gap(d, f"{about}: which one is pressed") for d in own]
            return [Person(f"{about}: which one is pressed"), *page]
        verb = Counter(column.members[d][0].verb for d in same).most_common(1)[0][0]
        press = Press(target=target, verb=verb, outcome=outcome, commits=commits, seen=len(own))  # pyright: ignore[reportArgumentType]
        if any(len(column.members[d]) > 1 for d in own):
            repeated = self._until(at, own, press)
            if repeated is not None:
                return [repeated, *page]
        return [press, *page]

    def _drag(self, at: int, own: Sequence[int], about: str, outcome: Outcome) -> Step:
        column = self.columns[at]
        source = self._target(at, own, reads_text=True)
        dropped = [
            Acted(self.traces[d].views[i.seen], i.to, i.drop, self._env(d, at))
            for d in own for i in column.members[d][:1] if i.to is not None
        ]  # fmt: skip
        to = target_from(dropped, reads_text=True) if len(dropped) >= 0.8 * len(own) else None
        if source is None or to is None:
            self.draft.gaps += [Gap(d, f"{about}: what is dragged where") for d in own]
            return Person(f"{about}: what is dragged where")
        return Drag(source=source, to=to, outcome=outcome, commits=True, seen=len(own))

    def _until(self, at: int, own: Sequence[int], press: Press) -> Step | None:
        """Pressed again and again until the next step's target shows."""
        following = next((c for c in range(at + 1, len(self.columns)) if set(own) <= set(self.columns[c].members)), None)
        if following is None:
            return None
        target = self._target(following, list(own), reads_text=not is_entry(_any(self.columns[following])))
        return None if target is None else Until(target=target, press=press, seen=len(own))

    def _commits(self, at: int, own: Sequence[int]) -> bool:
        """Whether the step may change the record: something was filled in before it on its page, or nothing comes after it."""
        before = max((lead for lead in self.leads if lead < at), default=-1)
        filled = any(is_entry(_any(self.columns[c])) for c in range(before + 1, at))
        return filled and at > self.leads[0] or at == self.leads[-1]

    def _outcome(self, at: int, own: Sequence[int]) -> Outcome:
        came: Counter[str] = Counter()
        went: Counter[str] = Counter()
        slots: Counter[str] = Counter()
        spelled: dict[str, str] = {}
        for d in own:
            intent = self.columns[at].members[d][-1]
            views = self.traces[d].views
            before = views[intent.steps[0]] if intent.steps else views[intent.seen]
            after = views[min(intent.end, len(views) - 1)]
            a, b = {t for t in before.plain_texts if len(t) > 1}, {t for t in after.plain_texts if len(t) > 1}
            came.update(b - a)
            went.update(a - b)
            for e in (*before.elements, *after.elements):
                spelled.setdefault(plain(e.text), e.text)
            for name, value in self.slots[d].items():
                slots[name] += value != "" and after.shows(value, at_least=1.1) and not before.shows(value, at_least=1.1)
        return Outcome(
            shows=tuple(spelled[t] for t, n in came.most_common(6) if n >= OFTEN * len(own)),
            gone=tuple(spelled[t] for t, n in went.most_common(3) if n >= OFTEN * len(own)),
            slots=tuple(name for name, n in slots.items() if n >= OFTEN * len(own)),
        )

    # Targets and what is known

    def _target(self, at: int, demos: Sequence[int], *, reads_text: bool) -> Target | None:
        column = self.columns[at]
        acted = []
        for d in demos:
            for intent in column.members[d][:1]:
                if intent.element is not None:
                    acted.append(Acted(self.traces[d].views[intent.seen], intent.element, intent.point, self._env(d, at)))
        if not acted or len(acted) < 0.8 * len(demos):
            return None
        return target_from(acted, reads_text=reads_text)

    def _radio_target(self, at: int, demos: Sequence[int]) -> Target | None:
        """Any radio of the group: its text is the value."""
        column = self.columns[at]
        labels: Counter[str] = Counter()
        for d in demos:
            intent = column.members[d][-1]
            if intent.element is not None:
                labels[self.traces[d].views[intent.seen].elements[intent.element].label] += 1
        return Target(kinds=("radio",))

    def _widget_missing(self, at: int, target: Target, absent: Sequence[int]) -> bool:
        """Whether the widget is on no screen of those demonstrations that leave it alone."""
        before = max((lead for lead in self.leads if lead < at), default=-1)
        for d in absent:
            for view in self.draft.visits[before].views.get(d, []):
                if ground(target, view, self._env(d, at)) is not None:
                    return False
        return True

    def _env(self, d: int, at: int) -> dict[str, str]:
        """What a demonstration has shown before a column."""
        env = dict(self.slots[d])
        for name, source in self.draft.sources.items():
            if source.visit < at and d in source.values:
                env[name] = source.values[d]
        return env

    def _optional(self, at: int) -> list[str]:
        return [name for name, source in self.draft.sources.items() if source.visit < at and not source.always]

    # Reading what is needed

    def _with_reads(self, steps: Sequence[Step]) -> list[Step]:
        return self._read_in(steps, _closed(_needed(steps), self.draft.sources))

    def _read_in(self, steps: Sequence[Step], needed: frozenset[str]) -> list[Step]:
        out: list[Step] = []
        for step in steps:
            if isinstance(step, If):
                step = replace(
                    step, steps=tuple(self._read_in(step.steps, needed)),
                    otherwise=tuple(self._read_in(step.otherwise, needed)),
                )  # fmt: skip
            out.append(step)
            if isinstance(step, Expect):
                lead = self.lead_of.get(id(step))
                out += [
                    Read(name, source.place, optional=not source.always)
                    for name, source in self.draft.sources.items() if source.visit == lead and name in needed
                ]  # fmt: skip
        return out


def _needed(steps: Sequence[Step]) -> frozenset[str]:
    """The names that steps use."""
    found: set[str] = set()

    def of_target(target: Target | None) -> None:
        if target is None:
            return
        for value in (target.text, target.row):
            if value is not None:
                found.update(names_of_value(value))

    for step in steps:
        match step:
            case Form(entries):
                for entry in entries:
                    of_target(entry.target)
                    found.update(names_of_value(entry.value))
            case Press():
                of_target(step.target)
            case Key():
                of_target(step.target)
            case Type(value):
                found.update(names_of_value(value))
            case If(test, inner, otherwise):
                if test is not None:
                    found.update(names_of_value(test))
                found |= _needed(inner) | _needed(otherwise)
            case Rows(marker, inner):
                of_target(marker)
                found |= _needed(inner)
                for each in inner:
                    if isinstance(each, Read):
                        key = getattr(each.place, "key", None)
                        if key is not None:
                            found.update(names_of_value(key))
            case Until(target, _):
                of_target(target)
            case Judge(_, of, _):
                found.update(names_of_value(of))
            case _:
                pass
    return frozenset(found)


def _closed(names: frozenset[str], sources: Mapping[str, Source]) -> frozenset[str]:
    """With what must be read before they can be."""
    found = set(names)
    while True:
        more = {need for name in found if name in sources for need in sources[name].needs} - found
        if not more:
            return frozenset(found)
        found |= more


def _as_value(tree: Tree, leaves: Mapping[str, Value]) -> Value:
    if isinstance(tree, Leaf):
        return leaves[tree.label]
    return Either(tree.test, _as_value(tree.yes, leaves), _as_value(tree.no, leaves))


def _guarded(value: Value, inner: tuple[Step, ...]) -> list[Step]:
    """Steps under the conditions that lead to “do”."""
    if isinstance(value, Either):
        yes, no = _guarded(value.yes, inner), _guarded(value.no, inner)
        return [If(value.test, tuple(yes), tuple(no))]
    return list(inner) if value == Constant(_DO) else []


def _any(column: Column) -> Intent:
    return next(iter(column.members.values()))[0]


def _row_key(view: View, index: int) -> tuple[str, ...]:
    """What tells one row of a table from the others: its texts."""
    band = view.band_of(index)
    return tuple(view.plain_texts[i] for i in view.in_band(band) if view.elements[i].kind in ("text", "link"))


def _same_row(key: tuple[str, ...], keys: Sequence[tuple[str, ...]]) -> tuple[str, ...] | None:
    """The row that has the same texts, a misread one allowed."""
    if key in keys:
        return key
    for other in keys:
        if len(other) == len(key):
            alike_ = sum(a == b or misread(a, b) or (len(a) == len(b) == 1) for a, b in zip(key, other, strict=True))
            equal = sum(a == b for a, b in zip(key, other, strict=True))
            if alike_ == len(key) and equal >= 0.5 * len(key):
                return other
    return None


def _said(alignment: Alignment, column: Column) -> str:
    """A name for a step, for a person."""
    symbol = alignment.symbols[column.symbol]
    name = (symbol.names[0] if symbol.names else "") or symbol.text or symbol.column
    if symbol.group:
        name = "choice of " + "/".join(sorted(symbol.group)[:3])
    return name or f"{symbol.kind} of a {symbol.family or 'place'}"


def _last_outcome(alignment: Alignment) -> Outcome:
    """What the last screens have in common that the first have not."""
    last: Counter[str] = Counter()
    first: Counter[str] = Counter()
    spelled: dict[str, str] = {}
    for trace in alignment.traces:
        end = trace.views[-1]
        begin = trace.views[trace.intents[-1].steps[0]] if trace.intents and trace.intents[-1].steps else trace.views[0]
        last.update(set(end.plain_texts) - {""})
        first.update(set(begin.plain_texts) - {""})
        for e in end.elements:
            spelled.setdefault(plain(e.text), e.text)
    count = len(alignment.traces)
    shows = [t for t, n in last.most_common() if n >= OFTEN * count and first[t] <= 0.1 * count and len(t) > 1]
    slots = tuple(
        name for name in alignment.traces[0].slots
        if sum(trace.views[-1].shows(trace.slots.get(name, ""), at_least=1.1) for trace in alignment.traces) >= 0.95 * count
    )  # fmt: skip
    return Outcome(shows=tuple(spelled[t] for t in shows[:6]), slots=slots)


def _scroll_at(traces: Sequence[Trace]) -> tuple[float, float]:
    points = [
        (p.x / max(1, t.views[0].observation.width), p.y / max(1, t.views[0].observation.height)) for t in traces for p in t.scrolls
    ]
    if not points:
        return 0.6, 0.5
    xs, ys = sorted(x for x, _ in points), sorted(y for _, y in points)
    return round(xs[len(xs) // 2], 3), round(ys[len(ys) // 2], 3)


__all__ = ["Draft", "Gap", "induce", "same_spot", "value_target"]
