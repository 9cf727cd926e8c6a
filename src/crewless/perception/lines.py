"""Marks to lines of text: which blobs of ink are letters, which letters make a line, and where its words are.

Only marks on the same surface are joined, so the text of a button, of a field or of a badge never runs into its
neighbours; table columns are kept apart by the width of the gap between them, measured in letter heights.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numba
import numpy as np

from crewless.core.messages import Box
from crewless.perception.segment import Segmentation
from crewless.perception.steps import blanks_between, keeps_step, step_of

_MAX_LETTER_HEIGHT = 60
_RUN_GAP = 0.8
"""Letters of one run are at most this many heights of the taller one apart."""
_LINE_GAP = 0.85
"""Runs of one line are at most this many heights of the taller one apart; columns of a table are further."""
_WORD_GAP = 0.33
"""A gap of this many ascents is surely a space: 0.25 em, where the space is 0.25 to 0.35 em and letters have bearings."""


_NARROW = 0.5
"""A word at most this many ascents wide is one thin stroke (I, l, 1, /): which one, only its neighbours tell."""


_OVERTOPS = 2
"""Pixels by which a caret is longer than a letter, at least, at either end."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Word:
    """A piece of a line that is surely separated from the next by a space."""

    x0: int
    y0: int
    x1: int
    y1: int
    parts: tuple[Box, ...] = ()
    """What it was joined from, where a narrow word was kept with its neighbour: alone it could not be told from others.
    Empty for a single word."""
    glyphs: tuple[Box, ...] = ()
    """Its pieces of ink from left to right, those above each other as one: mostly one for each letter."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DetectedLine:
    """One line of text, or one icon."""

    box: Box
    """Tight around the ink."""
    surface: int
    """The surface that it is written on."""
    baseline: int
    """y of the first row below letters without descender."""
    ascent: int
    """Pixels from the top of the tallest letter to the baseline."""
    words: tuple[Word, ...]
    icon: bool = False
    step: float = 0.0
    """Pixels from one letter to the next in a monospaced face; 0 in any other."""

    @property
    def monospaced(self) -> bool:
        """Whether its letters stand at equal steps, as in a terminal."""
        return self.step > 0


@dataclass(frozen=True, kw_only=True, slots=True)
class TextLine:
    """What was read of a line."""

    words: tuple[str, ...]
    """One for each word of the line; a word that could not be read is empty."""
    confidence: float
    """Of the worst word, 0 to 1."""
    sure: tuple[float, ...] = ()
    """Of each word; empty where it was not kept."""

    @property
    def text(self) -> str:
        """The words with a space between them."""
        return " ".join(word for word in self.words if word)


def find_lines(seg: Segmentation, without: Sequence[Box] = ()) -> list[DetectedLine]:
    """Lines and icons of a frame, in no particular order.

    Args:
        seg: the frame's surfaces and marks.
        without: boxes whose marks are no letters, such as checkboxes.
    """
    candidates = _letters(seg)
    for box in without:
        own = seg.marks[candidates]
        inside = (own[:, 0] >= box.x0) & (own[:, 1] >= box.y0) & (own[:, 2] <= box.x1) & (own[:, 3] <= box.y1)
        candidates = candidates[~inside]
    if not len(candidates):
        return []
    marks = seg.marks[candidates]
    order = np.argsort(marks[:, 0], kind="stable")
    candidates, marks = candidates[order], marks[order]
    _cut_carets(seg.mark_of, candidates, marks)
    group = _group(marks, _RUN_GAP, _LINE_GAP)
    by_group = np.argsort(group, kind="stable")
    starts = np.flatnonzero(np.diff(group[by_group], prepend=-1))
    rows = marks.tolist()
    lines: list[DetectedLine] = []
    for members in np.split(by_group, starts[1:]):
        for row in _apart([rows[member] for member in members]):
            lines.extend(_lines_of(row))
    # A low mark alone is a rule or a speck; in a row of a terminal it was a hyphen.
    return [line for line in _in_step(lines) if line.box.height >= 3 or line.icon or len(line.words[0].glyphs) > 1]


def _letters(seg: Segmentation) -> np.ndarray:
    """Indices of the marks that may be letters or icons: on one surface, not long and thin, not a frame."""
    marks = seg.marks
    width, height = marks[:, 2] - marks[:, 0], marks[:, 3] - marks[:, 1]
    enclosed = np.where(marks[:, 7] >= 0, seg.surfaces[marks[:, 7], 4] if len(seg.surfaces) else 0, 0)
    rule = ((height <= 3) & (width > 24)) | ((width <= 3) & (height > 40))
    frame = (enclosed > 0.55 * width * height) | (enclosed > 1500)
    for number in np.flatnonzero((enclosed > 0) & ~frame & (width >= 24)).tolist():
        # The frame of several controls that touch, or of a table's cells.
        x0, y0, x1, y1 = marks[number, :4]
        own = seg.surfaces
        held = (own[:, 0] >= x0) & (own[:, 1] >= y0) & (own[:, 2] <= x1) & (own[:, 3] <= y1)
        frame[number] = own[held, 4].sum() > 0.55 * (x1 - x0) * (y1 - y0)
    for number in np.flatnonzero(
        (width >= 24) & (height >= 12) & (marks[:, 4] <= 3 * (width + height)) & ~frame
    ).tolist():
        frame[number] = _is_ring(seg, number)
    speck = (width * height <= 1) & (marks[:, 4] <= 1)
    sparse = (width > 40) & (marks[:, 4] < 0.1 * width * height)
    keep = ~sparse & (marks[:, 6] <= 1) & (marks[:, 5] >= 0) & (height <= _MAX_LETTER_HEIGHT) & ~rule & ~frame & ~speck
    return np.flatnonzero(keep)


@numba.njit(cache=True)
def _cut_carets(mark_of, numbers, marks):
    """Cut off a caret that touches the last letter: a stroke that overtops the letter at both ends. ``marks`` is changed."""
    for at in range(len(numbers)):
        x0, y0, x1, y1 = marks[at, 0], marks[at, 1], marks[at, 2], marks[at, 3]
        if x1 - x0 < 4 or y1 - y0 < 10:
            continue
        stroke = 0
        while stroke < 2:
            whole = True
            for y in range(y0, y1):
                whole = whole and mark_of[y, x1 - 1 - stroke] == numbers[at]
            if not whole:
                break
            stroke += 1
        if stroke == 0:
            continue
        top, bottom, right = y1, y0, x0
        for y in range(y0, y1):
            for x in range(x0, x1 - stroke):
                # What only joins the two is no part of the letter.
                if mark_of[y, x] == numbers[at]:
                    top, bottom, right = min(top, y), max(bottom, y + 1), max(right, x + 1)
        if top - y0 >= _OVERTOPS and y1 - bottom >= _OVERTOPS:
            marks[at, 1], marks[at, 2], marks[at, 3] = top, right, bottom


def _is_ring(seg: Segmentation, number: int) -> bool:
    """Whether a mark has all its ink along its edges: a dashed ring of light, through whose gaps the paper is one."""
    x0, y0, x1, y1 = seg.marks[number, :4]
    own = seg.mark_of[y0:y1, x0:x1] == number
    top, bottom = own[:3].any(axis=0).mean(), own[-3:].any(axis=0).mean()
    side = max(own[:, :3].any(axis=1).mean(), own[:, -3:].any(axis=1).mean())
    return not own[3:-3, 3:-3].any() and min(top, bottom, side) > 0.4


@numba.njit(cache=True)
def _root(parent, i):
    while parent[i] != i:
        parent[i] = parent[parent[i]]
        i = parent[i]
    return i


@numba.njit(cache=True)
def _group(marks, run_gap, line_gap):
    """Group number of each mark; ``marks`` sorted by x0. First letters into runs, then runs into lines."""
    count = len(marks)
    parent = np.arange(count)
    for i in range(count):
        h_i, w_i = marks[i, 3] - marks[i, 1], marks[i, 2] - marks[i, 0]
        for j in range(i + 1, count):
            gap = marks[j, 0] - marks[i, 2]
            if gap > run_gap * _MAX_LETTER_HEIGHT:
                # Later marks begin further right still.
                break
            if marks[i, 5] != marks[j, 5]:
                continue
            h_j, w_j = marks[j, 3] - marks[j, 1], marks[j, 2] - marks[j, 0]
            low, high = min(h_i, h_j), max(h_i, h_j)
            overlap = min(marks[i, 3], marks[j, 3]) - max(marks[i, 1], marks[j, 1])
            size = max(high, min(w_i, w_j, 10)) if high <= 5 else high
            small = low <= 0.5 * high
            joined = False
            if high <= 3 and w_i >= 8 and abs(w_i - w_j) <= 1 and abs(marks[i, 0] - marks[j, 0]) <= 1 and -overlap <= 5:
                # Bars of equal length above each other: an equals sign, a menu icon.
                joined = True
            elif (
                gap < 0
                and small
                and -overlap <= (0.35 * high + 1 if (marks[i, 1] < marks[j, 1]) == (h_i < h_j) else 0.28 * high)
            ):
                # A dot above its letter, or, closer, below it.
                joined = True
            elif gap <= max(run_gap * size, 3.0):
                reach = overlap + (0.25 * high if small else 0.0)
                joined = reach >= 0.5 * low
            if joined:
                a, b = _root(parent, i), _root(parent, j)
                if a != b:
                    parent[max(a, b)] = min(a, b)
    boxes = np.empty((count, 4), np.int64)
    for i in range(count):
        r = _root(parent, i)
        if r == i:
            boxes[i] = marks[i, :4]
        else:
            boxes[r, 0] = min(boxes[r, 0], marks[i, 0])
            boxes[r, 1] = min(boxes[r, 1], marks[i, 1])
            boxes[r, 2] = max(boxes[r, 2], marks[i, 2])
            boxes[r, 3] = max(boxes[r, 3], marks[i, 3])
    runs = np.array([i for i in range(count) if parent[i] == i])
    joins = parent.copy()
    for p in range(len(runs)):
        a = runs[p]
        h_a = boxes[a, 3] - boxes[a, 1]
        for q in range(len(runs)):
            b = runs[q]
            gap = boxes[b, 0] - boxes[a, 2]
            h_b = boxes[b, 3] - boxes[b, 1]
            if a == b or gap < -2 or marks[a, 5] != marks[b, 5] or gap > line_gap * max(h_a, h_b):
                continue
            overlap = min(boxes[a, 3], boxes[b, 3]) - max(boxes[a, 1], boxes[b, 1])
            if overlap >= 0.6 * min(h_a, h_b) and max(h_a, h_b) <= 2.2 * max(min(h_a, h_b), 5):
                x, y = _root(joins, a), _root(joins, b)
                if x != y:
                    joins[max(x, y)] = min(x, y)
    out = np.empty(count, np.int64)
    for i in range(count):
        out[i] = _root(joins, _root(parent, i))
    return out


_Rows = list[list[int]]
"""Marks as plain lists: x0, y0, x1, y1, area, ... There are a thousand of them and numpy is slow on single ones."""


def _lines_of(marks: _Rows) -> list[DetectedLine]:
    """The line that these marks (sorted by x0) form, its icons split off and its caret dropped."""
    clusters = [cluster for cluster in _clusters(marks) if not _is_caret(marks, cluster)]
    if not clusters:
        return []
    if len(clusters) == 1 and _is_icon(clusters[0], []):
        return [_line(clusters, icon=True)]
    icons: list[_Rows] = []
    while len(clusters) > 1 and _is_icon(clusters[0], clusters[1:]):
        icons.append(clusters.pop(0))
    while len(clusters) > 1 and _is_icon(clusters[-1], clusters[:-1]):
        icons.append(clusters.pop())
    lines = [_line([icon], icon=True) for icon in icons]
    lines.append(_line(clusters, icon=False))
    return lines


def _apart(marks: _Rows) -> list[_Rows]:
    """Marks that form one line, or the lines that a comma or a descender has tied together, each sorted by x0."""
    heights = sorted(row[3] - row[1] for row in marks)
    tall = [row for row in marks if row[3] - row[1] >= 0.45 * heights[3 * len(heights) // 4]]
    top, bottom = min(row[1] for row in tall), max(row[3] for row in tall)
    usual = sorted(row[3] - row[1] for row in tall)[len(tall) // 2]
    if len(tall) < 4 or bottom - top < 1.75 * usual:
        return [marks]
    crossing = np.zeros(bottom - top + 1, np.int32)
    for row in tall:
        # A descender may touch the letter below it: such a mark is cut.
        if row[3] - row[1] <= 1.4 * usual:
            crossing[row[1] - top] += 1
            crossing[row[3] - top] -= 1
    free = np.flatnonzero(np.cumsum(crossing)[:-1] == 0)
    free = free[(free > 0.5 * usual) & (free < bottom - top - 0.5 * usual)]
    if not len(free):
        return [marks]
    cut = top + int(free[len(free) // 2])
    above: _Rows = []
    below: _Rows = []
    for row in marks:
        if row[1] < cut - 2 and row[3] > cut + 2 and row[3] - row[1] > 1.4 * usual:
            above.append([row[0], row[1], row[2], cut, row[4] // 2, *row[5:]])
            below.append([row[0], cut, row[2], row[3], row[4] // 2, *row[5:]])
        else:
            (above if row[1] + row[3] < 2 * cut + 1 else below).append(row)
    if min(len(above), len(below)) < 2:
        return [marks]
    return [*_apart(above), *_apart(below)]


def _clusters(marks: _Rows) -> list[_Rows]:
    """Marks that overlap in x belong together (a letter and its dot); left to right."""
    clusters: list[_Rows] = []
    right = -1
    for row in marks:
        if clusters and row[0] < right:
            clusters[-1].append(row)
        else:
            clusters.append([row])
        right = max(right, row[2])
    return clusters


def _bounds(rows: _Rows) -> Box:
    if len(rows) == 1:
        return Box(*rows[0][:4])
    return Box(
        min(row[0] for row in rows),
        min(row[1] for row in rows),
        max(row[2] for row in rows),
        max(row[3] for row in rows),
    )


def _is_caret(marks: _Rows, cluster: _Rows) -> bool:
    """Whether a cluster is the text caret: a stroke of one or two pixels that overtops the letters at both ends."""
    x0, y0, x1, y1, area = cluster[0][:5]
    if len(cluster) > 1 or x1 - x0 > 2 or y1 - y0 < 14 or area != (x1 - x0) * (y1 - y0):
        return False
    others = [row for row in marks if row is not cluster[0]]
    if not others:
        return True
    box = _bounds(others)
    return y0 < box.y0 and y1 >= box.y1 and y1 > _baseline(others) + 2


def _is_icon(cluster: _Rows, rest: list[_Rows]) -> bool:
    """Whether a cluster at the end of a line is a picture: as wide as high, and off the letters' top or baseline."""
    box = _bounds(cluster)
    if not rest:
        return box.width >= 9 and box.height >= 5 and 0.8 <= box.width / box.height <= 2.6
    others = [row for part in rest for row in part]
    highest = max(row[3] - row[1] for row in others)
    tall = [row for row in others if row[3] - row[1] >= 0.5 * highest]
    baseline, top = _baseline(tall), min(row[1] for row in tall)
    ascent = max(1, baseline - top)
    near = min(abs(rest[0][0][0] - box.x1), abs(box.x0 - max(row[2] for row in rest[-1])))
    if near < 0.3 * ascent or box.width < 0.6 * ascent or box.height < 0.3 * ascent:
        return False
    if (
        len(cluster) == 1
        and box.y1 < baseline
        and 0.35 * ascent < box.height <= 0.75 * ascent
        and box.width >= 1.2 * box.height
    ):
        # The arrow of a select: it hangs between top and baseline, and is wider than high.
        return True
    off = box.y1 > baseline + 1 or box.y0 < top - 1 or (box.y1 < baseline - 2 and box.height > 0.35 * ascent)
    return off and box.width >= 0.8 * ascent and box.width >= 0.75 * box.height


