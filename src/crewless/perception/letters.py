"""What a reading is worth: which characters there are, and what shape, spacing and company set right afterwards.

A crop's reading depends on its pixels alone. What stands around it tells more: a page without a Chinese word has no lone
Chinese letter (a plus looks like one), an English line has no Greek one, and a line of whose glyphs half were not read is
in a script that the network does not know. Such a word becomes :data:`UNREAD`: nobody takes it for a text.
"""

import re
from collections.abc import Sequence

from crewless.core.messages import Box
from crewless.perception.lines import DetectedLine, TextLine

UNREAD = "\ufffd"
"""Stands for a word in letters that reading does not know (Cyrillic, Arabic, ...): the replacement character of Unicode."""

_SIGNS = frozenset("¡¢£¥§©ª«®°±²³µ¶·º»¼½¾¿×÷–—‘’‚“”„†•…‹›€™№→←↑↓✓")
_LEFT_OUT = frozenset("ſŉĸĳĲŀĿ")
_FAR_SIGNS = frozenset("、。「」『』《》〈〉【】〔〕〜・ー々〇！（），：；？％～")


def is_near(character: str) -> bool:
    """Whether a class is read everywhere: ASCII, Latin letters of European languages, Greek, signs of text."""
    if len(character) != 1:
        return False
    code = ord(character)
    latin = 0xC0 <= code <= 0x17F or character in "ȘșȚțẞ"
    greek = 0x391 <= code <= 0x3C9
    return 33 <= code < 127 or character in _SIGNS or ((latin or greek) and character not in _LEFT_OUT)


def is_far(character: str) -> bool:
    """Whether a class is read where the near ones do not explain a crop: Chinese and Japanese, and their punctuation."""
    return len(character) == 1 and (is_ideograph(character) or character in _FAR_SIGNS)


def is_ideograph(character: str) -> bool:
    """Whether a character is a Chinese or Japanese letter."""
    code = ord(character)
    return 0x3400 <= code <= 0x9FFF or 0xF900 <= code <= 0xFAFF or 0x3041 <= code <= 0x30FA


# --- spaces --------------------------------------------------------------------------------------------------------


def spaced(text: str, positions: Sequence[float], gaps: Sequence[float]) -> str:
    """A reading with a space at each gap (pixels from the crop's left edge) where none was read.

    Args:
        text: what was read.
        positions: where each of its characters was seen.
        gaps: middles of the gaps between words, in order.
    """
    letters = list(text)
    at = 0
    for number, position in enumerate(positions):
        while at < len(gaps) and position > gaps[at]:
            at += 1
            if number > 0 and text[number] != " " and text[number - 1] != " ":
                letters[number] = " " + letters[number]
    return "".join(letters).strip()


# --- shapes --------------------------------------------------------------------------------------------------------

_ROUND_ZERO = 0.82
"""A zero is at most this many times as wide as high, a capital O wider: in the sans and serif faces of interfaces."""
_LOWER_SHAPES = dict(zip("COSUVWXZ", "cosuvwxz", strict=True))
_UPPER_SHAPES = {lower: upper for upper, lower in _LOWER_SHAPES.items()}
_X_HEIGHT = 0.84
"""A letter that looks the same in both cases is a small one below this share of the ascent: x-heights are 0.66 to 0.76."""
_CAP_HEIGHT = 0.92


def told_by_shape(text: str, parts: Sequence[Box], *, baseline: int, ascent: int) -> str:
    """Set right what thin strokes were read as: a bare bar is an I and never a 1, which has a flag; a stroke that goes
    below the baseline is a slash.

    Args:
        text: what was read.
        parts: the boxes of its words; nothing is changed when their number differs.
        baseline: of the line.
        ascent: of the line, in pixels.
    """
    words = text.split(" ")
    if len(words) == len(parts):
        for at, part in enumerate(parts):
            if words[at] not in ("1", "l", "|", "I", "/"):
                continue
            if part.width <= 0.28 * ascent:
                words[at] = "|" if part.y1 > baseline + 1 else "I"
            elif part.y1 > baseline and part.width > 0.3 * ascent:
                words[at] = "/"
    # In wide faces a colon stands as far from its neighbours as a word would.
    words = re.sub(r" +([:;,.!?])", r"\1", " ".join(words)).split(" ")
    # No English word begins with l and one of these; I does look like l in most fonts.
    return " ".join(re.sub(r"^l(?=[cdfgmnpqrtvwxz'])", "I", word) for word in words)


def told_by_glyphs(text: str, glyphs: Sequence[Box], *, ascent: int, monospaced: bool) -> str:
    """Set right what the size of single glyphs tells: 0 or O, and small letters that look like their capitals.

    Args:
        text: what was read of a word, with or without spaces.
        glyphs: its pieces from left to right; nothing is changed when there is not one for each letter.
        ascent: of the line, in pixels.
        monospaced: all letters are equally wide, so that width tells nothing.
    """
    at = [number for number, letter in enumerate(text) if letter != " "]
    if len(at) != len(glyphs):
        return text
    letters = list(text)
    for number, glyph in zip(at, glyphs, strict=True):
        letter = letters[number]
        if letter in "0O" and not monospaced and glyph.height >= _X_HEIGHT * ascent and ascent >= 7:
            letters[number] = "0" if glyph.width <= _ROUND_ZERO * glyph.height else "O"
        elif letter in _LOWER_SHAPES and glyph.height < _X_HEIGHT * ascent:
            letters[number] = _LOWER_SHAPES[letter]
        elif letter in _UPPER_SHAPES and glyph.height > _CAP_HEIGHT * ascent:
            letters[number] = _UPPER_SHAPES[letter]
    return "".join(letters)


