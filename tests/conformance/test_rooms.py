"""The project's own parts keep the contract that it asks others to keep."""

import dataclasses

import pytest

from crewless.core.conformance import check_body, check_perception

pytestmark = pytest.mark.screen


def test_the_screen_body_conforms():
    from crewless.body.screen import ScreenBody

    def make() -> ScreenBody:
        body = ScreenBody().start()
        body.launch(["xterm"])
        return body

    check_body(make)


def test_the_screen_perception_conforms():
    from crewless.body.screen import ScreenBody
    from crewless.perception.screen import ScreenPerception

    with ScreenBody() as body:
        body.launch(["xterm", "-e", "sh", "-c", "echo one line; echo another line; sleep 60"])
        seen = body.settle()
        frame = dataclasses.replace(seen, pixels=seen.pixels.copy())
    check_perception(ScreenPerception, frame)
