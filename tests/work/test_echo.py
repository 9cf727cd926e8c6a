"""What was typed and is read on the screen was typed in the open; everything else may be a secret."""

import cv2
import numpy as np
import pytest

from crewless.core.messages import Box, Element, InputEvent, Observation
from crewless.work.echo import Echo, drawn, finished_part, folded, looks_like_a_key, pieces
from crewless.work.secrets import names_a_secret, secret_boxes


def key(keysym: str, char: str = "", kind: str = "key_down") -> InputEvent:
    return InputEvent(t_s=0.0, kind=kind, x=0, y=0, keysym=keysym, char=char)  # type: ignore[arg-type]


def typed(text: str) -> list[InputEvent]:
    return [key("space" if c == " " else c, c) for c in text]


def echo_of(*lines: str, element: str = "", kind: str = "field") -> Echo:
    """A screen on which one line was drawn, and that is read as these."""
    before = np.full((60, 300, 3), 255, np.uint8)
    now = before.copy()
    cv2.putText(now, "x" * 12, (20, 40), 0, 0.6, (0, 0, 0), 1)
    elements = (Element(text=element, box=Box(10, 15, 280, 50), kind=kind),) if element else ()  # type: ignore[arg-type]
    observation = Observation(elements=elements, width=300, height=60, t_s=0.0, frame_index=0)
    return Echo(before, now, observation, lambda pictures: list(lines) or [""] * len(pictures))


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("call back on monday", "call back on monday|"),
        ("call back on monday", "ca1l back on mondayl"),
        ("Größe 10", "grobe 1O"),
        ("annabel", "user annabel"),
        ("ls -la", "$ ls -1a"),
        ("7", "7"),
        ("42", "42|"),
        ("   ", ""),
    ],
)
def test_what_is_read_as_it_was_typed_has_appeared(text: str, read: str):
    assert echo_of(read).shows(text)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("hunter2xyq", "••••••••••"),
        ("hunter2xyq", "OOOOOOOOOO"),
        ("hunter2xyq", "**********"),
        ("hunter2xyq", ""),
        ("hunter2xyq", "Password:"),
        ("hunter2xyq", "•••••••••q"),
        ("hunter2xyq", "hunter"),
        ("0000", "oooo"),
        ("o", "o"),
        ("1", "|"),
        ("471193", "47 11"),
        ("пароль", "naponb"),
    ],
)
def test_what_is_not_has_not(text: str, read: str):
    assert not echo_of(read).shows(text)
    assert not echo_of("", element=read).shows(text)


def test_a_short_rest_is_known_by_what_stands_before_it():
    assert echo_of("annabel").shows("el", context="annab")
    assert not echo_of("annab").shows("el", context="annab")
    assert echo_of("", element="annabel").shows("el", context="annab")


def test_only_what_was_drawn_since_counts():
    before = np.full((60, 300, 3), 255, np.uint8)
    cv2.putText(before, "hunter2xyq", (20, 40), 0, 0.6, (0, 0, 0), 1)
    shown = Observation(
        elements=(Element(text="hunter2xyq", box=Box(15, 20, 200, 48), kind="text"),),
        width=300,
        height=60,
        t_s=0.0,
        frame_index=0,
    )
    assert not Echo(before, before.copy(), shown, lambda pictures: ["hunter2xyq"] * len(pictures)).shows("hunter2xyq")
    assert drawn(before, before) == []


def test_a_backspace_takes_a_character_away_and_other_keys_end_a_text():
    events = [
        *typed("helo"),
        key("BackSpace"),
        *typed("lo"),
        key("Left"),
        *typed("x"),
        key("Shift_L"),
        *typed("Y"),
        key("Tab"),
    ]
    assert [(piece.first, piece.end, piece.text) for piece in pieces(events)] == [(0, 7, "hello"), (8, 11, "xY")]
    assert pieces([key("Left"), key("a", kind="key_up")]) == []


@pytest.mark.parametrize(
    "text",
    ["ghp_16C7e42F292c6912E7710c838347Ae178B4a", "AKIAIOSFODNN7EXAMPLE", "sk-abc", "eyJhbGciOi", "d41d8cd98f00b204e9800998ecf8427e", "wJalrXUtnFEMI7K8"],
)  # fmt: skip
def test_access_keys_are_known_by_their_looks(text: str):
    assert looks_like_a_key(f"use {text} please")


@pytest.mark.parametrize(
    "text",
    ["call back on monday", "ORD-2026-000123456", "123e4567-e89b-12d3-a456-426614174000", "Donaudampfschifffahrtsgesellschaft", "ann.Smith2@example.org", "https://Example.org/a/B2345678"],
)  # fmt: skip
def test_order_numbers_long_words_and_addresses_are_none(text: str):
    assert not looks_like_a_key(text)


def test_a_word_that_may_become_a_key_waits_for_its_end():
    assert finished_part("use ghp_16C7") == "use "
    assert finished_part("a1b2c3d4") == ""
    assert finished_part("call back on") == "call back on"
    assert folded("Zürich 10|") == "zurlchlol"


@pytest.mark.parametrize(
    "words",
    ["Zugangscode", "API token", "APl key", "Access code", "Recovery phrase", "Freischaltcode", "TAN", "Login code", "Código de verificación", "Code d'accès"],
)  # fmt: skip
def test_codes_tokens_and_keys_are_named(words: str):
    assert names_a_secret(words)


@pytest.mark.parametrize("words", ["Postcode", "Area code", "Key account", "Discount code", "Tanja", "Betoken"])
def test_other_codes_and_keys_are_not(words: str):
    assert not names_a_secret(words)


def test_a_terminal_s_prompt_is_one_however_its_colon_is_read():
    def prompts(text: str, *others: Element) -> int:
        elements = (Element(text=text, box=Box(4, 200, 70, 212)), *others)
        observation = Observation(elements=elements, width=600, height=400, t_s=0.0, frame_index=0)
        return len(secret_boxes(observation, np.full((400, 600, 3), 255, np.uint8))[0])

    assert [prompts(f"Password{end}") for end in (":", ";", ".", "")] == [1, 1, 1, 1]
    assert prompts("login;") == 0
    # On a page the words alone are a heading, or what stands beside its field.
    field = Element(text="", box=Box(40, 20, 300, 40), kind="field", label="Note", state=frozenset({"focused"}))
    assert prompts("Password", field) == 0
