"""What demonstrations alone say about a job: which answers vary, where the case's text stands, where the outcome shows.

The demonstrations are aligned with one another, so that step 5 of one is known to be step 6 of another; a column of that
alignment whose target's text varies while its surroundings stay the same is a choice.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from crewless.core.errors import BadInput
from crewless.core.messages import Demonstration, Element, Observation
from crewless.policy.features import KEYS, MAX_LITERALS, MAX_SLOTS, SPARE_KEYS
from crewless.policy.texts import plain, similarity
from crewless.policy.workflow import (
    Choice,
    Commit,
    Region,
    Workflow,
    is_own,
    labels_of,
    lines_between,
    masked,
    read_text,
    shown_value,
    target_of,
)

SAME = 0.85
"""From this similarity on two readings are the same text."""
OFTEN = 0.9
"""A line that stands in this share of the demonstrations is always there."""
_MANY = 20
"""From this many demonstrations on, answers that were given once do not make a choice: they are slips."""
_TRACE = 0.2
"""A line that stands in this share of the finished cases, and in none at the time it was read, belongs to the answer."""
RARE = 0.1
"""A line that stands in at most this share belongs to one case."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sign:
    """What a step looks like to the alignment."""

    verb: str
    kind: str = ""
    text: str = ""
    labels: tuple[str, ...] = ()
    slot: str = ""
    """The given slot whose value was typed or pointed at."""


@dataclass(frozen=True, kw_only=True, slots=True)
class JobReading:
    """Demonstrations, and what was found in them."""

    workflow: Workflow
    judgements: tuple[tuple[str, ...], ...]
    """For each demonstration, one value per choice."""
    read_at: tuple[int, ...]
    """For each demonstration, the step before which its text is on the screen."""
    texts: tuple[str, ...]
    """For each demonstration, the case's own text."""


def read_demonstrations(demonstrations: Sequence[Demonstration]) -> JobReading:
    """Find choices, text and outcome.

    Raises:
        BadInput: there are fewer than two demonstrations, or more choices and slots than the skill has room for.
    """
    if len(demonstrations) < 2:
        raise BadInput(
            f"{len(demonstrations)} demonstration(s) do not show what varies from case to case",
            alternatives=["record at least 2, better 20"],
        )
    signs = [_signs(d) for d in demonstrations]
    columns = _align(signs)
    choices, judgements, places = _choices(demonstrations, signs, columns)
    given = {name for d in demonstrations for name in d.case.slots}
    if len(choices) + len(given) > MAX_SLOTS:
        raise BadInput(
            f"{len(given)} given slots and {len(choices)} choices are more than {MAX_SLOTS}",
            alternatives=[f"choices found: {', '.join(c.name for c in choices)}"],
        )
    region, read_at, texts = _region(demonstrations, places)
    label, at = _outcome(demonstrations, choices, judgements)
    workflow = Workflow(
        choices=choices,
        region=region,
        commits=_commits(demonstrations, signs, columns, choices, judgements, places),
        literals=_literals(demonstrations, signs, columns),
        keys=_spare_keys(demonstrations),
        outcome_label=label,
        outcome_choice=at,
        outcomes=_outcomes(judgements, at),
        scroll_at=_scroll_at(demonstrations),
    )
    return JobReading(workflow=workflow, judgements=judgements, read_at=read_at, texts=texts)


def _signs(demonstration: Demonstration) -> list[Sign]:
    signs = []
    slots = demonstration.case.slots
    for observation, action in demonstration.steps:
        index = target_of(observation, action)
        element = None if index is None else observation.elements[index]
        text = action.text if action.verb in ("type", "key") else (element.text if element else "")
        slot = action.source if action.source in slots else _slot_of(text, slots) if action.verb != "key" else ""
        signs.append(
            Sign(
                verb=action.verb,
                kind=element.kind if element else "",
                text=plain(text) or text,
                labels=labels_of(element, observation) if element else (),
                slot=slot,
            )
        )
    return signs


def _slot_of(text: str, slots: Mapping[str, str]) -> str:
    return next((name for name, value in slots.items() if value and plain(value) == plain(text)), "")


def _alike(a: Sign, b: Sign) -> float:
    if a.verb != b.verb:
        return -2.0
    if a.slot and a.slot == b.slot:
        return 3.0
    score = 0.5 if a.kind == b.kind else -0.75
    if a.text and a.text == b.text:
        score += 2.5
    elif a.text and similarity(a.text, b.text) >= SAME:
        score += 2.0
    if a.labels and b.labels and any(similarity(x, y) >= SAME for x in a.labels[:1] for y in b.labels[:1]):
        score += 1.5
    return score


