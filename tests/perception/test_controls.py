"""Controls drawn by hand: lists, sliders, bullets, parts of one face, grids, looks."""

from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest

from crewless.core.messages import Box, Element
from crewless.perception.bullets import bullets_in
from crewless.perception.grids import cells_of, in_grids, with_days
from crewless.perception.lines import DetectedLine, Word, find_lines
from crewless.perception.look import alike_looks, look_of
from crewless.perception.popups import find_options
from crewless.perception.screen import ScreenPerception, frame_of
from crewless.perception.segment import segment
from crewless.perception.shapes import core_of, is_rectangle, sides_of_frame
from crewless.perception.sliders import find_sliders
from crewless.perception.toggles import find_toggles
from crewless.perception.widgets import find_widgets

CASES = Path(__file__).parents[3] / "shared" / "cases" / "screen"


def page(height: int = 200, width: int = 400, colour: int = 255) -> np.ndarray:
    return np.full((height, width, 3), colour, np.uint8)


def case(name: str) -> np.ndarray:
    path = CASES / name
    if not path.is_file():
        pytest.skip(f"{path.name} is not at hand")
    picture = cv2.imread(str(path))
    assert picture is not None
    return np.ascontiguousarray(picture[:, :, ::-1])


def text_line(x0: int, y0: int, width: int = 40, surface: int = 0) -> DetectedLine:
    box = Box(x0, y0, x0 + width, y0 + 10)
    return DetectedLine(
        box=box, surface=surface, baseline=y0 + 10, ascent=10, words=(Word(x0=x0, y0=y0, x1=box.x1, y1=box.y1),)
    )


# --- lists ---------------------------------------------------------------------------------------------------------


def popup(rows: int = 5, chosen: int = 2, pitch: int = 20) -> np.ndarray:
    rgb = page(colour=230)
    rgb[19 : 21 + rows * pitch, 49:251] = 90
    rgb[20 : 20 + rows * pitch, 50:250] = 255
    rgb[20 + chosen * pitch : 20 + (chosen + 1) * pitch, 50:250] = (25, 103, 210)
    return rgb


def test_rows_of_a_list_stand_at_the_pitch_of_its_highlight() -> None:
    lines = [text_line(60, 25 + 20 * row) for row in range(5)]
    options = find_options(segment(popup()), lines)
    assert [(tuple(o.box), "selected" in o.state) for o in options] == [
        ((50, 20 + 20 * row, 250, 40 + 20 * row), row == 2) for row in range(5)
    ]


def test_pieces_of_one_row_are_one_option() -> None:
    lines = [text_line(60, 25 + 20 * row) for row in range(5)] + [text_line(108, 45)]
    assert [o.lines for o in find_options(segment(popup()), lines)] == [(0,), (1, 5), (2,), (3,), (4,)]


def test_row_that_the_list_cuts_off_is_none() -> None:
    rgb = popup()
    rgb[119:121, 49:251] = 255
    lines = [text_line(60, 25 + 20 * row) for row in range(5)] + [text_line(90, 119, 6)]
    assert len(find_options(segment(rgb), lines)) == 5


def test_highlighted_row_without_text_counts() -> None:
    lines = [text_line(60, 25 + 20 * row) for row in range(1, 5)]
    options = find_options(segment(popup(chosen=0)), lines)
    assert [("selected" in o.state, o.lines) for o in options] == [
        (True, ()), (False, (0,)), (False, (1,)), (False, (2,)), (False, (3,)),
    ]  # fmt: skip


def test_cells_of_one_colour_are_no_list() -> None:
    rgb = page()
    for row in range(4):
        rgb[20 + 20 * row : 21 + 20 * row, 50:250] = 120
    assert find_options(segment(rgb), [text_line(60, 25 + 20 * row) for row in range(3)]) == []


def test_highlighted_row_of_a_table_is_no_list() -> None:
    lines = [text_line(x, 25 + 20 * row, 30) for row in range(5) for x in (60, 180)]
    assert find_options(segment(popup()), lines) == []


