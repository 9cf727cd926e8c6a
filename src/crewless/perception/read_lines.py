"""Lines once they were read: which are pictures after all, and which of a terminal belong together."""

from dataclasses import replace

from crewless.core.messages import Box
from crewless.perception.lines import DetectedLine, TextLine, Word

_WIDE = frozenset("MWQOGDNHCmw@%&…—–-_=")
_LOW = frozenset("gjpqyQ,;_")


def split_icons(lines: list[DetectedLine], texts: list[TextLine]) -> tuple[list[DetectedLine], list[TextLine]]:
    """Part the pictures that could only be told from letters by reading them: a first or last word that was read as one
    letter, or as nothing, and has not the shape of that letter. Lone pictures that were read as a word become text."""
    out: list[tuple[DetectedLine, TextLine]] = []
    blots: list[int] = []
    """Words whose letters touch each other, so that they looked like a picture."""
    for line, text in zip(lines, texts, strict=True):
        if line.icon:
            word = len(text.text) >= 2 and any(map(str.isalnum, text.text)) and text.confidence > 0.9
            if not word and _is_sign(line, text, lines):
                out.append((replace(line, icon=False), text))
                continue
            out.append((replace(line, icon=not word), text if word else TextLine(words=("",), confidence=1.0)))
            blots += [len(out) - 1] if word else []
            continue
        first, last = 0, len(line.words)
        sure = text.sure or (text.confidence,) * last
        while first < last and _pictured(
            line, line.words[first], text.words[first], sure[first], alone=last - first == 1
        ):
            first += 1
        while last > first + 1 and _pictured(
            line, line.words[last - 1], text.words[last - 1], sure[last - 1], alone=False
        ):
            last -= 1
        for at in (*range(first), *range(last, len(line.words))):
            word = line.words[at]
            if word.x1 - word.x0 > 6 * (word.y1 - word.y0):
                # A rule that could not be read is no picture.
                continue
            own = replace(line, box=Box(word.x0, line.box.y0, word.x1, line.box.y1), words=(word,), icon=True)
            out.append((own, TextLine(words=("",), confidence=1.0)))
        if first < last:
            words = line.words[first:last]
            box = Box(words[0].x0, line.box.y0, words[-1].x1, line.box.y1)
            out.append(
                (
                    replace(line, box=box, words=words),
                    replace(text, words=text.words[first:last], sure=text.sure[first:last]),
                )
            )
    for at in blots:
        _join_blot(out, at)
    kept = [pair for pair in out if pair[0].words]
    return [line for line, _ in kept], [text for _, text in kept]


def _is_sign(line: DetectedLine, text: TextLine, lines: list[DetectedLine]) -> bool:
    """Whether a lone picture is a number or a code of one sign, such as a 4 or an A: it stands on the line of a text and is as high
    as its letters. An X may well close something, and an O is a ring."""
    if (
        len(text.text) != 1
        or text.confidence <= 0.9
        or not (text.text.isdigit() or text.text in "ABCDEFGHKLMNPRSTUWYZ")
    ):
        return False
    return any(
        not other.icon and other is not line and abs(other.baseline - line.baseline) <= 1 and abs(other.ascent - line.box.height) <= 1
        for other in lines
    )  # fmt: skip


def _join_blot(out: list[tuple[DetectedLine, TextLine]], at: int) -> None:
    """Put a word that looked like a picture into the line beside it, a space away and as high; its own line is left without words."""
    line, text = out[at]
    for other, (beside, said) in enumerate(out):
        gap = max(line.box.x0 - beside.box.x1, beside.box.x0 - line.box.x1)
        level = beside.surface == line.surface and abs(beside.box.y0 - line.box.y0) <= 2
        if other == at or beside.icon or not beside.words or not level or not 0 < gap <= 0.6 * beside.ascent:
            continue
        a, b = sorted((out[at], out[other]), key=lambda pair: pair[0].box.x0)
        box = Box(a[0].box.x0, min(a[0].box.y0, b[0].box.y0), b[0].box.x1, max(a[0].box.y1, b[0].box.y1))
        words = TextLine(words=a[1].words + b[1].words, confidence=min(text.confidence, said.confidence))
        out[other] = (replace(beside, box=box, words=a[0].words + b[0].words), words)
        out[at] = (replace(line, words=()), text)
        return


def join_monospaced(lines: list[DetectedLine], texts: list[TextLine]) -> tuple[list[DetectedLine], list[TextLine]]:
    """Join lines of a terminal that were parted at its wide spaces: same row, same advance, one blank between."""
    order = sorted(range(len(lines)), key=lambda at: (lines[at].surface, lines[at].baseline, lines[at].box.x0))
    out: list[tuple[DetectedLine, TextLine]] = []
    for at in order:
        line, text = lines[at], texts[at]
        if out and _monospaced(out[-1], (line, text)):
            before, said = out[-1]
            (x0, y0, _, y1), own = before.box, line.box
            box = Box(x0, min(y0, own.y0), own.x1, max(y1, own.y1))
            joined = replace(before, box=box, words=before.words + line.words, ascent=max(before.ascent, line.ascent))
            words = TextLine(words=said.words + text.words, confidence=min(said.confidence, text.confidence))
            out[-1] = (joined, words)
        else:
            out.append((line, text))
    return [line for line, _ in out], [text for _, text in out]


def _monospaced(a: tuple[DetectedLine, TextLine], b: tuple[DetectedLine, TextLine]) -> bool:
    (left, before), (right, after) = a, b
    gap = right.box.x0 - left.box.x1
    same_row = left.surface == right.surface and abs(left.baseline - right.baseline) <= 1
    if left.icon or right.icon or not same_row or gap <= 0 or min(len(before.text), len(after.text)) < 2:
        return False
    advances = [(line.box.width + 1) / len(text.text) for line, text in (a, b)]
    # The first and last letter lack their bearings: the more letters, the closer the estimate.
    slack = 0.04 + 0.25 / min(len(before.text), len(after.text))
    return abs(advances[0] - advances[1]) <= slack * max(advances) and gap <= 1.7 * min(advances)


def _pictured(line: DetectedLine, word: Word, text: str, sure: float, *, alone: bool) -> bool:
    if len(text) > 1 or word.parts:
        return False
    width, height = word.x1 - word.x0, word.y1 - word.y0
    if not text:
        return True
    if alone and len(line.words) == 1:
        return text.isalnum() and height < 9
    if text in _WIDE and sure > 0.97 and width < 1.6 * line.ascent:
        return False
    if width >= 0.95 * line.ascent and (text not in _WIDE or width >= 1.1 * line.ascent):
        return True
    floats = text not in _LOW and abs(word.y1 - line.baseline) > 1
    low = height < (0.8 if text.isupper() or text.isdigit() else 0.6) * line.ascent
    return (text.isalnum() or text == "✓") and (low or floats)