def _baseline(rows: _Rows) -> int:
    """The commonest lower edge; the higher one of two that are equally common."""
    counts = Counter(row[3] for row in rows)
    return min(counts, key=lambda bottom: (-counts[bottom], bottom))


def _line(clusters: list[_Rows], *, icon: bool) -> DetectedLine:
    own = [row for cluster in clusters for row in cluster]
    highest = max(row[3] - row[1] for row in own)
    baseline = _baseline([row for row in own if row[3] - row[1] >= 0.5 * highest])
    glyphs = [_bounds(cluster) for cluster in clusters]
    ascent = max(1, baseline - min(glyph.y0 for glyph in glyphs))
    # An accent on a capital makes no wider space.
    heights = sorted(baseline - row[1] for row in own)
    gap = max(3.0, _WORD_GAP * min(ascent, heights[-1 - len(heights) // 6]))
    line = _worded(glyphs, own[0][5], baseline, gap=gap, icon=icon)
    step = None if icon else step_of(glyphs, ascent)
    return replace(line, step=step) if step else line


def _worded(
    glyphs: list[Box], surface: int, baseline: int, *, gap: float, step: float = 0.0, icon: bool = False
) -> DetectedLine:
    """A line of pieces of ink, parted into words at gaps of ``gap`` pixels or, in a monospaced face, at blank cells."""
    box = Box(
        min(g.x0 for g in glyphs), min(g.y0 for g in glyphs), max(g.x1 for g in glyphs), max(g.y1 for g in glyphs)
    )
    ascent = max(1, baseline - box.y0)
    words: list[Word] = []
    part: list[Box] = []
    for glyph in glyphs:
        if part and (blanks_between(part[-1], glyph, step) >= 1 if step else glyph.x0 - max(g.x1 for g in part) >= gap):
            words.append(_word(part))
            part = []
        part.append(glyph)
    words.append(_word(part))
    return DetectedLine(
        box=box,
        surface=surface,
        baseline=baseline,
        ascent=ascent,
        words=tuple(words if step else _join_narrow(words, _NARROW * ascent)),
        icon=icon,
        step=step,
    )


_MONOSPACED = 0.75
"""A surface with this share of its longer lines in one step is written in a monospaced face: so are its short ones."""


_ENOUGH_LETTERS, _ENOUGH_IN_LINES = 20, 14
"""Letters of one line, and of several, that must keep step."""


def _in_step(lines: list[DetectedLine]) -> list[DetectedLine]:
    """Lines of surfaces in a monospaced face, parted and joined anew by cells: a terminal's blanks are wider than spaces,
    and its short words do not tell its step."""
    out: list[DetectedLine] = []
    for surface in {line.surface for line in lines}:
        own = [line for line in lines if line.surface == surface]
        long = [line for line in own if sum(len(word.glyphs) for word in line.words) >= 5]
        steps = sorted(line.step for line in long if line.monospaced)
        step = steps[len(steps) // 2] if steps else 0.0
        # In one short line, as on a button, letters keep step by chance.
        if (
            sum(len(word.glyphs) for line in long for word in line.words)
            < (_ENOUGH_LETTERS if len(long) < 2 else _ENOUGH_IN_LINES)
            or len(steps) < 0.2 * len(long)
            or not steps
            or sum(keeps_step([glyph for word in line.words for glyph in word.glyphs], step) for line in long)
            < _MONOSPACED * len(long)
        ):
            out.extend(replace(line, step=0.0) if line.step else line for line in own)
            continue
        rest = [line for line in own if line.ascent <= 2.5 * step]
        out.extend(line for line in own if line.ascent > 2.5 * step)
        for row in _rows_of(rest, step):
            out.extend(_cut(row, surface, step))
    return out


def _rows_of(lines: list[DetectedLine], step: float) -> list[list[DetectedLine]]:
    """Lines that stand in one row."""
    rows: list[tuple[DetectedLine, list[DetectedLine]]] = []
    for line in sorted(lines, key=lambda line: -line.box.height):
        middle = (line.box.y0 + line.box.y1) / 2
        for first, row in rows:
            if first.box.y0 - 0.3 * step <= middle <= first.baseline + 0.6 * step:
                row.append(line)
                break
        else:
            rows.append((line, [line]))
    return [row for _, row in rows]


def _cut(row: list[DetectedLine], surface: int, step: float) -> list[DetectedLine]:
    """The lines of a row: parted where two cells or more are blank, or where an icon stands."""
    glyphs = sorted(glyph for line in row for word in line.words for glyph in word.glyphs)
    baseline = max(row, key=lambda line: line.box.height).baseline
    parts: list[list[Box]] = []
    for glyph in glyphs:
        if parts and glyph.x0 < parts[-1][-1].x1:
            x0, y0, x1, y1 = parts[-1][-1]
            parts[-1][-1] = Box(x0, min(y0, glyph.y0), max(x1, glyph.x1), max(y1, glyph.y1))
        elif parts and blanks_between(parts[-1][-1], glyph, step) <= 1:
            parts[-1].append(glyph)
        else:
            parts.append([glyph])
    return [_worded(part, surface, baseline, step=step, gap=step) for part in parts]


def _word(glyphs: list[Box]) -> Word:
    return Word(
        x0=min(g.x0 for g in glyphs),
        y0=min(g.y0 for g in glyphs),
        x1=max(g.x1 for g in glyphs),
        y1=max(g.y1 for g in glyphs),
        glyphs=tuple(glyphs),
    )


def _join_narrow(words: list[Word], narrow: float) -> list[Word]:
    """Keep each word that is one thin stroke with the next one, or the last with the one before."""
    joined: list[Word] = []
    for at, word in enumerate(words):
        before = joined[-1] if joined else None
        ends = at == len(words) - 1 and word.x1 - word.x0 <= narrow
        if before is not None and (ends or _last_part(before).width <= narrow):
            parts = (*(before.parts or (_last_part(before),)), Box(word.x0, word.y0, word.x1, word.y1))
            y0, y1 = min(before.y0, word.y0), max(before.y1, word.y1)
            joined[-1] = Word(x0=before.x0, y0=y0, x1=word.x1, y1=y1, parts=parts, glyphs=before.glyphs + word.glyphs)
        else:
            joined.append(word)
    return joined


def _last_part(word: Word) -> Box:
    return word.parts[-1] if word.parts else Box(word.x0, word.y0, word.x1, word.y1)