@pytest.mark.parametrize(
    ("name", "count", "chosen"), [("font_serif_open.png", 13, 0), ("small_open.png", 12, 4), ("zoom110_open.png", 2, 0)]
)
def test_lists_in_other_faces_and_smaller_windows(
    perception: ScreenPerception, name: str, count: int, chosen: int
) -> None:
    options = [e for e in perception.perceive(frame_of(case(name))).elements if e.kind == "option"]
    assert len(options) == count
    assert ["selected" in e.state for e in options].index(True) == chosen
    steps = {b.box.y0 - a.box.y0 for a, b in pairwise(options)}
    assert max(steps) - min(steps) <= 2


# --- sliders -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_thumb_on_a_track_says_the_value(share: float) -> None:
    rgb = page()
    rgb[47:53, 50:250] = 150
    x = 50 + round(184 * share)
    cv2.circle(rgb, (x + 8, 50), 8, (0, 117, 255), -1)
    track, thumb = find_sliders(segment(rgb))
    assert (track.role, thumb.role) == ("slider", "thumb")
    assert track.value == pytest.approx(share, abs=0.03)
    assert abs(thumb.box.centre.x - (x + 8)) <= 2


def test_underlined_word_is_no_slider() -> None:
    rgb = page()
    cv2.putText(rgb, "Invoices", (50, 50), cv2.FONT_HERSHEY_SIMPLEX, 0.8, (0, 0, 0), 2)
    rgb[54:56, 50:170] = 0
    assert find_sliders(segment(rgb)) == []


# --- bullets -------------------------------------------------------------------------------------------------------


def field_with(count: int, size: int, step: int, caret: bool = False) -> tuple[np.ndarray, Box]:
    rgb = page(60, 40 + step * (count + 2))
    box = Box(10, 10, 30 + step * (count + 1), 10 + 4 * size + 6)
    rgb[box.y0 : box.y1, box.x0 : box.x1] = 120
    rgb[box.y0 + 1 : box.y1 - 1, box.x0 + 1 : box.x1 - 1] = 255
    middle = (box.y0 + box.y1) // 2
    yy, xx = np.mgrid[: rgb.shape[0], : rgb.shape[1]]
    for n in range(count):
        centre = 18 + size / 2 + n * step
        ink = np.clip(size / 2 + 0.5 - np.hypot(xx + 0.5 - centre, yy + 0.5 - middle), 0, 1)
        rgb = (rgb * (1 - ink[..., None])).astype(np.uint8)
    if caret:
        x = 18 + size + (count - 1) * step
        rgb[middle - size - 2 : middle + size + 2, x : x + 1] = 0
    return rgb, box


@pytest.mark.parametrize("caret", [False, True])
@pytest.mark.parametrize(("size", "step"), [(5, 7), (7, 8), (6, 6), (9, 12), (12, 16)])
@pytest.mark.parametrize("count", [2, 3, 12])
def test_bullets_of_any_size_are_counted(count: int, size: int, step: int, caret: bool) -> None:
    rgb, box = field_with(count, size, step, caret)
    assert bullets_in(rgb, box) > 0
    if not caret:
        assert bullets_in(rgb, box) == count


@pytest.mark.parametrize("text", ["hello", "ooo", "....", "1880", "---", "III", ""])
def test_text_is_no_row_of_bullets(text: str) -> None:
    rgb, box = page(60, 200), Box(10, 10, 190, 46)
    cv2.putText(rgb, text, (20, 34), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (0, 0, 0), 1, cv2.LINE_AA)
    assert bullets_in(rgb, box) == 0


def test_every_password_of_the_page_shows_bullets(perception: ScreenPerception) -> None:
    roles = [e.role for e in perception.perceive(frame_of(case("bullets_page.png"))).elements if e.kind == "field"]
    assert roles == ["bullets"] * 10


# --- frames and faces ----------------------------------------------------------------------------------------------


def test_sunken_field_is_framed_by_its_dark_edges() -> None:
    rgb = page(colour=192)
    rgb[20:50, 20:200] = 255
    rgb[20:22, 20:200] = rgb[20:50, 20:22] = 90
    seg = segment(rgb)
    number = int(seg.surface_of[35, 100])
    box = core_of(seg, number, Box(*seg.surfaces[number, :4].tolist()))
    assert is_rectangle(seg, number, box)
    assert sides_of_frame(seg, number, box) == 4


