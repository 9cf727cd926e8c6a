"""Lines, their texts and widgets to elements in reading order, with the labels that name them."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from crewless.core.messages import Box, Element
from crewless.perception.bullets import bullets_in
from crewless.perception.crops import ink_colour
from crewless.perception.grids import cells_of, in_grids
from crewless.perception.lines import DetectedLine, TextLine
from crewless.perception.look import look_of
from crewless.perception.segment import Segmentation
from crewless.perception.shapes import Widget

_LABEL_LEFT = 160
"""A label to the left of a field is at most this many pixels away."""
_LABEL_ABOVE = 26
_CAPTION_ABOVE = 14
_TOGGLE_TEXT = 32
_GROUP_GAP = 1.5
"""Radios of a group stand at most this many of their heights apart."""
_LABELLED = ("field", "textarea", "select")


def assemble(
    seg: Segmentation, lines: list[DetectedLine], texts: list[TextLine], widgets: list[Widget]
) -> tuple[Element, ...]:
    """Everything that can be read or pointed at.

    Args:
        seg: the frame's segmentation.
        lines: its lines and icons.
        texts: what was read, one for each line; of an icon nothing is read.
        widgets: its controls; their indices point into ``lines``.
    """
    taken = {index for widget in widgets for index in widget.lines + widget.ornaments}
    controls = [_control(seg, widget, lines, texts) for widget in widgets]
    pieces: list[tuple[Element, DetectedLine]] = []
    for index, (line, text) in enumerate(zip(lines, texts, strict=True)):
        if index in taken:
            continue
        if line.icon:
            pieces.append((Element(text="", box=line.box, kind="icon", look=look_of(seg.rgb, line.box)), line))
        elif text.text:
            pieces.extend((element, line) for element in _runs(seg, line, text))
    controls, pieces = _name_toggles(controls, pieces)
    captioned = _caption(pieces)
    words = [element for element in captioned if element.kind in ("text", "link") and element.text]
    controls = [
        replace(element, label=_label_of(element, words)) if element.kind in _LABELLED else element
        for element in controls
    ]
    return tuple(_reading_order(in_grids([*_grouped(controls, words), *captioned], cells_of(seg))))


def _grouped(controls: list[Element], words: list[Element]) -> list[Element]:
    """Give every radio of a column the words above the first one: they name the group."""
    labels: dict[int, str] = {}
    radios = sorted((i for i, e in enumerate(controls) if e.kind == "radio"), key=lambda i: controls[i].box.y0)
    for number, index in enumerate(radios):
        box = controls[index].box
        above = next(
            (
                other
                for other in reversed(radios[:number])
                if abs(controls[other].box.x0 - box.x0) <= 3
                and 0 < box.y0 - controls[other].box.y1 <= _GROUP_GAP * box.height
            ),
            None,
        )
        labels[index] = labels[above] if above is not None else _label_of(controls[index], words)
    return [replace(e, label=labels[i]) if i in labels and not e.label else e for i, e in enumerate(controls)]


def _control(seg: Segmentation, widget: Widget, lines: list[DetectedLine], texts: list[TextLine]) -> Element:
    # A row of bullets is read as one sign many times, never as words.
    worded = len({letter for index in widget.lines for letter in texts[index].text if letter.isalnum()}) >= 5
    if widget.kind == "field" and not widget.role and not worded and bullets_in(seg.rgb, widget.box):
        return Element(text="", box=widget.box, kind="field", state=widget.state, role="bullets")
    own = sorted(widget.lines, key=lambda index: (lines[index].baseline // 8, lines[index].box.x0))
    rows: list[str] = []
    baseline = None
    for index in own:
        text = texts[index].text
        if not text:
            continue
        if baseline is not None and abs(lines[index].baseline - baseline) <= 4:
            rows[-1] += " " + text
        else:
            rows.append(text)
        baseline = lines[index].baseline
    return Element(
        text=("\n" if widget.kind == "textarea" else " ").join(rows),
        box=widget.box,
        kind=widget.kind,
        state=widget.state,
        confidence=min((texts[index].confidence for index in own), default=1.0),
        role=widget.role,
        value=widget.value,
    )


def _runs(seg: Segmentation, line: DetectedLine, text: TextLine) -> list[Element]:
    """A line as one element, or as several where links begin and end inside it."""
    paper = seg.surfaces[line.surface, 5:8]
    underlined = _underlined(seg, line)
    linked = [
        underlined or _link_colour(ink_colour(seg.rgb, paper, word.x0, line.box.y0, word.x1, line.box.y1), paper)
        for word in line.words
    ]
    elements: list[Element] = []
    first = 0
    for at in range(1, len(linked) + 1):
        if at < len(linked) and linked[at] == linked[first]:
            continue
        part = replace(text, words=text.words[first:at])
        if part.text:
            box = Box(line.words[first].x0, line.box.y0, line.words[at - 1].x1, line.box.y1)
            kind = "link" if linked[first] else "text"
            elements.append(Element(text=part.text, box=box, kind=kind, confidence=text.confidence))
        first = at
    return elements


def _link_colour(ink: np.ndarray, paper: np.ndarray) -> bool:
    """Whether a colour is between cyan and violet, clearly coloured, on paper that is not coloured itself."""
    red, green, blue = (int(value) for value in ink)
    spread = max(ink) - min(ink)
    return spread >= 60 and blue >= max(red, green) and blue - min(red, green) >= 60 and int(np.ptp(paper)) < 40


def _underlined(seg: Segmentation, line: DetectedLine) -> bool:
    """Whether a thin rule runs right below the baseline, under the whole text and not beyond it."""
    height, width = seg.surface_of.shape
    reach = max(3, round(0.35 * line.ascent))
    ends = [x for x in (line.box.x0 - 5, line.box.x1 + 4) if 0 <= x < width]
    for y in range(line.baseline, min(height, line.baseline + reach)):
        if (seg.surface_of[y, line.box.x0 : line.box.x1] < 0).mean() > 0.9:
            return line.box.width > 12 and bool((seg.surface_of[y, ends] >= 0).all())
    return False


def _name_toggles(
    controls: list[Element], pieces: list[tuple[Element, DetectedLine]]
) -> tuple[list[Element], list[tuple[Element, DetectedLine]]]:
    """Give checkboxes and radios the text to their right; a link there stays and only lends its words."""
    used: set[int] = set()
    named: list[Element] = []
    for control in controls:
        if control.kind not in ("checkbox", "radio"):
            named.append(control)
            continue
        best, gap = -1, _TOGGLE_TEXT + 1
        for number, (element, _) in enumerate(pieces):
            distance = element.box.x0 - control.box.x1
            if (
                element.kind != "icon"
                and number not in used
                and 0 <= distance < gap
                and _same_row(element.box, control.box)
            ):
                best, gap = number, distance
        if best < 0:
            named.append(control)
        elif pieces[best][0].kind == "link":
            named.append(replace(control, label=pieces[best][0].text))
        else:
            used.add(best)
            named.append(replace(control, text=pieces[best][0].text, confidence=pieces[best][0].confidence))
    return named, [piece for number, piece in enumerate(pieces) if number not in used]


def _caption(pieces: list[tuple[Element, DetectedLine]]) -> list[Element]:
    """Label values with the small caption right above them, such as QUEUE above Inbox."""
    captions = [
        (element, line)
        for element, line in pieces
        if element.kind == "text" and (element.text.isupper() or element.text.endswith(":")) and len(element.text) > 1
    ]
    elements = []
    for element, line in pieces:
        if element.kind in ("text", "link") and not any(element is caption for caption, _ in captions):
            for caption, above in captions:
                gap = element.box.y0 - caption.box.y1
                if 0 <= gap <= max(_CAPTION_ABOVE, line.ascent) and abs(above.box.x0 - element.box.x0) <= 4:
                    element = replace(element, label=caption.text)
                    break
        elements.append(element)
    return elements


def _label_of(control: Element, words: Iterable[Element]) -> str:
    best, nearest = "", float("inf")
    for element in words:
        box = element.box
        if _same_row(box, control.box) and 0 <= control.box.x0 - box.x1 <= _LABEL_LEFT:
            distance = float(control.box.x0 - box.x1)
        elif 0 <= control.box.y0 - box.y1 <= _LABEL_ABOVE and box.x0 < control.box.x1 and box.x1 > control.box.x0 - 8:
            distance = control.box.y0 - box.y1 + 0.3 * abs(box.x0 - control.box.x0)
        else:
            continue
        if distance < nearest:
            best, nearest = element.text, distance
    return best


def _same_row(a: Box, b: Box) -> bool:
    overlap = min(a.y1, b.y1) - max(a.y0, b.y0)
    return overlap >= 0.5 * min(a.height, b.height) and max(a.height, b.height) <= 6 * min(a.height, b.height)


def _reading_order(elements: list[Element]) -> list[Element]:
    """Rows from top to bottom, each from left to right. A row is what lies within half a text line of its first."""
    ordered: list[Element] = []
    row: list[Element] = []
    anchor = 0
    for element in sorted(elements, key=lambda element: (element.box.centre.y, element.box.x0)):
        if row and element.box.centre.y - anchor > 8:
            ordered.extend(sorted(row, key=lambda element: element.box.x0))
            row = []
        if not row:
            anchor = element.box.centre.y
        row.append(element)
    return [*ordered, *sorted(row, key=lambda element: element.box.x0)]
