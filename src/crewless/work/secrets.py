"""Which fields and prompts are for a secret, by what a screen shows of them.

A field is a secret's when its label, its placeholder or a word beside it names one, or when it shows a row of bullets. Where
it cannot be seen which field has the focus, any such field on the screen is enough.
"""

import re
import unicodedata

import numpy as np

from crewless.core.messages import Box, Element, Observation, Point

_ENTRY = ("field", "textarea", "select")
_NEAR_LEFT, _NEAR_ABOVE = 240, 40
"""Pixels between a field and words that belong to it, where perception saw no label."""
_COLONS = ":;.,\uff1a> "
"""What a prompt ends in, and what small colons are read as."""
_PROMPT_WORDS = 6
_RIM = 3
"""Pixels that are blacked around a field: with the focus its frame moves by one or two."""
_NAMES = re.compile(
    r"pass[ -]?(word|phrase|code|wort)|kennwort|mots? de passe|contrasena|palabra clave|senha|palavra.passe|wachtwoord"
    r"|losenord|adgangskode|kodeord|passord|salasana|haslo|heslo|parola|sifre|jelszo|пароль|парола"
    r"|\bpwd\b|\bpass\b|\bpins?\b|\bpin[ -]?code|\bsecrets?\b|\bgeheim|\bcvv2?\b|\bcvc2?\b|\bcsc\b"
    r"|card verification|\botp\b|\bm?tan\b|密码|密碼|口令|パスワード|暗証番号|비밀번호"
    # A code that opens something, and a key that stands for a person.
    r"|(access|security|one.time|verification|confirmation|recovery|backup|unlock|auth\w*|log.?in|activation|2fa|mfa) ?codes?\b"
    r"|(zugangs|zugriffs|sicherheits|bestatigungs|freischalt|freigabe|prufungs|pruf|wiederherstellungs|aktivierungs"
    r"|anmelde|entsperr)[ -]?(code|kode|daten|kennung|schlussel|nummer|wort)"
    r"|\bcode (d.acces|secret|de (securite|verification|confirmation))|\bcodigo (de )?(acceso|seguridad|verificacion|secreto)"
    r"|\bclave\b|\bcodice (segreto|di (sicurezza|accesso|verifica))|\btoegangscode|\bbeveiligingscode"
    r"|\btokens?\b|\bjeton\b|\bap[il1|][ -]?(key|schlussel|secret)|\b(access|secret|private|signing|encryption|master|license|account)"
    r"[ -]?keys?\b|(recovery|seed|secret|mnemonic) (phrase|words)|\bcredentials?\b"
)
_OTHERS = re.compile(
    r"\b(user ?name|user|e-?mail|login(?![ -]?(code|pass|pin|key|token))|benutzername|utilisateur|usuario)\b"
)
"""A line that names these as well ("User name and password") stands over a form, not beside a field."""


