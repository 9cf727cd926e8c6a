"""Comparing what is written on a screen: recognition errors, cut-off texts and letter case must not matter."""

import re
import unicodedata
import zlib
from collections.abc import Collection
from difflib import SequenceMatcher
from functools import lru_cache

BUCKETS = 4096
"""Rows of the table of character n-grams that the skill's text vectors are summed from."""
GRAMS = 32
"""At most so many n-grams of a text are looked at; a button's caption has fewer, a sentence need not be told apart."""

_SPACES = re.compile(r"\s+")
_EDGES = re.compile(r"^[^\w]+|[^\w]+$")


@lru_cache(maxsize=65536)
def plain(text: str) -> str:
    """Lower case, one space between words, nothing but letters and digits at either end unless there are none at all."""
    folded = _SPACES.sub(" ", unicodedata.normalize("NFKC", text).casefold()).strip()
    return _EDGES.sub("", folded) or folded


_DIGITS = str.maketrans("oil", "011")
"""Letters that look like digits, by the digit."""


def spaced(text: str) -> list[str]:
    """The words of a text in lower case, by letters and digits alone: ``INV-7`` is two. In a word with a digit the letters that look
    like one are read as digits, since recognition takes the one for the other."""
    words = "".join(c if c.isalnum() else " " for c in plain(text)).split()
    return [word.translate(_DIGITS) if any(c.isdigit() for c in word) else word for word in words]


_PROSE = 7
"""In so many words and more somebody has said something."""


def are_prose(texts: Collection[str]) -> bool:
    """Whether texts are what somebody wrote, and no values: by their words, in the mean."""
    return sum(len(text.split()) for text in texts) >= _PROSE * len(texts)


def has_words(whole: str, part: str) -> bool:
    """Whether a text stands in another one as whole words, whatever stands between them."""
    words = " ".join(spaced(part))
    return bool(words) and f" {words} " in f" {' '.join(spaced(whole))} "


@lru_cache(maxsize=65536)
def _trigrams(text: str) -> frozenset[str]:
    padded = f"  {text} "
    return frozenset(padded[i : i + 3] for i in range(len(padded) - 2))


@lru_cache(maxsize=262144)
def similarity(a: str, b: str) -> float:
    """How alike two texts are, 0 to 1: the Dice coefficient of their character trigrams (Dice 1945); 1 only when they are
    equal but for case and spacing; 0.9 when one is the beginning of the other, as in a select that is too narrow."""
    left, right = plain(a), plain(b)
    if not left or not right:
        return 0.0
    if left == right:
        return 1.0
    short, long = sorted((left, right), key=len)
    short = short.rstrip(". …")
    if (
        len(short) >= 6
        and long.startswith(short)
        and (len(short) > 0.5 * len(long) or a.rstrip().endswith(("…", "...")))
    ):
        return 0.9
    return min(0.99, dice(left, right))


def dice(a: str, b: str) -> float:
    """How alike two texts are as wholes, 0 to 1, by their character trigrams (Dice 1945); case and spacing aside."""
    one, other = _trigrams(plain(a)), _trigrams(plain(b))
    return 2.0 * len(one & other) / (len(one) + len(other))


@lru_cache(maxsize=65536)
def grams(text: str) -> tuple[int, ...]:
    """Bucket numbers (0 to BUCKETS - 1) of a text's words and character trigrams, at most ``GRAMS``; empty for an empty
    text. CRC32 because it is the same on every machine, which ``hash`` is not."""
    cleaned = plain(text)
    if not cleaned:
        return ()
    words = [f"#{word}" for word in cleaned.split(" ")]
    padded = f" {cleaned} "
    parts = [*words[:8], *(padded[i : i + 3] for i in range(len(padded) - 2))]
    return tuple(zlib.crc32(part.encode()) % BUCKETS for part in parts[:GRAMS])


_LOOKS = str.maketrans(
    {
        "I": "l",
        "|": "l",
        "ø": "o",
        "Ø": "O",
        "ł": "l",
        "Ł": "L",
        "đ": "d",
        "ß": "B",
        "æ": "a",
        "’": "'",
        "–": "-",
        "—": "-",
    }
)
_NEAR = 0.72
"""From this share of equal letters on two texts may be readings of one."""


@lru_cache(maxsize=65536)
def misread(value: str, target: str) -> bool:
    """Whether one text may be a reading of the other: equal, or of the same length and digits, with most of the letters the same,
    accents aside. What differs in nothing but letter case does not."""
    if value == target:
        return True
    if value.casefold() == target.casefold():
        return False
    left, right = _bare(value), _bare(target)
    if left == right:
        return True
    if abs(len(left) - len(right)) > max(1, 0.12 * len(right)) or min(len(left), len(right)) < 3:
        return False
    digits = re.sub(r"\D", "", left) == re.sub(r"\D", "", right)
    return digits and SequenceMatcher(None, left, right, False).ratio() >= _NEAR


@lru_cache(maxsize=65536)
def _bare(text: str) -> str:
    """Without accents, and with one letter for those that look the same."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return bare.translate(_LOOKS)
