"""Surfaces and marks of pictures drawn by hand."""

import numpy as np

from crewless.perception.lines import find_lines
from crewless.perception.segment import segment


def page(height: int = 60, width: int = 100) -> np.ndarray:
    return np.full((height, width, 3), 255, np.uint8)


def test_blank_page_is_one_surface_without_marks() -> None:
    seg = segment(page())
    assert seg.surfaces.tolist() == [[0, 0, 100, 60, 6000, 255, 255, 255]]
    assert len(seg.marks) == 0
    assert find_lines(seg) == []


def test_filled_rectangle_is_a_surface_of_its_own() -> None:
    rgb = page()
    rgb[10:30, 20:60] = (25, 135, 84)
    seg = segment(rgb)
    assert [20, 10, 60, 30, 800, 25, 135, 84] in seg.surfaces.tolist()


def test_frame_parts_two_surfaces_and_is_one_mark() -> None:
    rgb = page()
    rgb[10:40, 20:80] = 100
    rgb[11:39, 21:79] = 255
    seg = segment(rgb)
    assert [row[:4] for row in seg.surfaces.tolist()] == [[0, 0, 100, 60], [21, 11, 79, 39]]
    assert seg.marks[:, :4].tolist() == [[20, 10, 80, 40]]
    assert find_lines(seg) == []


def test_shading_of_small_steps_is_one_surface() -> None:
    rgb = page()
    rgb[:] = (200 + np.arange(60, dtype=np.uint8) // 2)[:, None, None]
    assert len(segment(rgb).surfaces) == 1


def test_letters_on_two_surfaces_are_never_one_line() -> None:
    rgb = page()
    rgb[:, 50:] = (25, 135, 84)
    for x in range(20, 80, 6):
        rgb[20:30, x : x + 2] = 0
        rgb[20:22, x : x + 4] = 0
    lines = find_lines(segment(rgb))
    assert len(lines) == 2
    assert {line.box.x1 <= 50 or line.box.x0 >= 50 for line in lines} == {True}


def test_columns_far_apart_are_two_lines_and_words_are_one() -> None:
    rgb = page(60, 200)
    for x in (10, 15, 20, 31, 36, 41, 100, 105, 110):
        rgb[20:32, x : x + 3] = 0
    lines = sorted(find_lines(segment(rgb)), key=lambda line: line.box.x0)
    assert [tuple(line.box) for line in lines] == [(10, 20, 44, 32), (100, 20, 113, 32)]
    assert [(word.x0, word.x1) for word in lines[0].words] == [(10, 23), (31, 44)]