def test_pill_is_a_rectangle_and_a_disc_is_none() -> None:
    rgb = page()
    cv2.rectangle(rgb, (40, 20), (140, 50), (80, 60, 160), -1)
    cv2.circle(rgb, (40, 35), 15, (80, 60, 160), -1)
    cv2.circle(rgb, (140, 35), 15, (80, 60, 160), -1)
    cv2.circle(rgb, (300, 60), 25, (80, 60, 160), -1)
    seg = segment(rgb)
    for x, y, whole in ((90, 35, True), (300, 60, False)):
        number = int(seg.surface_of[y, x])
        box = core_of(seg, number, Box(*seg.surfaces[number, :4].tolist()))
        assert is_rectangle(seg, number, box) is whole


def test_buttons_of_one_face_are_parted_between_their_texts() -> None:
    rgb = page()
    rgb[20:50, 20:200] = 100
    lines = [text_line(32 + 60 * n, 30, 36) for n in range(3)]
    seg = segment(rgb)
    buttons = find_widgets(seg, lines, [])
    assert [(b.kind, b.lines) for b in buttons] == [("button", (n,)) for n in range(3)]
    assert [b.box.x0 for b in buttons] == [20, 80, 140]


def test_frame_of_buttons_that_touch_is_no_letter() -> None:
    rgb = page()
    rgb[20:50, 20:200] = 100
    for x in (21, 81, 141):
        rgb[21:49, x : x + 58] = 240
    assert find_lines(segment(rgb)) == []


def test_face_of_a_small_button_is_a_surface() -> None:
    rgb = page()
    rgb[20:41, 20:80] = 230
    for x in range(26, 74, 5):
        rgb[25:35, x : x + 3] = 0
    assert int(segment(rgb).surface_of[22, 50]) >= 0


def test_rows_that_a_descender_ties_together_are_two_lines() -> None:
    rgb = page()
    for y in (20, 34):
        for x in range(20, 80, 10):
            rgb[y : y + 10, x : x + 4] = 0
    # From the first row into the second.
    rgb[20:44, 40:44] = 0
    lines = sorted(find_lines(segment(rgb)), key=lambda line: line.box.y0)
    assert len(lines) == 2
    assert lines[0].box.y1 <= lines[1].box.y0 + 3


@pytest.mark.parametrize("checked", [False, True])
def test_sunken_checkbox_is_set_by_its_filling(checked: bool) -> None:
    rgb = page(colour=217)
    rgb[30:41, 30:41] = 255
    rgb[30:31, 30:41] = rgb[30:41, 30:31] = 90
    rgb[31:40, 31:40] = (74, 105, 132) if checked else (255, 255, 255)
    toggles = find_toggles(segment(rgb))
    assert [(t.kind, "checked" in t.state) for t in toggles] == [("checkbox", checked)]


# --- grids ---------------------------------------------------------------------------------------------------------


def grid(rows: int, columns: int) -> np.ndarray:
    rgb = page(colour=180)
    for row in range(rows):
        for column in range(columns):
            rgb[10 + 25 * row : 34 + 25 * row, 10 + 60 * column : 69 + 60 * column] = 255
    return rgb


def test_cells_are_what_has_neighbours_both_ways() -> None:
    assert len(cells_of(segment(grid(3, 4)))) == 12
    assert cells_of(segment(grid(1, 4))) == []


def test_empty_cells_can_be_clicked() -> None:
    cells = cells_of(segment(grid(2, 2)))
    out = in_grids([Element(text="Boots", box=Box(15, 15, 50, 28))], cells)
    assert [(e.kind, e.role, e.text) for e in out] == [("text", "cell", "Boots")] + [("icon", "cell", "")] * 3


