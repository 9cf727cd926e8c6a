import socket
import urllib.request
from dataclasses import replace

import numpy as np
import pytest

from crewless.body.robot.design import Design
from crewless.body.robot.view import Viewer, heat_colour
from crewless.cli import main
from crewless.core.errors import BadInput


@pytest.fixture(scope="module")
def viewer():
    made = Viewer(replace(Design(), body=None), port=0)
    yield made
    made.close()


def test_the_page_is_served_on_this_machine(viewer):
    with urllib.request.urlopen(f"http://127.0.0.1:{viewer.port}", timeout=10) as answer:
        assert b"<html" in answer.read().lower()


def test_a_slider_moves_its_joint_and_what_is_drawn(viewer):
    body = viewer.model.body("index_0").id
    before = np.array(viewer._bodies[body].wxyz)
    viewer.sliders["index_base"].value = 1.0
    for _ in range(18):
        viewer.step()
    assert viewer.data.joint("index_base").qpos[0] == pytest.approx(1.0, abs=0.05)
    assert np.abs(np.array(viewer._bodies[body].wxyz) - before).max() > 0.1
    viewer._zero()
    assert viewer.sliders["index_base"].value == 0.0


def test_a_hot_motor_turns_red_and_the_hottest_is_named(viewer):
    number = viewer.model.actuator("ring_curl").id
    viewer.windings.winding_k[number] = 150.0
    viewer.step()
    red, _, blue = viewer._motors[number].color
    assert red > 180 > blue
    assert "ring curl" in viewer._hottest.content
    assert len(viewer._motors) == viewer.model.nu


def test_colours_run_from_cold_to_the_limit():
    assert heat_colour(np.array([-1.0, 0.0, 1.0, 5.0])).tolist() == [[64, 115, 217]] * 2 + [[214, 64, 60]] * 2
    assert heat_colour(np.array(1 / 3)).tolist() == [76, 170, 168]


def test_a_port_that_is_taken_is_said():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(BadInput, match=f"port {port}: Address already in use"):
            Viewer(replace(Design(), body=None), port=port)


def test_the_command_serves_for_a_while(capsys):
    assert main(["robot", "view", "--port", "0", "--seconds", "0.5"]) == 0
    assert "http://127.0.0.1:" in capsys.readouterr().out