# --- company -------------------------------------------------------------------------------------------------------

_GREEK_ALIKE = dict(zip("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧαγικνορτυχ", "ABEZHIKMNOPTYXayıkvoptux", strict=True))
_LATIN_ALIKE = {latin: greek for greek, latin in _GREEK_ALIKE.items()} | {
    "i": "ι", "I": "Ι", "n": "η", "w": "ω", "e": "ε", "á": "ά", "é": "έ", "í": "ί", "ó": "ό", "ú": "ύ", "ń": "ή", "µ": "μ",
    "ő": "ώ", "ώ": "ώ", "h": "η", "d": "δ", "ß": "β",
}  # fmt: skip


def is_greek(text: str) -> bool:
    """Whether a text holds two Greek letters that no Latin letter looks like, or is full of Greek ones."""
    greek = [letter for letter in text if "\u0391" <= letter <= "\u03c9"]
    own = [letter for letter in greek if letter not in _GREEK_ALIKE]
    return len(own) >= 2 or (bool(own) and len(greek) >= 3)


def in_one_script(text: str, *, greek: bool) -> str:
    """A text with letters of one script: Greek ones made Latin where they look it, or Latin ones Greek."""
    if greek:
        if text and text[-1] in "σς":
            text = text[:-1] + "ς"
        return "".join(_LATIN_ALIKE.get(letter, letter) for letter in text)
    return "".join(_GREEK_ALIKE.get(letter, letter) for letter in text)


_WIDE_SIGNS = {"…": 3, '"': 2, "%": 2, "“": 2, "”": 2, "„": 2, "«": 2, "»": 2, "™": 2, "½": 2, "¼": 2, "¾": 2, "№": 2}
_UNREAD_SHARE = 0.6
_CYRILLIC_ALIKE = frozenset("ABCEHKMOPTXYaceopxyukmnrbtwhNnNuU346")


def is_unread(text: str, confidence: float, glyphs: Sequence[Box], *, ascent: int) -> bool:
    """Whether a word looks like letters of which too few were read: its script is not among the classes.

    Args:
        text: what was read of it.
        confidence: of the reading.
        glyphs: its pieces from left to right.
        ascent: of its line, in pixels.
    """
    if not 6 <= ascent <= 48 or not glyphs:
        return False
    tall = [glyph for glyph in glyphs if glyph.height >= 0.45 * ascent]
    read = sum(_WIDE_SIGNS.get(letter, 1) for letter in text if letter != " ")
    if len(tall) >= 3 and len(tall) >= 0.6 * len(glyphs):
        letters = max(glyph.width for glyph in tall) <= 2.5 * ascent
        return letters and (read < _UNREAD_SHARE * len(tall) or confidence < 0.5)
    # Letters that are joined, as in Arabic.
    width = glyphs[-1].x1 - glyphs[0].x0
    return len(glyphs) >= 2 and width >= 2.5 * ascent and (not read or confidence < 0.35)


def settle(lines: Sequence[DetectedLine], texts: list[TextLine], far: Sequence[Sequence[str]]) -> list[TextLine]:
    """What the lines of a page say, each seen in the company of the others.

    Args:
        lines: of the page.
        texts: their readings in near characters.
        far: for each word of each line its reading in all characters; empty where the near ones do.
    """
    chinese = any(sum(map(is_ideograph, word)) >= 2 for words in far for word in words)
    settled: list[TextLine] = []
    unread_words = words_seen = 0
    for line, text, others in zip(lines, texts, far, strict=True):
        words = [other if other and chinese else word for word, other in zip(text.words, others, strict=True)]
        if chinese and any(others):
            settled.append(TextLine(words=tuple(words), confidence=text.confidence))
            continue
        greek = is_greek("".join(words))
        words = [in_one_script(word, greek=greek or is_greek(word)) for word in words]
        missing = [
            not line.icon and is_unread(word, sure, own.glyphs, ascent=line.ascent)
            for word, sure, own in zip(words, text.sure or (1.0,) * len(words), line.words, strict=True)
        ]
        words_seen += len(words)
        if any(missing):
            # The other words of such a line are in the same script, whatever they look like.
            words = [
                UNREAD if gone or any(map(str.isalpha, word)) else word
                for gone, word in zip(missing, words, strict=True)
            ]
            unread_words += sum(word == UNREAD for word in words)
            settled.append(TextLine(words=tuple(words), confidence=0.0))
        else:
            settled.append(TextLine(words=tuple(words), confidence=text.confidence, sure=text.sure))
    if unread_words < 0.3 * words_seen or unread_words < 3:
        return settled
    # A page of another script: words of letters that look alike in both are not ours either.
    return [
        TextLine(
            words=tuple(UNREAD if w and _CYRILLIC_ALIKE.issuperset(w) and not w.isdigit() else w for w in text.words),
            confidence=text.confidence,
        )
        for text in settled
    ]