def test_numbers_that_count_along_rows_are_days() -> None:
    month = [
        Element(
            text=str(day),
            box=Box(40 * ((day + 2) % 7), 30 * ((day + 2) // 7), 40 * ((day + 2) % 7) + 14, 30 * ((day + 2) // 7) + 10),
        )
        for day in range(1, 31)
    ]
    assert {e.role for e in with_days(month)} == {"day"}
    shuffled = [Element(text=str(7 * n % 29 + 1), box=e.box) for n, e in enumerate(month)]
    assert {e.role for e in with_days(shuffled)} == {""}


# --- looks ---------------------------------------------------------------------------------------------------------


def icon(kind: int, size: int, ink: int, paper: int) -> tuple[int, ...]:
    rgb = page(80, 80, paper)
    a, b = 20, 20 + size
    width = max(1, size // 10)
    if kind == 0:
        cv2.circle(rgb, ((a + b) // 2, (a + b) // 2), size // 3, (ink,) * 3, width, cv2.LINE_AA)
        cv2.line(rgb, ((a + b) // 2 + size // 4, (a + b) // 2 + size // 4), (b, b), (ink,) * 3, width, cv2.LINE_AA)
    elif kind == 1:
        cv2.line(rgb, (a, (a + b) // 2), (b, (a + b) // 2), (ink,) * 3, width, cv2.LINE_AA)
        cv2.line(rgb, ((a + b) // 2, a), (b, (a + b) // 2), (ink,) * 3, width, cv2.LINE_AA)
        cv2.line(rgb, ((a + b) // 2, b), (b, (a + b) // 2), (ink,) * 3, width, cv2.LINE_AA)
    else:
        cv2.rectangle(rgb, (a, a), (b, b), (ink,) * 3, width)
        cv2.line(rgb, (a, a + size // 3), (b, a + size // 3), (ink,) * 3, width)
    differs = np.abs(rgb[:, :, 0].astype(int) - paper) > 40
    ys, xs = np.flatnonzero(differs.any(axis=1)), np.flatnonzero(differs.any(axis=0))
    return look_of(rgb, Box(int(xs[0]), int(ys[0]), int(xs[-1]) + 1, int(ys[-1]) + 1))


@pytest.mark.parametrize("kind", [0, 1, 2])
def test_look_stays_near_at_another_scale_and_in_another_theme(kind: int) -> None:
    looks = [icon(kind, size, ink, paper) for size in (20, 30, 40) for ink, paper in ((0, 255), (230, 30))]
    others = [icon(other, 20, 0, 255) for other in range(3) if other != kind]
    assert min(alike_looks(looks[0], look) for look in looks) >= 0.8
    assert max(alike_looks(looks[0], look) for look in others) < 0.75


def test_nothing_has_no_look() -> None:
    assert look_of(page(), Box(20, 20, 40, 40)) == ()
    assert alike_looks((), ()) == 0.0


# --- frames --------------------------------------------------------------------------------------------------------


def test_second_picture_of_the_same_index_is_read(perception: ScreenPerception) -> None:
    first, second = page(), page()
    second[20:50, 20:200] = 100
    second[21:49, 21:199] = 255
    assert perception.perceive(frame_of(first)).elements == ()
    assert [e.kind for e in perception.perceive(frame_of(second)).elements] == ["field"]


# --- what desktop programs draw ------------------------------------------------------------------------------------


def crossed_box(rgb: np.ndarray, x: int, y: int) -> None:
    """A sunken box of 11 x 11 with a cross in it that does not touch its frame."""
    rgb[y : y + 11, x : x + 11] = 152
    rgb[y + 1 : y + 11, x + 10] = rgb[y + 10, x + 1 : x + 11] = 204
    rgb[y + 1 : y + 10, x + 1 : x + 10] = 255
    for at in range(2, 9):
        for column in (at, 10 - at):
            rgb[y + at, x + max(2, column - 1) : x + min(9, column + 1)] = 0


def ball(rgb: np.ndarray, x: int, y: int) -> None:
    """A coloured ball, lighter above than below, with a white dot in it and a shadow under it."""
    cv2.circle(rgb, (x, y), 7, (53, 132, 228), -1, cv2.LINE_AA)
    for row in range(y - 7, y + 8):
        own = rgb[row, x - 8 : x + 9]
        own[own[:, 0] < 200] = np.clip(own[own[:, 0] < 200].astype(int) + (y - row) * 3, 0, 255)
    cv2.circle(rgb, (x, y), 3, (255, 255, 255), -1, cv2.LINE_AA)
    rgb[y + 8, x - 3 : x + 4] = 236


def test_a_crossed_box_in_a_ring_of_dots_is_set() -> None:
    rgb = page(colour=234)
    crossed_box(rgb, 60, 50)
    rgb[44:70:2, 74] = 0
    assert [(w.kind, sorted(w.state)) for w in find_toggles(segment(rgb))] == [("checkbox", ["checked"])]


def test_a_raised_button_with_a_cross_is_no_box() -> None:
    rgb = page(colour=234)
    crossed_box(rgb, 60, 50)
    rgb[50:61, 60], rgb[50, 60:71], rgb[51:61, 70], rgb[60, 61:71] = 204, 204, 152, 152
    assert find_toggles(segment(rgb)) == []


def test_a_ball_with_a_shadow_under_it_is_a_radio() -> None:
    rgb = page(colour=245)
    ball(rgb, 80, 60)
    assert [(w.kind, sorted(w.state)) for w in find_toggles(segment(rgb))] == [("radio", ["checked"])]


def test_a_ring_around_a_radio_and_its_words_is_neither_letters_nor_a_field() -> None:
    rgb = page(colour=245)
    ball(rgb, 60, 60)
    rgb[48, 46:130] = rgb[72, 46:130] = rgb[48:73, 46] = 120
    for y in range(50, 72, 4):
        rgb[y : y + 2, 130] = 120
    seg = segment(rgb)
    toggles = find_toggles(seg)
    assert [w.kind for w in toggles] == ["radio"]
    assert find_lines(seg, [w.box for w in toggles]) == []
    assert [w.kind for w in find_widgets(seg, [], toggles)] == ["radio"]


def test_a_filled_field_without_a_frame_is_a_field_and_a_bar_is_none() -> None:
    rgb = page(colour=255)
    rgb[40:80, 60:220] = (231, 224, 236)
    rgb[80:82, 60:220] = (121, 116, 126)
    assert [(w.kind, tuple(w.box)) for w in find_widgets(segment(rgb), [], [])] == [("field", (59, 39, 221, 81))]
    bar = page(colour=255)
    bar[0:40] = (103, 80, 164)
    bar[40:42] = (60, 40, 90)
    assert find_widgets(segment(bar), [], []) == []


def test_the_frame_of_a_focused_field_is_no_bar_under_a_tab() -> None:
    rgb = page(colour=246)
    cv2.rectangle(rgb, (50, 40), (250, 76), (53, 132, 228), 2)
    rgb[42:75, 52:249] = 255
    for at in range(12):
        rgb[52:62, 60 + 14 * at : 68 + 14 * at] = 20
    perceived = ScreenPerception().perceive(frame_of(rgb))
    assert [e.kind for e in perceived.elements if e.box.width > 100] == ["field"]


def two_letters(rgb: np.ndarray) -> None:
    """Two hollow letters of 10 x 12, from (60, 50) to (84, 62)."""
    for left in (60, 74):
        rgb[50:62, left : left + 2] = rgb[50:62, left + 8 : left + 10] = 0
        rgb[50:52, left : left + 10] = rgb[60:62, left : left + 10] = 0


def test_a_caret_that_touches_the_last_letter_is_cut_off() -> None:
    rgb = page()
    two_letters(rgb)
    rgb[47:65, 85] = 0
    rgb[55, 84] = 0
    assert [tuple(line.box) for line in find_lines(segment(rgb))] == [(60, 50, 85, 62)]


def test_a_letter_at_the_edge_of_a_highlighted_row_lies_on_the_row() -> None:
    rgb = page()
    rgb[40:60, 51:251] = 195
    for left in (51, 64):
        rgb[44:56, left : left + 2] = rgb[44:56, left + 8 : left + 10] = 0
        rgb[44:46, left : left + 10] = 0
    assert [tuple(line.box) for line in find_lines(segment(rgb))] == [(51, 44, 74, 56)]


def test_a_letter_that_touches_the_block_of_a_terminal_s_caret_is_read_all_the_same() -> None:
    rgb = page()
    two_letters(rgb)
    rgb[55:57, 84] = 0
    rgb[47:66, 85:99] = 190
    assert [tuple(line.box) for line in find_lines(segment(rgb))] == [(60, 50, 85, 62)]
