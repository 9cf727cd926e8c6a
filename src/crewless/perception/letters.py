"""What a reading is worth: which characters there are, and what shape, spacing and company set right afterwards.

A crop's reading depends on its pixels alone. What stands around it tells more: a page without a Chinese word has no lone
Chinese letter (a plus looks like one), an English line has no Greek one, and a line of whose glyphs half were not read is
in a script that the network does not know. Such a word becomes :data:`UNREAD`: nobody takes it for a text.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from crewless.core.messages import Box
from crewless.perception.crops import Glyph
from crewless.perception.lines import DetectedLine, TextLine

UNREAD = "\ufffd"
"""Stands for a word in letters that reading does not know (Cyrillic, Greek, Arabic, ...): the replacement character of Unicode."""

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
_X_HEIGHT = 0.82
"""A letter that looks the same in both cases is a small one below this share of a capital: x-heights are 0.66 to 0.76."""
_CAP_HEIGHT = 0.86
_ACCENTED_CAP = 1.14
"""A capital with an accent is higher than this many capitals; a small letter with one is about as high as a capital."""
_SAME_SHAPE = frozenset("cosuvwxz")
_CAPITALS = frozenset("ABDEFGHKLMNPRTY2345678")
_ASCENDERS = frozenset("bdfhk")
_SMALL = frozenset("aemnr")
_BARS = frozenset("iıIlİ1|")


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
    words = re.sub(r" +([:;,.!?])(?!\S)", r"\1", " ".join(words)).split(" ")
    return " ".join(_told_by_spelling(word) for word in words)


def _told_by_spelling(word: str) -> str:
    """I and l look alike in most sans faces; where they may stand, spelling tells."""
    # No English word begins with l and one of these.
    word = re.sub(r"^l(?=[cdfgmnpqrstvwxz])", "I", word)
    # Three bars at the beginning are Ill, not Ili.
    word = re.sub(r"^Ili(?=n|e|u|i)", "Ill", word)
    # I'm, I'll, I'd, I've in English, l'eau in French and Italian.
    word = re.sub(r"^[lI1](?=['’](?:m|ll|d|ve)$)", "I", word)
    word = re.sub(r"^([dDcCnNsS]?)[I1](?=['’](?!(?:m|ll|d|ve)$)\w\w)", r"\1l", word)
    # Inside and at the end of a word in small letters there is no capital I.
    return re.sub(r"(?<=[a-zß-öø-ÿÄÖÜ])I{1,2}(?=[a-zß-öø-ÿ]|$)", lambda bars: "l" * len(bars[0]), word)


def told_by_size(words: Sequence[str], glyphs: Sequence[Sequence[Glyph | None]], *, monospaced: bool) -> list[str]:
    """Set right what the sizes of the letters of a line tell: 0 or O or o, i or l or ı, and small letters that look like their
    capitals.

    Args:
        words: what was read of the line's words.
        glyphs: the ink of each word's letters; empty for a word whose letters could not be told from each other.
        monospaced: all letters are equally wide, so that width tells nothing.
    """
    line = _heights(words, glyphs)
    if line.cap <= 0:
        # Nothing to compare with, but only a zero is narrow.
        return [
            "0" if word in ("O", "o") and not monospaced and ink and ink[0] is not None and _is_narrow(ink[0]) else word
            for word, ink in zip(words, glyphs, strict=True)
        ]
    turkish = any(letter in "ığşİĞŞ" for word in words for letter in word)
    return [
        "".join(
            _resized(word, at, own, line, monospaced=monospaced, turkish=turkish)
            for at, (_, own) in enumerate(_pairs(word, ink))
        )
        if ink
        else word
        for word, ink in zip(words, glyphs, strict=True)
    ]


def _pairs(word: str, ink: Sequence[Glyph | None]) -> list[tuple[str, Glyph | None]]:
    """Each character with its ink; a space has none."""
    rest = iter(ink)
    return [(letter, None if letter == " " else next(rest, None)) for letter in word]


def pieces_of(letter: str) -> int:
    """How many pieces of ink stand side by side in a character."""
    return 0 if letter == " " else 3 if letter == "…" else 2 if letter in '"“”„«»' else 1


@dataclass(frozen=True, kw_only=True, slots=True)
class _Heights:
    """Of a line's letters, in pixels; 0 where no letter of the line tells."""

    base: float = 0.0
    """Row of the baseline."""
    cap: float = 0.0
    high: float = 0.0
    """Of ascenders, where there are capitals to compare them with."""


