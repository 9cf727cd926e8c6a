"""What an icon looks like, in 64 numbers that stay near when it is drawn larger, in other colours, or on another ground.

The patch is cut to its ink, brought to 8 x 8 cells without changing its shape, and each cell says how much ink it holds (0 to
15) whatever the ink's colour is. Two looks are compared by :func:`alike_looks`, which lets the cells move by a little.
"""

from functools import lru_cache

import numpy as np

from crewless.core.messages import Box

CELLS = 8
_FULL = 15


def look_of(pixels: np.ndarray, box: Box) -> tuple[int, ...]:
    """The look of what is drawn in a box: ``CELLS`` x ``CELLS`` numbers, row by row; empty for a box without ink.

    Args:
        pixels: shape (height, width, 3), uint8.
        box: tight around the icon.
    """
    x0, y0, x1, y1 = max(0, box.x0 - 1), max(0, box.y0 - 1), box.x1 + 1, box.y1 + 1
    patch = np.ascontiguousarray(pixels[y0:y1, x0:x1])
    return _look(patch.tobytes(), patch.shape[0], patch.shape[1])


@lru_cache(maxsize=4096)
def _look(content: bytes, height: int, width: int) -> tuple[int, ...]:
    import cv2

    patch = np.frombuffer(content, np.uint8).reshape(height, width, 3).astype(np.float32)
    if min(patch.shape[:2]) < 3:
        return ()
    rim = np.concatenate([patch[0], patch[-1], patch[:, 0], patch[:, -1]])
    ink = np.abs(patch - np.median(rim, axis=0)).max(axis=2)
    strongest = float(np.percentile(ink, 98))
    if strongest < 20:
        return ()
    ink = np.clip(ink / strongest, 0.0, 1.0)
    # A square around it: an arrow that is wider than high stays so.
    side = max(height, width)
    square = np.zeros((side, side), np.float32)
    top, left = (side - height) // 2, (side - width) // 2
    square[top : top + height, left : left + width] = ink
    cells = cv2.resize(square, (CELLS, CELLS), interpolation=cv2.INTER_AREA)
    return tuple(int(value) for value in np.round(cells / max(float(cells.max()), 1e-6) * _FULL).astype(int).ravel())


def alike_looks(a: tuple[int, ...], b: tuple[int, ...]) -> float:
    """How alike two looks are: 1 for the same, about 0 for unrelated ones. From 0.8 on they are the same icon.

    The correlation of their cells, the best of nine small shifts.
    """
    if len(a) != CELLS * CELLS or len(b) != CELLS * CELLS:
        return 0.0
    left, right = (_soft(np.array(look, np.float32).reshape(CELLS, CELLS)) for look in (a, b))
    padded = np.pad(right, 1)
    best = -1.0
    for dy in range(3):
        for dx in range(3):
            moved = padded[dy : dy + CELLS, dx : dx + CELLS]
            x, y = left - left.mean(), moved - moved.mean()
            norm = float(np.sqrt((x**2).sum() * (y**2).sum()))
            if norm > 0:
                best = max(best, float((x * y).sum()) / norm)
    return max(0.0, best)


def _soft(cells: np.ndarray) -> np.ndarray:
    """Cells that have given a quarter to each neighbour: strokes need not fall into the same ones."""
    wide = np.pad(cells, 1)
    across = 0.25 * wide[1:-1, :-2] + 0.5 * wide[1:-1, 1:-1] + 0.25 * wide[1:-1, 2:]
    tall = np.pad(across, ((1, 1), (0, 0)))
    return 0.25 * tall[:-2] + 0.5 * tall[1:-1] + 0.25 * tall[2:]
