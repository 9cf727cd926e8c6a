"""What customers write: the package's own corpus of a made-up shop, and files that the user brings."""

import csv
import random
import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

from crewless.core.errors import BadInput

_SLOT = re.compile(r"\{(\w+)\}")
_NEAR_KEYS = {
    "a": "sq", "b": "vn", "c": "xv", "d": "sf", "e": "wr", "f": "dg", "g": "fh", "h": "gj", "i": "uo", "k": "jl",
    "l": "k", "m": "n", "n": "bm", "o": "ip", "p": "o", "r": "et", "s": "ad", "t": "ry", "u": "yi", "v": "cb",
    "w": "qe", "y": "tu",
}  # fmt: skip
_GREETINGS = ("Hi, ", "Hello, ", "Hello there. ", "Good morning, ", "Hi team, ", "Dear Larkspur, ", "hey ")
_CLOSINGS = (" Thanks.", " Thank you!", " Kind regards, {name}", " Please advise.", " Thx", " {name}", " Many thanks in advance.")  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Ticket:
    """What a customer wrote and what it is about."""

    text: str
    category: str
    """Names what it is about; which team answers it is the desk's business. ``none``: no team's."""


@cache
def _content() -> dict[str, dict[str, list[str]]]:
    return tomllib.loads(files("crewless.tasks.helpdesk").joinpath("data/shop_tickets.toml").read_text("utf-8"))


def templates() -> dict[str, tuple[str, ...]]:
    """The package's templates by category; ``none`` are those that belong to no team."""
    return {category: tuple(lines) for category, lines in _content()["templates"].items()}


def generate(n: int, seed: int, *, none_share: float = 0.08) -> list[Ticket]:
    """Tickets of the made-up shop: templates with their slots filled, some with a greeting, some with typos.

    Templates are dealt like cards: none comes a second time before all of its category have come once, so the tickets
    of one call share few templates. Recordings and unseen tickets that are cut from one call are honestly apart.

    Args:
        n: how many. With a larger one the first tickets are the same.
        seed: the same seed gives the same tickets.
        none_share: share of tickets that belong to no team, 0 to 1.
    """
    chance, order = random.Random(f"corpus/{seed}"), random.Random(f"categories/{seed}")
    dealt = templates()
    teams = [category for category in dealt if category != "none"]
    decks: dict[str, list[str]] = {}
    categories: list[str] = []
    while len(categories) < n:
        categories += order.sample(teams, len(teams))
    tickets = []
    for category in categories[:n]:
        if chance.random() < none_share:
            category = "none"
        deck = decks.get(category)
        if not deck:
            deck = decks[category] = chance.sample(dealt[category], len(dealt[category]))
        tickets.append(Ticket(text=_write(deck.pop(), chance), category=category))
    return tickets


def load_csv(path: Path) -> list[Ticket]:
    """Read ``text,category`` rows.

    Raises:
        BadInput: the file cannot be read, has other columns, or a row lacks its text or category (the line is named).
    """
    tickets = []
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            columns = reader.fieldnames or []
            if sorted(columns) != ["category", "text"]:
                raise BadInput(
                    f"{path} has the columns {', '.join(columns) or '(none)'}", alternatives=["a CSV file with the columns text,category"]
                )  # fmt: skip
            for row in reader:
                text, category = row["text"], row["category"]
                if None in row or text is None or category is None:
                    raise BadInput(f"{path}:{reader.line_num} has {'too many' if None in row else 'too few'} values: {list(row.values())}", alternatives=["quote a text that holds commas"])  # fmt: skip
                if not text.strip():
                    raise BadInput(f"{path}:{reader.line_num} has an empty text (category {category!r})")
                if not category.strip():
                    raise BadInput(f"{path}:{reader.line_num} has no category: {text.strip()[:60]!r}", alternatives=["none, for a ticket of no team"])  # fmt: skip
                tickets.append(Ticket(text=text.strip(), category=category.strip()))
    except OSError as error:
        raise BadInput(f"cannot read the tickets {path}: {error.strerror}") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadInput(f"{path} is not a UTF-8 CSV file: {error}") from error
    if not tickets:
        raise BadInput(f"{path} contains no tickets")
    return tickets


def subject(text: str) -> str:
    """The subject line that a customer would put over a text: its first words, up to a sentence's end.

    Long texts give lines of different lengths, so that one page differs from the next in height as real pages do.
    """
    body = re.sub(r"^(hi|hello|hey|dear \w+|good morning)( there| team)?[,.!]?\s+", "", text.strip(), flags=re.I)
    words = re.split(r"(?<=[.!?])\s", body, maxsplit=1)[0].split()
    longest = 5 + sum(map(ord, text)) % 9
    line = " ".join(words[:longest] or text.split()[:longest])
    if len(words) > longest:
        line = line.rstrip(",;:-") + "..."
    return (line[:1].upper() + line[1:])[:120]


def _write(template: str, chance: random.Random) -> str:
    text, asides = template, _content()["asides"]
    sentence = text if text[-1] in ".!?" else text + "."
    long_winded = chance.random()
    if long_winded < 0.10:
        text = f"{chance.choice(asides['before'])} {text}"
    elif long_winded < 0.20:
        text = f"{sentence} {chance.choice(asides['after'])}"
    elif long_winded < 0.25:
        text = f"{chance.choice(asides['before'])} {sentence} {chance.choice(asides['after'])}"
    if chance.random() < 0.22 and not text.lower().startswith(("hi", "hello", "dear", "good", "happy")):
        greeting = chance.choice(_GREETINGS)
        first = text.split(maxsplit=1)[0]
        keeps_capital = greeting.endswith(". ") or first in ("I", "I'm", "I've", "I'd") or not first[1:].islower()
        text = greeting + (text if keeps_capital else text[:1].lower() + text[1:])
    if chance.random() < 0.18:
        text += ("" if text[-1] in ".!?" else ".") + chance.choice(_CLOSINGS)
    text = _SLOT.sub(lambda slot: chance.choice(_content()["slots"][slot[1]]), text)
    if chance.random() < 0.25:
        for _ in range(chance.choice((1, 1, 2, 3))):
            text = _typo(text, chance)
    manner = chance.random()
    if manner < 0.07:
        text = text.lower()
    elif manner < 0.09:
        text = text.upper()
    return text


def _typo(text: str, chance: random.Random) -> str:
    """One slip of the fingers inside a word of four letters or more: swapped, missing, doubled or neighbouring key."""
    words = list(re.finditer(r"[A-Za-z]{4,}", text))
    if not words:
        return text
    word = chance.choice(words)
    at = chance.randrange(word.start() + 1, word.end() - 1)
    letter, kind = text[at], chance.randrange(4)
    if kind == 0:
        return text[:at] + text[at + 1] + letter + text[at + 2 :]
    if kind == 1:
        return text[:at] + text[at + 1 :]
    if kind == 2:
        return text[:at] + letter + text[at:]
    return text[:at] + chance.choice(_NEAR_KEYS.get(letter, letter)) + text[at + 1 :]
