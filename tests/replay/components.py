"""A perception and a policy small enough to be checked by hand; real ones are replayed in the same way."""

import numpy as np

from crewless.core.messages import Action, Applied, Box, Case, Decision, Element, Observation

BLUE = (40, 120, 200)


class Blocks:
    """Sees the blue block as a button and the grey outline as a field."""

    def perceive(self, frame) -> Observation:
        found = []
        for text, kind, colour in (("Save", "button", BLUE), ("", "field", (150, 150, 150))):
            rows, columns = np.nonzero((frame.pixels == colour).all(-1))
            if len(rows):
                box = Box(int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1)
                found.append(Element(text=text, box=box, kind=kind))
        height, width = frame.pixels.shape[:2]
        return Observation(
            elements=tuple(found), width=width, height=height, t_s=frame.t_s, frame_index=frame.index, cpu_s=0.123
        )

    def reset(self) -> None:
        pass


class SaveThenDone:
    """Clicks the button while there is one."""

    def __init__(self) -> None:
        self.case: Case | None = None
        self.heard = 0

    def reset(self, case: Case) -> None:
        self.case, self.heard = case, 0

    def decide(self, observation: Observation) -> Decision:
        for number, element in enumerate(observation.elements):
            if element.kind == "button":
                action = Action(verb="click", point=element.box.centre, element=number)
                return Decision(action=action, confidence=0.9, why=f"after {self.heard} actions")
        return Decision(action=Action(verb="done"), confidence=1.0)

    def applied(self, applied: Applied) -> None:
        self.heard += 1