def _align(signs: Sequence[Sequence[Sign]]) -> list[dict[int, int]]:
    """Columns of a progressive alignment (Needleman & Wunsch 1970, sequence against profile): demonstration to step."""
    weight = [[i for i, s in enumerate(row) if s.verb not in ("scroll", "wait")] for row in signs]
    middle = sorted(range(len(signs)), key=lambda d: (len(weight[d]), d))[len(signs) // 2]
    order = [middle, *(d for d in range(len(signs)) if d != middle)]
    columns: list[dict[int, int]] = [{middle: i} for i in weight[middle]]
    members: list[list[Sign]] = [[signs[middle][i]] for i in weight[middle]]
    cache: dict[tuple[Sign, Sign], float] = {}

    def score(sign: Sign, column: list[Sign]) -> float:
        total = 0.0
        for other in column:
            if (sign, other) not in cache:
                cache[sign, other] = _alike(sign, other)
            total += cache[sign, other]
        return total / len(column)

    for d in order[1:]:
        steps = weight[d]
        rows, cols = len(steps), len(columns)
        table = [[0.0] * (cols + 1) for _ in range(rows + 1)]
        match = [[score(signs[d][i], members[c]) for c in range(cols)] for i in steps]
        gap = 0.5
        for i in range(rows + 1):
            for c in range(cols + 1):
                if i and c:
                    table[i][c] = max(
                        table[i - 1][c - 1] + match[i - 1][c - 1], table[i - 1][c] - gap, table[i][c - 1] - gap
                    )
                elif i or c:
                    table[i][c] = -gap * (i + c)
        i, c = rows, cols
        path: list[tuple[int | None, int | None]] = []
        while i or c:
            if i and c and table[i][c] == table[i - 1][c - 1] + match[i - 1][c - 1]:
                i, c = i - 1, c - 1
                path.append((steps[i], c))
            elif i and (not c or table[i][c] == table[i - 1][c] - gap):
                i -= 1
                path.append((steps[i], None))
            else:
                c -= 1
                path.append((None, c))
        new_columns, new_members = [], []
        for step, column in reversed(path):
            if column is None:
                assert step is not None
                new_columns.append({d: step})
                new_members.append([signs[d][step]])
                continue
            kept = columns[column]
            if step is not None:
                kept = {**kept, d: step}
                if len(members[column]) < 12 and signs[d][step] not in members[column]:
                    members[column].append(signs[d][step])
            new_columns.append(kept)
            new_members.append(members[column])
        columns, members = new_columns, new_members
    return columns


def _choices(
    demonstrations: Sequence[Demonstration], signs: Sequence[Sequence[Sign]], columns: Sequence[Mapping[int, int]]
) -> tuple[tuple[Choice, ...], tuple[tuple[str, ...], ...], tuple[dict[int, int], ...]]:
    """Choices, the judgement of each demonstration, and for each demonstration which step makes which choice."""
    count = len(demonstrations)
    found: list[tuple[Choice, list[str]]] = []
    steps: list[dict[int, int]] = []
    for column in columns:
        if len(column) < max(2, 0.1 * count):
            continue
        here = [signs[d][i] for d, i in column.items()]
        if any(s.slot for s in here) or here[0].verb not in ("click", "type", "double_click"):
            continue
        # A click that meets nothing which perception knows says nothing about what was chosen.
        column = {d: i for d, i in column.items() if _original(demonstrations[d], i)}
        if len(column) < max(2, 0.1 * count):
            continue
        texts = {d: _original(demonstrations[d], i) for d, i in column.items()}
        spelled = _spelling([texts[d] for d in column])
        values = {d: spelled[texts[d]] for d in column}
        distinct = Counter(values.values())
        absent = count - len(column)
        optional = absent > 0.05 * count and here[0].kind in ("option", "radio", "checkbox")
        recurring = sum(seen > 1 for seen in distinct.values()) if len(column) >= _MANY else len(distinct)
        if recurring < 2 and not optional:
            continue
        if not _offered(demonstrations, column, values, here[0].verb):
            continue
        name = _name(demonstrations, signs, column)
        if name in {c.name for c, _ in found}:
            name = f"{name} {sum(c.name.startswith(name) for c, _ in found) + 1}"
        choice = Choice(
            name=name,
            verb=here[0].verb,
            kinds=tuple(sorted({s.kind for s in here})),
            values=tuple(sorted({*distinct, *([""] if optional else [])})),
        )
        fill = "" if optional else distinct.most_common(1)[0][0]
        found.append((choice, [values.get(d, fill) for d in range(count)]))
        steps.append(dict(column))
    judgements = tuple(tuple(row[d] for _, row in found) for d in range(count))
    places = tuple({column[d]: c for c, column in enumerate(steps) if d in column} for d in range(count))
    return tuple(c for c, _ in found), judgements, places


def _original(demonstration: Demonstration, step: int) -> str:
    observation, action = demonstration.steps[step]
    if action.verb == "type":
        return action.text.strip()
    index = target_of(observation, action)
    return "" if index is None else observation.elements[index].text.strip()


def _spelling(texts: Sequence[str]) -> dict[str, str]:
    """Each reading to the most frequent reading that is nearly the same, so that a misread letter makes no new answer."""
    counts = Counter(texts)
    kept: list[str] = []
    out: dict[str, str] = {}
    for text, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        near = [k for k in kept if similarity(k, text) >= 0.93 or (_letters(k) and _letters(k) == _letters(text))]
        if near:
            out[text] = near[0]
        else:
            kept.append(text)
            out[text] = text
    return out


def _letters(text: str) -> str:
    return "".join(c for c in plain(text).translate(str.maketrans("0158", "olsb")) if c.isalnum()).replace("l", "i")


def _offered(
    demonstrations: Sequence[Demonstration], column: Mapping[int, int], values: Mapping[int, str], verb: str
) -> bool:
    """Whether the answers of others could have been given here too: typed texts recur; targets stand on the screen."""
    distinct = sorted(set(values.values()))
    if verb == "type":
        return len(distinct) <= 0.5 * len(column)
    shares = []
    for d, i in list(column.items())[:20]:
        others = [v for v in distinct if v != values[d]]
        shown = {plain(e.text) for e in demonstrations[d].steps[i][0].elements}
        if others:
            shares.append(sum(plain(v) in shown for v in others) / len(others))
    return not shares or sum(shares) / len(shares) >= 0.5


def _name(demonstrations: Sequence[Demonstration], signs: Sequence[Sequence[Sign]], column: Mapping[int, int]) -> str:
    """The label of the widget; an option of a popup is named by what was clicked before it."""
    votes: Counter[str] = Counter()
    for d, i in column.items():
        observation, action = demonstrations[d].steps[i]
        index = target_of(observation, action)
        element = None if index is None else observation.elements[index]
        before = [j for j in range(i) if signs[d][j].verb == "click"]
        opener = signs[d][before[-1]] if before else None
        if element is not None and element.kind == "option" and opener is not None and opener.labels:
            votes[opener.labels[0]] += 1
        elif element is not None and element.label:
            votes[element.label] += 1
        elif opener is not None and (opener.labels or opener.text):
            votes[opener.labels[0] if opener.labels else opener.text] += 1
    return votes.most_common(1)[0][0].strip(" :*") if votes else "choice"


def _region(
    demonstrations: Sequence[Demonstration], places: Sequence[Mapping[int, int]]
) -> tuple[Region, tuple[int, ...], tuple[str, ...]]:
    count = len(demonstrations)
    phases = [_phases(d, min(places[i], default=len(d.steps) - 1)) for i, d in enumerate(demonstrations)]
    slots = [tuple(d.case.slots.values()) for d in demonstrations]
    best: list[float] = []
    found: list[tuple[dict[int, list[Element]], Counter[str]]] = []
    for phase in range(max((len(p) for p in phases), default=0)):
        here = {d: p[phase] for d, p in enumerate(phases) if phase < len(p)}
        seen_in = Counter(
            line for d, i in here.items() for line in {masked(e.text, slots[d]) for e in _screen(demonstrations[d], i).elements}
        )  # fmt: skip
        rare = max(1.0, RARE * len(here))
        stale = {d: _stale(demonstrations[d], phases[d], slots[d]) for d in here}
        own = {
            d: [
                e for e in _screen(demonstrations[d], i).elements
                if e.kind in ("text", "link") and seen_in[masked(e.text, slots[d])] <= rare
                and is_own(e.text, frozenset(), slots[d]) and masked(e.text, slots[d]) not in stale[d]
            ]
            for d, i in here.items()
        }  # fmt: skip
        words = sorted(sum(len(e.text.split()) for e in lines) for lines in own.values())
        best.append(float(words[len(words) // 2]) if len(here) >= 0.5 * count else 0.0)
        found.append((own, seen_in))
    if not best or max(best) == 0:
        return Region(), (0,) * count, ("",) * count
    # the first screen that shows most of it: later ones show it too, but there it is too late to judge
    phase = next(k for k, words in enumerate(best) if words >= 0.5 * max(best))
    own, seen_in = found[phase]
    read_at = tuple(p[min(phase, len(p) - 1)] for p in phases)
    boilerplate = frozenset(line for line, n in seen_in.items() if n >= max(2.0, 0.3 * len(own)) and line)
    always = {line for line, n in seen_in.items() if n >= OFTEN * len(own) and line}
    above: Counter[str] = Counter()
    below: Counter[str] = Counter()
    for d, lines in own.items():
        if not lines:
            continue
        observation = _screen(demonstrations[d], read_at[d])
        wordy = [e for e in lines if len(e.text.split()) >= 3] or lines
        first, end = _block(wordy)
        constant = [e for e in observation.elements if _is_anchor(plain(e.text), slots[d]) and plain(e.text) in always]
        left, right = min(e.box.x0 for e in wordy), max(e.box.x1 for e in wordy)
        near = [e for e in constant if e.box.x0 < right and left < e.box.x1]
        over = sorted((e for e in near if e.box.y1 <= first + 4), key=lambda e: -e.box.y1)
        under = sorted((e for e in near if e.box.y0 >= end - 4), key=lambda e: e.box.y0)
        above.update({plain(e.text): 6 - r for r, e in reversed(list(enumerate(over[:6])))})
        below.update({plain(e.text): 6 - r for r, e in reversed(list(enumerate(under[:6])))})
    region = Region(
        above=tuple(t for t, _ in above.most_common(3)),
        below=tuple(t for t, _ in below.most_common(4)),
        boilerplate=boilerplate,
    )
    region = replace(region, after=_traces(demonstrations, region, read_at, slots))
    texts = tuple(
        read_text(_screen(d, at), region, d.case.slots.values()) for d, at in zip(demonstrations, read_at, strict=True)
    )
    return region, read_at, texts


def _traces(
    demonstrations: Sequence[Demonstration], region: Region, read_at: Sequence[int], slots: Sequence[tuple[str, ...]]
) -> tuple[str, ...]:
    """Lines that finished cases show where the text stands, and unfinished ones nowhere."""
    before = {
        masked(e.text, s)
        for d, at, s in zip(demonstrations, read_at, slots, strict=True)
        for e in _screen(d, at).elements
    }
    shown = Counter(
        line
        for d, s in zip(demonstrations, slots, strict=True)
        for line in {masked(e.text, s) for e in lines_between(d.last, region) if _is_anchor(plain(e.text), s)}
        if line not in before
    )
    return tuple(line for line, n in shown.most_common() if n >= max(2.0, _TRACE * len(demonstrations)))


def _phases(demonstration: Demonstration, last: int) -> list[int]:
    """Steps at which something new was seen, up to the first choice: those that no scrolling or waiting led to."""
    steps = demonstration.steps[: last + 1]
    return [i for i in range(len(steps)) if i == 0 or steps[i - 1][1].verb not in ("scroll", "wait")]


def _stale(demonstration: Demonstration, phases: Sequence[int], slots: tuple[str, ...]) -> set[str]:
    """Lines that stood there before anything was done and are gone when the first choice is made: the case before's."""
    first, last = (
        {masked(e.text, slots) for e in _screen(demonstration, phases[at]).elements} for at in (0, -1)
    )  # fmt: skip
    return first - last


def _screen(demonstration: Demonstration, step: int) -> Observation:
    return demonstration.steps[step][0] if step < len(demonstration.steps) else demonstration.last


def _is_anchor(line: str, slots: tuple[str, ...]) -> bool:
    return len(line) >= 4 and masked(line, slots) == line


def _block(lines: Sequence[Element]) -> tuple[int, int]:
    """Top and bottom of the run of lines, near each other, that holds the most letters."""
    runs: list[list[Element]] = []
    for line in sorted(lines, key=lambda e: e.box.y0):
        if runs and line.box.y0 - max(e.box.y1 for e in runs[-1]) <= 2.0 * max(12, line.box.height):
            runs[-1].append(line)
        else:
            runs.append([line])
    best = max(runs, key=lambda run: sum(len(e.text) for e in run))
    return min(e.box.y0 for e in best), max(e.box.y1 for e in best)


def _outcome(
    demonstrations: Sequence[Demonstration], choices: Sequence[Choice], judgements: Sequence[tuple[str, ...]]
) -> tuple[str, int]:
    """The label under which the last screen shows a choice's value, and which choice; the one that varies the most."""
    votes: dict[tuple[int, str], int] = defaultdict(int)
    for demonstration, judgement in zip(demonstrations, judgements, strict=True):
        for c, value in enumerate(judgement):
            labels = {
                plain(label)
                for e in demonstration.last.elements
                if value and similarity(e.text, value) >= SAME and e.kind not in ("option", "radio", "tab")
                for label in labels_of(e, demonstration.last)
            }
            for label in labels:
                votes[c, label] += 1
    good = [(c, label) for (c, label), n in votes.items() if n >= 0.8 * len(demonstrations) and label]
    if not good:
        return "", -1
    at, label = max(good, key=lambda g: (len(choices[g[0]].values), votes[g], -len(g[1]), g[1]))
    return label, at


def _outcomes(judgements: Sequence[tuple[str, ...]], at: int) -> dict[str, tuple[str, ...]]:
    if at < 0:
        return {}
    groups: dict[str, Counter[tuple[str, ...]]] = defaultdict(Counter)
    for judgement in judgements:
        groups[judgement[at]][judgement] += 1
    return {value: max(sorted(seen), key=seen.__getitem__) for value, seen in groups.items()}


def _commits(
    demonstrations: Sequence[Demonstration], signs: Sequence[Sequence[Sign]], columns: Sequence[Mapping[int, int]],
    choices: Sequence[Choice], judgements: Sequence[tuple[str, ...]], places: Sequence[Mapping[int, int]],
) -> tuple[Commit, ...]:  # fmt: skip
    commits = []
    for column in columns:
        here = [signs[d][i] for d, i in column.items()]
        text, times = Counter(s.text for s in here).most_common(1)[0]
        button = here[0].verb == "click" and here[0].kind in ("button", "link", "icon", "text")
        if not button or not text or times < OFTEN * len(here) or len(column) < 0.5 * len(demonstrations):
            continue
        needs = [
            c for c in range(len(choices))
            if all(any(s < i and k == c for s, k in places[d].items()) or not judgements[d][c] for d, i in column.items())
        ]  # fmt: skip
        visible = [
            c for c in needs
            if _always_shown([(demonstrations[d].steps[i][0], judgements[d][c]) for d, i in column.items()], choices[c])
        ]  # fmt: skip
        if needs:
            kind = Counter(s.kind for s in here).most_common(1)[0][0]
            commits.append(Commit(text=text, kind=kind, needs=tuple(needs), visible=tuple(visible)))
    return tuple(commits)


def _always_shown(screens: Sequence[tuple[Observation, str]], choice: Choice) -> bool:
    shown = [(shown_value(o, choice), value) for o, value in screens]
    seen = [(s, v) for s, v in shown if s]
    return bool(seen) and sum(similarity(s, v) >= SAME for s, v in seen) >= 0.97 * len(seen)


def _literals(
    demonstrations: Sequence[Demonstration], signs: Sequence[Sequence[Sign]], columns: Sequence[Mapping[int, int]]
) -> tuple[str, ...]:
    texts: Counter[str] = Counter()
    for column in columns:
        for d, i in column.items():
            if signs[d][i].verb == "type" and not signs[d][i].slot:
                texts[demonstrations[d].steps[i][1].text] += 1
    return tuple(t for t, n in texts.most_common(MAX_LITERALS) if n >= 0.5 * len(demonstrations))


def _spare_keys(demonstrations: Sequence[Demonstration]) -> tuple[str, ...]:
    used = Counter(a.text for d in demonstrations for _, a in d.steps if a.verb == "key" and a.text not in KEYS)
    return tuple(key for key, _ in used.most_common(SPARE_KEYS))


def _scroll_at(demonstrations: Sequence[Demonstration]) -> tuple[float, float]:
    at = [
        (a.point.x / o.width, a.point.y / o.height)
        for d in demonstrations
        for o, a in d.steps
        if a.verb == "scroll" and a.point
    ]
    if not at:
        return 0.5, 0.5
    xs, ys = sorted(x for x, _ in at), sorted(y for _, y in at)
    return xs[len(xs) // 2], ys[len(ys) // 2]