def _heights(words: Sequence[str], glyphs: Sequence[Sequence[Glyph | None]]) -> _Heights:
    tops: dict[str, list[int]] = {"cap": [], "high": [], "small": []}
    bottoms: list[int] = []
    for word, ink in zip(words, glyphs, strict=True):
        if not ink:
            continue
        for letter, own in _pairs(word, ink):
            kind = (
                "cap"
                if letter in _CAPITALS
                else "high"
                if letter in _ASCENDERS
                else "small"
                if letter in _SMALL
                else ""
            )
            if own is not None and kind:
                tops[kind].append(own.top)
                bottoms.append(own.bottom)
    if not bottoms:
        return _Heights()
    base = float(sorted(bottoms)[len(bottoms) // 2])
    height = {kind: base - sorted(own)[len(own) // 2] if own else 0.0 for kind, own in tops.items()}
    cap = height["cap"] or height["high"] or height["small"] / 0.73
    return _Heights(base=base, cap=cap, high=height["high"] if height["cap"] else 0.0)


def _resized(word: str, at: int, own: Glyph | None, line: _Heights, *, monospaced: bool, turkish: bool) -> str:
    letter = word[at]
    if own is None:
        return letter
    cap, height = line.cap, line.base - own.top
    if letter in "0Oo":
        return _round(word, at, own, height / cap, monospaced=monospaced)
    if letter in _BARS:
        return _bar(letter, own, height, line, turkish=turkish)
    if letter == ";" and own.bottom <= line.base + (1 if cap >= 12 else 0):
        return ":"
    if letter == "B" and own.open:
        return "ß"
    plain = unicodedata.normalize("NFD", letter)
    if plain[0].lower() not in _SAME_SHAPE or letter == "ß":
        return letter
    # A cedilla adds nothing above, other accents do.
    above = len(plain) > 1 and plain[1] not in "\u0327\u0328\u0326"
    if letter.isupper() and height < (1.08 if above else _X_HEIGHT) * cap:
        return letter.lower()
    if letter.islower() and height > (1.19 if above else _CAP_HEIGHT) * cap and _may_be_capital(word, at):
        return letter.upper()
    return letter


def _may_be_capital(word: str, at: int) -> bool:
    """Whether a capital may stand here: first, or after another one."""
    before = word[at - 1] if at else ""
    return not before.islower() and not word[at + 1 : at + 2].islower() if before else True


def _round(word: str, at: int, own: Glyph, height: float, *, monospaced: bool) -> str:
    """0, O or o; the height in capitals."""
    letter = word[at]
    if height < _X_HEIGHT:
        return "o"
    if height < _CAP_HEIGHT or height > _ACCENTED_CAP or (letter == "o" and not _may_be_capital(word, at)):
        return letter
    if monospaced:
        return "0" if own.cored else letter if letter == "0" else "O"
    return "0" if _is_narrow(own) else "O"


def _is_narrow(own: Glyph) -> bool:
    """Whether a round letter is a zero by its width."""
    return own.x1 - own.x0 <= _ROUND_ZERO * (own.bottom - own.top)


def _bar(letter: str, own: Glyph, height: float, line: _Heights, *, turkish: bool) -> str:
    cap = line.cap
    if own.x1 - own.x0 > 0.75 * cap:
        return letter
    if own.dotted and letter != "1":
        if height > _ACCENTED_CAP * cap:
            return "İ" if turkish else letter
        return "i" if letter == "ı" else letter
    if height < _X_HEIGHT * cap and letter in "iIl1":
        return "ı" if turkish else letter
    # Ascenders that overtop the capitals and digits tell an l from I and 1.
    if line.high >= cap + 1 and letter in "1Il":
        return "l" if height >= line.high else ("I" if letter == "l" else letter)
    return letter


# --- company -------------------------------------------------------------------------------------------------------

_GREEK_ALIKE = dict(zip("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧαβγικνορτυχ", "ABEZHIKMNOPTYXaßyıkvoptux", strict=True))


def is_greek(word: str) -> bool:
    """Whether a word is Greek and not a sign: several letters, of which one looks like no Latin one."""
    greek = [letter for letter in word if "\u0391" <= letter <= "\u03c9"]
    own = sum(letter not in _GREEK_ALIKE for letter in greek)
    alike = all(letter in greek or letter in _GREEK_ALIKE.values() for letter in word)
    return len(word) >= 3 and own >= 1 and (own >= 2 or alike or len(greek) >= 0.5 * len(word))


def in_latin(text: str) -> str:
    """A text with its Greek letters made Latin where they look it: no Greek word has been read."""
    return "".join(_GREEK_ALIKE.get(letter, letter) for letter in text)


_FULL_WIDTH = str.maketrans("?!,:;()", "？！，：；（）")
_LEANS_LEFT = frozenset("、。，：；？！）」』》】")
_LEANS_RIGHT = frozenset("（「『《【")


def _together(words: Sequence[str]) -> list[str]:
    """Words of a Chinese or Japanese line: its punctuation brings its own blank, and there is no space beside it."""
    out: list[str] = []
    for word in words:
        before = out[-1] if out else ""
        if before and word in "?!,:;()" and is_ideograph(before[-1]):
            out[-1] += word.translate(_FULL_WIDTH)
        elif before and word and (before[-1] in _LEANS_LEFT | _LEANS_RIGHT or word[0] in _LEANS_LEFT):
            out[-1] += word
        else:
            out.append(word)
    return out


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
    if not 6 <= ascent <= 48 or not glyphs or (confidence >= 0.5 and len(text) >= len(glyphs)):
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
            # The number of words stays: each has a place of its own.
            joined = _together(words)
            joined += [""] * (len(words) - len(joined))
            settled.append(TextLine(words=tuple(joined), confidence=text.confidence))
            continue
        # The network knows the plain letters of Greek, but not those with an accent: it leaves them out.
        greek = [is_greek(word) for word in words]
        words = words if any(greek) else [in_latin(word) for word in words]
        missing = [
            is_greek(word) or (not line.icon and is_unread(word, sure, own.glyphs, ascent=line.ascent))
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
            words=tuple(UNREAD if _alike(w) else w for w in text.words),
            confidence=text.confidence,
        )
        for text in settled
    ]


def _alike(word: str) -> bool:
    """Whether a word is made only of letters that Cyrillic or Greek have as well."""
    letters = word.strip(",.?!:;")
    return bool(letters) and not letters.isdigit() and _CYRILLIC_ALIKE.issuperset(letters)