def names_a_secret(text: str) -> bool:
    """Whether words beside a field say that what is typed into it is nobody else's business."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", text.lower()) if not "\u0300" <= c <= "\u036f")
    bare = unicodedata.normalize("NFC", bare)
    return bool(_NAMES.search(bare)) and not _OTHERS.search(bare)


def shows_bullets(pixels: np.ndarray, box: Box) -> bool:
    """Whether a field shows a row of equal, filled, round marks. ``pixels``: shape (height, width, 3), uint8."""
    inner = pixels[box.y0 + 3 : box.y1 - 3, box.x0 + 3 : box.x1 - 3].astype(np.int16)
    if min(inner.shape[:2]) < 6:
        return False
    paper = np.median(inner.reshape(-1, 3), axis=0)
    ink = np.abs(inner - paper).max(axis=2) > 60
    edges = np.flatnonzero(np.diff(np.concatenate(([False], ink.any(axis=0), [False])).astype(np.int8)))
    marks = []
    for x0, x1 in edges.reshape(-1, 2).tolist():
        rows = np.flatnonzero(ink[:, x0:x1].any(axis=1))
        y0, y1 = int(rows[0]), int(rows[-1]) + 1
        if x1 - x0 <= 2 < y1 - y0:
            continue  # the caret
        filled = float(ink[y0:y1, x0:x1].mean())
        if x1 - x0 < 3 or abs((x1 - x0) - (y1 - y0)) > 1 or filled < 0.65:
            return False
        marks.append((x0, x1 - x0, y0, y1))
    if len(marks) < 2:
        return False
    steps = np.diff([mark[0] for mark in marks])
    same = all(np.ptp([mark[part] for mark in marks]) <= 1 for part in (1, 2, 3))
    return same and int(np.ptp(steps)) <= 2 and abs((marks[0][2] + marks[0][3]) / 2 - len(ink) / 2) < 0.2 * len(ink)


def secret_boxes(
    observation: Observation, pixels: np.ndarray, point: Point | None = None, *, settled: bool = True
) -> tuple[list[Box], bool]:
    """Where a secret would be typed now, empty when what is typed is none; and whether it was seen which field has the focus.

    Where it was not, every field that is for a secret is named.

    Args:
        observation: what the screen shows.
        pixels: the same, shape (height, width, 3), uint8, RGB.
        point: where a button was pressed last, if nothing has moved the focus since.
        settled: the screen has had the time to show where the focus is.
    """
    entries = [e for e in observation.elements if e.kind in _ENTRY]
    secret = [e.box for e in entries if is_secret(e, observation, pixels)]
    secret += [_right_of(e, observation) for e in observation.elements if _is_prompt(e, observation)]
    focused = [e.box for e in entries if "focused" in e.state]
    if point is not None:
        focused += [e.box for e in entries if e.box.contains(point)]
    sure = bool(focused) and settled
    if sure:
        secret = [box for box in secret if box in focused]
    return [Box(max(0, b.x0 - _RIM), max(0, b.y0 - _RIM), b.x1 + _RIM, b.y1 + _RIM) for b in secret], sure


def is_secret(entry: Element, observation: Observation, pixels: np.ndarray) -> bool:
    """Whether a field is for a secret."""
    if names_a_secret(entry.label) or names_a_secret(entry.text) or shows_bullets(pixels, entry.box):
        return True
    return not entry.label and any(
        names_a_secret(e.text) for e in observation.elements if e.kind in ("text", "link") and _beside(e.box, entry.box)
    )


def _beside(words: Box, entry: Box) -> bool:
    """Whether words stand left of a field or right above it."""
    row = min(words.y1, entry.y1) - max(words.y0, entry.y0) >= 0.5 * min(words.height, entry.height)
    if row:
        return 0 <= entry.x0 - words.x1 <= _NEAR_LEFT
    return 0 <= entry.y0 - words.y1 <= _NEAR_ABOVE and words.x0 < entry.x1 and words.x1 > entry.x0 - 8


def _is_prompt(element: Element, observation: Observation) -> bool:
    """Words that name a secret at their end and have nothing after them, as in a terminal or before a field without a frame.

    They end in a colon; small ones are read as other marks, and on a screen without any field, a terminal's, as none.
    """
    if element.kind != "text":
        return False
    words = element.text.rstrip()
    bare = words.rstrip(_COLONS)
    marked = bare != words
    if not marked and any(e.kind in _ENTRY for e in observation.elements):
        return False
    if not names_a_secret(bare if marked or len(bare.split()) <= _PROMPT_WORDS else ""):
        return False
    box = element.box
    return not any(
        e.box.x0 >= box.x1 and min(e.box.y1, box.y1) - max(e.box.y0, box.y0) >= 0.5 * box.height
        for e in observation.elements
        if e.kind in (*_ENTRY, "text", "link")
    )


def _right_of(element: Element, observation: Observation) -> Box:
    box = element.box
    return Box(box.x1 + 1, max(0, box.y0 - 8), min(observation.width, box.x1 + 400), box.y1 + 8)
