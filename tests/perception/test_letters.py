"""What company, shape and size set right in a reading."""

import pytest

from crewless.core.messages import Box
from crewless.perception.crops import Glyph
from crewless.perception.letters import (
    UNREAD,
    is_far,
    is_greek,
    is_near,
    is_unread,
    settle,
    told_by_shape,
    told_by_size,
)
from crewless.perception.lines import DetectedLine, TextLine, Word

CAP = 10
"""Height of a capital in these tests, in pixels; small letters are 7 high."""


def glyph(width: int, height: int, *, dotted: bool = False, cored: bool = False, open: bool = False) -> Glyph:
    return Glyph(x0=0, x1=width, top=12 - height, bottom=12, dotted=dotted, cored=cored, open=open)


def word(count: int, *, width: int = 7, height: int = CAP) -> Word:
    boxes = tuple(Box(10 * n, 0, 10 * n + width, height) for n in range(count))
    return Word(x0=0, y0=0, x1=boxes[-1].x1, y1=height, glyphs=boxes)


def line(*words: Word) -> DetectedLine:
    return DetectedLine(box=Box(0, 0, 100, CAP), surface=0, baseline=CAP, ascent=CAP, words=words)


def test_zero_is_narrow_and_a_capital_o_is_wide() -> None:
    assert told_by_size(["N00"], [[glyph(8, CAP), glyph(6, CAP), glyph(9, CAP)]], monospaced=False) == ["N0O"]


def test_zero_of_a_monospaced_face_has_a_core() -> None:
    ink = [glyph(7, CAP), glyph(7, CAP, cored=True), glyph(7, CAP)]
    assert told_by_size(["NOO"], [ink], monospaced=True) == ["N0O"]


def test_letter_as_high_as_its_small_form_is_small() -> None:
    ink = [glyph(6, CAP), glyph(6, CAP), glyph(7, 7), glyph(6, CAP), glyph(6, CAP)]
    assert told_by_size(["10X20"], [ink], monospaced=False) == ["10x20"]


def test_letter_whose_ink_touches_another_stays_as_read() -> None:
    assert told_by_size(["N00"], [[glyph(8, CAP), None, glyph(9, CAP)]], monospaced=False) == ["N0O"]


def test_capital_never_comes_up_within_a_small_word() -> None:
    ink = [glyph(7, CAP), glyph(6, 7), glyph(6, CAP), glyph(7, 7)]
    assert told_by_size(["heom"], [ink], monospaced=False) == ["heom"]


def test_b_with_an_open_foot_is_a_sharp_s() -> None:
    assert told_by_size(["B", "K"], [[glyph(6, CAP, open=True)], [glyph(7, CAP)]], monospaced=False) == ["ß", "K"]


def test_dotless_stroke_is_a_dotless_i_only_among_turkish_letters() -> None:
    ink = [glyph(7, CAP), glyph(2, 7)]
    assert told_by_size(["Kl", "ş"], [ink, [None]], monospaced=False) == ["Kı", "ş"]
    assert told_by_size(["Kl", "s"], [ink, [None]], monospaced=False) == ["Kl", "s"]


@pytest.mark.parametrize(
    ("read", "right"),
    [
        ("I'adresse", "l'adresse"),
        ("l'm", "I'm"),
        ("heIIo", "hello"),
        ("Iliness", "Illness"),
        ("ln", "In"),
        ("like", "like"),
    ],
)
def test_spelling_tells_i_from_l(read: str, right: str) -> None:
    assert told_by_shape(read, [Box(0, 0, 60, 10)], baseline=10, ascent=10) == right


def test_each_picture_has_one_name() -> None:
    assert all(map(is_near, "azAZ09~éßŁğΩ€–"))
    assert not any(map(is_near, "ＡｚЖ☰😀─"))
    assert all(map(is_far, "工单なカ，。"))
    assert not any(map(is_far, "A1Ж,?"))


def test_word_of_which_too_few_letters_were_read_is_unread() -> None:
    letters = word(8).glyphs
    assert is_unread("He", 0.9, letters, ascent=CAP)
    assert not is_unread("Delivery", 0.9, letters, ascent=CAP)


def test_joined_letters_that_say_nothing_are_unread_and_a_picture_is_not() -> None:
    joined = (Box(0, 0, 14, CAP), Box(16, 0, 34, CAP))
    assert is_unread("", 0.0, joined, ascent=CAP)
    assert not is_unread("", 0.0, (Box(0, 0, CAP, CAP),), ascent=CAP)


def test_line_with_an_unread_word_says_nothing_but_its_numbers() -> None:
    row = line(word(6), word(5), word(2))
    text = TextLine(words=("Hom", "Homep", "12"), confidence=0.9, sure=(0.4, 1.0, 1.0))
    settled = settle([row], [text], [["", "", ""]])[0]
    assert settled.words == (UNREAD, UNREAD, "12")
    assert settled.confidence == 0.0


def test_lone_chinese_letter_needs_a_chinese_word_on_the_page() -> None:
    plus, words = line(word(1)), line(word(4))
    texts = [TextLine(words=("+",), confidence=0.9), TextLine(words=("",), confidence=0.0)]
    assert settle([plus], texts[:1], [["十"]])[0].words == ("+",)
    assert [t.words for t in settle([plus, words], texts, [["十"], ["工单"]])] == [("十",), ("工单",)]


def test_chinese_punctuation_brings_its_own_blank() -> None:
    row = line(word(4), word(2), word(1))
    text = TextLine(words=("", "", "?"), confidence=0.5)
    settled = settle([row], [text], [["中文界面，", "谢谢", ""]])[0]
    assert settled.text == "中文界面，谢谢？"


def test_greek_words_are_unread_and_a_greek_sign_is_not() -> None:
    assert is_greek("Kαλημρα")
    assert is_greek("AΘHNA")
    assert not is_greek("kΩ")
    assert not is_greek("5µm")
