"""Draw what perception made of a screenshot: ``python -m crewless.perception.overlay IMAGE.png OUT.png``."""

import sys
from pathlib import Path

import numpy as np

from crewless.core.errors import BadInput, CrewlessError
from crewless.core.messages import Observation
from crewless.perception.screen import ScreenPerception, frame_of

_COLOURS = {
    "text": (150, 150, 150), "link": (0, 90, 255), "button": (0, 150, 0), "tab": (150, 0, 200), "field": (230, 90, 0),
    "textarea": (230, 90, 0), "select": (200, 0, 120), "option": (120, 120, 0), "checkbox": (220, 0, 0),
    "radio": (220, 0, 0), "icon": (0, 160, 180),
}  # fmt: skip


def draw(rgb: np.ndarray, observation: Observation, *, words: bool = True) -> np.ndarray:
    """The picture with a box around each element, and its kind, state, label and text in small letters above.

    Args:
        rgb: shape (height, width, 3), uint8.
        observation: what was perceived in it.
        words: whether to write; boxes only otherwise.
    """
    import cv2

    out = np.ascontiguousarray(rgb).copy()
    for element in observation.elements:
        x0, y0, x1, y1 = element.box
        colour = _COLOURS[element.kind]
        cv2.rectangle(out, (x0 - 1, y0 - 1), (x1, y1), colour, 1)
        if words:
            name = element.kind if element.kind != "text" else ""
            state = "+".join(sorted(element.state))
            label = f"[{element.label}]" if element.label else ""
            note = " ".join(part for part in (name, state, label, element.text.replace("\n", " / ")) if part)
            note = note.encode("ascii", "replace").decode()
            cv2.putText(out, note, (x0, y0 - 2), cv2.FONT_HERSHEY_SIMPLEX, 0.3, colour, 1, cv2.LINE_AA)
    return out


def main(arguments: list[str]) -> int:
    """Read IMAGE, write OUT, and print one line an element."""
    import cv2

    try:
        if len(arguments) != 2:
            raise BadInput(f"got {len(arguments)} arguments", alternatives=["overlay IMAGE.png OUT.png"])
        picture = cv2.imread(arguments[0])
        if picture is None:
            raise BadInput(f"cannot read the picture {arguments[0]}", alternatives=["a PNG or JPEG file"])
        rgb = np.ascontiguousarray(picture[:, :, ::-1])
        observation = ScreenPerception().perceive(frame_of(rgb))
        if not cv2.imwrite(arguments[1], draw(rgb, observation)[:, :, ::-1]):
            raise BadInput(f"cannot write {Path(arguments[1]).resolve()}")
    except CrewlessError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    for element in observation.elements:
        state = ",".join(sorted(element.state))
        print(f"{element.kind:9} {tuple(element.box)!s:24} {state:9} {element.label!r:32} {element.text!r}")
    print(f"{len(observation.elements)} elements, {observation.lines_read} lines read, {observation.cpu_s:.3f} CPU s")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
