"""A job on its way: the traces laid side by side, and what is known of each of them at each step."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from crewless.policy.job.program import Expect
from crewless.policy.job.targets import Target
from crewless.policy.job.view import Band
from crewless.policy.texts import plain
from crewless.training.induce.alignment import Alignment, Column
from crewless.training.induce.effects import mostly_there
from crewless.training.induce.intents import Intent, Trace, is_entry
from crewless.training.induce.sources import PageSeen, Source
from crewless.training.induce.targets import Acted, target_from

OFTEN = 0.9
"""A text that shows in this share of the demonstrations shows always."""
JUDGED = -9
"""The page of what is judged and not read."""
_RARE = 0.08
"""A step in fewer demonstrations than this is a slip, where there are enough of them."""
_ENOUGH = 10
_TYPED = ("text", "choice", "toggle", "slide", "type")
_ODD = 0.1
"""So few demonstrations with a step of their own are no exception from a rule."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that a demonstration did and the job does not."""

    demonstration: int
    about: str


@dataclass(slots=True)
class Draft:
    """What is found while a job is induced. Numbers of columns stand for the steps; a page has the number of the step that led to it,
    the first one -1."""

    alignment: Alignment
    given: Mapping[int, Mapping[str, str]] = field(default_factory=dict[int, Mapping[str, str]])
    """Of each trace what was known before it began: inside a loop, all that was read outside of it and in its row."""
    given_costs: Mapping[str, float] = field(default_factory=dict[str, float])
    bands: Mapping[int, Band] = field(default_factory=dict[int, Band])
    """Inside a loop, the row of each trace, on the screen of its first step."""
    visits: dict[int, PageSeen] = field(default_factory=dict[int, PageSeen])
    sources: dict[str, Source] = field(default_factory=dict[str, Source])
    gaps: list[Gap] = field(default_factory=list[Gap])
    judged: dict[str, list[tuple[str, str]]] = field(default_factory=dict[str, list[tuple[str, str]]])
    """By name: the texts that were judged, and the answers."""
    lead_of: dict[int, int] = field(default_factory=dict[int, int])
    """Of each :class:`Expect`, by its id, the page that it stands for."""
    odd: set[int] = field(default_factory=set[int])
    """Demonstrations with a step of their own."""
    columns: list[Column] = field(init=False)
    leads: list[int] = field(init=False)
    """Columns that lead on."""

    def __post_init__(self) -> None:
        self.columns = [column for column in self.alignment.columns if not self._is_rare(column)]
        self.leads = [at for at, column in enumerate(self.columns) if not is_entry(first(column))]
        self.visits = {at: self._visit(at) for at in (-1, *self.leads)}

    @property
    def traces(self) -> tuple[Trace, ...]:
        """The demonstrations."""
        return self.alignment.traces

    @property
    def slots(self) -> tuple[str, ...]:
        """Names of what the queue gives."""
        return tuple(dict.fromkeys(name for trace in self.traces for name in trace.slots))

    def env(self, d: int, at: int) -> dict[str, str]:
        """What a demonstration has shown before a column."""
        env = {**self.given.get(d, {}), **self.traces[d].slots}
        for name, source in self.sources.items():
            if source.visit < at and d in source.values:
                env[name] = source.values[d]
        return env

    def optional(self, at: int) -> list[str]:
        """Names that not every demonstration has shown before a column."""
        outer = {name for env in self.given.values() for name in env}
        rare = [name for name in outer if any(name not in self.given.get(d, {}) for d in range(len(self.traces)))]
        return rare + [name for name, source in self.sources.items() if source.visit < at and not source.always]

    def costs(self) -> dict[str, float]:
        """What it costs to name each source."""
        own = {name: source.cost + (0 if source.always else 0.3) for name, source in self.sources.items()}
        return {**self.given_costs, **own}

    def page_before(self, at: int) -> int:
        """The page on which a column's step is done."""
        return max((lead for lead in self.leads if lead < at), default=-1)

    def target(self, at: int, demos: Sequence[int], *, reads_text: bool) -> Target | None:
        """One description of what a column acts on; None where there is none that fits."""
        acted = [
            Acted(
                self.traces[d].views[intent.seen], intent.element, None if intent.kind == "slide" else intent.point,
                self.env(d, at), self._band(d, intent),
            )
            for d in demos for intent in self.columns[at].members[d][:1] if intent.element is not None
        ]  # fmt: skip
        if not acted or len(acted) < 0.8 * len(demos):
            return None
        return target_from(acted, reads_text=reads_text)

    def _band(self, d: int, intent: Intent) -> Band | None:
        """The row of a loop, for what stands in it on the screen where the round began."""
        band = self.bands.get(d)
        if band is None or intent.element is None or intent.seen != self.traces[d].first:
            return None
        box = self.traces[d].views[intent.seen].elements[intent.element].box
        return band if band.holds(box) else None

    def miss(self, demos: Sequence[int], about: str) -> None:
        """Note that something of these demonstrations was not understood."""
        self.gaps += [Gap(d, about) for d in demos]

    def said(self, at: int) -> str:
        """A name for a column's step, for a person."""
        return said_of(self.alignment, self.columns[at])

    def is_odd(self, demos: Collection[int]) -> bool:
        """Whether these few demonstrations did something else in a place where a step of all others is missing in them."""
        return len(demos) <= _ODD * len(self.traces) and self.odd.issuperset(demos)

    def page_of(self, expect: Expect) -> int | None:
        """The page that an :class:`Expect` stands for."""
        return self.lead_of.get(id(expect))

    def _is_rare(self, column: Column) -> bool:
        count = len(self.traces)
        rare = count >= _ENOUGH and len(column.members) < max(2.0, _RARE * count)
        if rare:
            about = f"{said_of(self.alignment, column)}: in {len(column.members)} of {count} demonstrations"
            self.miss(sorted(column.members), about)
            self.odd.update(column.members)
        return rare

    def _visit(self, lead: int) -> PageSeen:
        """The screens between one step that leads on and the next, of each demonstration that has it."""
        visit = PageSeen(lead)
        for d, trace in enumerate(self.traces):
            if lead >= 0 and d not in self.columns[lead].members:
                continue
            start = trace.first if lead < 0 else self.columns[lead].members[d][-1].end
            later = [
                self.columns[at].members[d][0].seen for at in self.leads if at > lead and d in self.columns[at].members
            ]
            last = later[0] if later else trace.last
            # What an open list offers is no part of the page.
            lists = {k for i in trace.intents if i.kind == "choice" for k in range(i.seen + 1, i.end)}
            shown = [k for k in range(start, max(last, start) + 1) if k not in lists]
            closed = [k for k in shown if not any(e.kind == "option" for e in trace.views[k].elements)]
            shown = closed or shown
            visit.views[d] = [trace.views[k] for k in shown]
            given = [i for i in trace.intents if i.value and i.kind in _TYPED]
            visit.entered[d] = [frozenset(plain(i.value) for i in given if i.seen < k) for k in shown]
            visit.echoed[d] = [
                frozenset(
                    plain(i.value) for i in given if i.seen < k and mostly_there(trace.views[i.seen], trace.views[k])
                )
                for k in shown
            ]
        return visit


def first(column: Column) -> Intent:
    """Any of a column's intents."""
    return next(iter(column.members.values()))[0]


def said_of(alignment: Alignment, column: Column) -> str:
    """A name for a step, for a person."""
    symbol = alignment.symbols[column.symbol]
    name = (symbol.names[0] if symbol.names else "") or symbol.text or symbol.column or symbol.hint
    if symbol.group:
        name = "choice of " + "/".join(sorted(symbol.group)[:3])
    return name or f"{symbol.kind} of a {symbol.family or 'place'}"


def commonest(values: Sequence[str]) -> str:
    """The value that occurs most often; empty for none."""
    return Counter(values).most_common(1)[0][0] if values else ""
