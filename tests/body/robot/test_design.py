"""From a specification to model, bill of parts, report; what cannot be built is said with its number."""

import csv
import json
import math
import shutil
from dataclasses import replace
from pathlib import Path

import mujoco
import numpy as np
import pytest

from crewless.body.robot.design import BodyDesign, Design, DriveChoice, HandDesign, design_from, load_design
from crewless.body.robot.humanoid import humanoid_drives
from crewless.body.robot.limits import check, continuous_w, fingertip_n, standing_w
from crewless.body.robot.report import optimise
from crewless.body.robot.report.bill import bill, to_csv
from crewless.body.robot.report.figures import carry, figures, too_hot
from crewless.body.robot.report.page import page
from crewless.cli import main
from crewless.core.errors import BadInput

HAND = replace(Design(), body=None)


def with_drive(group, **values):
    chosen = DriveChoice(**{"motor": "round13-48", "ratio": 250.0, "current_a": 0.5, **values})
    return replace(HAND, hand=HandDesign(drives={group: chosen}))


def test_the_robot_as_it_is_can_be_built():
    check(Design())
    check(HAND)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: replace(Design(), mass_kg=-80.0), "mass -80 kg (try: 20 to 200 kg)"),
        (lambda: replace(Design(), mass_kg=math.nan), "mass nan kg"),
        (lambda: replace(Design(), height_m=18.0), "height 18 m (try: 1.2 to 2.2 m)"),
        (lambda: replace(Design(), encoder_bits=99), "encoder 99 bits (try: 1 to 32 bits)"),
        (lambda: replace(Design(), ambient_c=130.0), "ambient 130 C"),
        # 24 V windings on 48 V: the rotor of ec13-24 would turn at 5,412 rad/s.
        (
            lambda: with_drive("curl", motor="ec13-24"),
            "rotor at 5412 rad/s, motor ec13-24 allows 5236 (try: a bus of at most 46 V",
        ),
        (
            lambda: Design(
                body=BodyDesign(
                    drives={"neck": DriveChoice(motor="round35-24", ratio=100, gear="harmonic", current_a=3)}
                )
            ),
            "a harmonic gear allows 890",
        ),
        (lambda: with_drive("curl", ratio=1200, spool_mm=4, pulley_mm=9), "s to close (try: at most 1.5 s"),
        (lambda: with_drive("base", ratio=20), "the hand cannot close on anything: the index's tip presses with"),
        (lambda: replace(HAND, hand=HandDesign(fingers=("index", "middle"))), "index, middle cannot close on anything"),
        (lambda: replace(HAND, hand=HandDesign(fingers=("thumb",))), "thumb cannot close"),
        (
            lambda: replace(Design(), bus_w=300.0),
            "a bus of 300 W cannot feed 67 drives at their continuous torque (try: at least",
        ),
        (lambda: replace(HAND, bus_v=12.0), "a bus of 12 V cannot drive"),
        (lambda: replace(HAND, bus_v=400.0), "a bus of 400 V"),
        (lambda: with_drive("curl", motor="flat45-48", ratio=50), "in a forearm of 1.30 kg"),
        (lambda: with_drive("curl", spool_mm=5), "a tendon needs both radii"),
        (lambda: with_drive("toes"), "no group of joints 'toes' (try: spread"),
        (lambda: replace(HAND, mass_kg=20.0), "forearm of 0.32 kg"),
    ],
)
def test_what_cannot_be_built_is_said(make, words):
    with pytest.raises(BadInput) as caught:
        check(make())
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"heigth_m": 1.8}, "heigth_m: unexpected"),
        ({"mass_kg": "heavy"}, "mass_kg: input should be a valid number"),
        ({"hand": {"fingers": ["toe"]}}, "hand.fingers.0: input should be 'thumb'"),
        ({"hand": {"drives": {"curl": {"ratio": 3, "current_a": 1}}}}, "hand.drives.curl.motor: field required"),
        ([1], "holds list"),
    ],
)
def test_a_wrong_specification_is_named_by_field(values, words):
    with pytest.raises(BadInput) as caught:
        design_from(values)
    assert words in str(caught.value)


def test_a_specification_is_read(tmp_path):
    file = tmp_path / "spec.yaml"
    file.write_text("name: small\nbody: null\nhand:\n  side: left\n  fingers: [thumb, index]\n")
    design = load_design(file)
    assert (design.name, design.body, design.hand.side) == ("small", None, "left")
    file.write_text("")
    assert load_design(file) == Design()
    for text, words in (("a: [", "is not YAML"), (None, "cannot read the design")):
        file.unlink() if text is None else file.write_text(text)
        with pytest.raises(BadInput, match=words):
            load_design(file)


def test_fingertip_forces_by_hand():
    # The index's base drive: 250 x 9/5 rotor turns, 0.9^4 exp(-0.06 x 50 deg), 14.454 mN m/A at 0.5 A; the straight finger's
    # pad is (39.8 + 22.4 + 15.8) mm x 1.8 / 1.741 less 4 mm from the joint.
    torque = 450 * 0.9**4 * math.exp(-0.06 * math.radians(50)) * 14.454e-3 * 0.5
    assert fingertip_n("index", Design(), peak=True) == pytest.approx(torque / (0.078 * 1.8 / 1.741 - 0.004), rel=1e-4)


def test_the_load_case_is_the_statics_of_a_level_forearm():
    # Half of 10 kg at the palm, forearm and hand by their centres of mass, about the elbow.
    design = Design()
    row = next(one for one in carry(design) if one.name == "right_elbow")
    forearm = 0.2689 * 1.8 / 1.741
    palm = forearm + 0.048 * 1.8 / 1.741
    low = 9.81 * (5.0 * palm + 0.0162 * 80 * 0.4 * forearm + 0.0061 * 80 * (forearm + 0.03))
    assert low < row.torque_nm < 1.08 * low
    over = {one.name for one in carry(design) if one.winding_c > one.limit_c}
    assert over == {"right_wrist_flexion", "left_wrist_flexion"}
    assert not [one for one in carry(design, 5.0) if one.winding_c > one.limit_c]


@pytest.mark.parametrize("design", [Design(), HAND], ids=["humanoid", "hand"])
def test_the_bill_adds_up_to_the_robot(design):
    rows = bill(design)
    assert sum(row["mass_kg"] for row in rows) == pytest.approx(figures(design).mass_kg, abs=0.01)
    motors = sum(row["count"] for row in rows if row["kind"] == "motor")
    assert motors == (67 if design.body else 21)
    assert all(row["source"] for row in rows)
    assert len(list(csv.DictReader(to_csv(rows).splitlines()))) == len(rows)


def test_power_is_electronics_and_heat():
    assert standing_w(HAND) == pytest.approx(21 * 0.15)
    assert continuous_w(Design()) > continuous_w(HAND) > standing_w(HAND)


def test_the_page_holds_everything_and_no_foreign_text():
    design = replace(HAND, name="<script>")
    text = page(figures(design), bill(design), pictures=[b"png"], front="<svg></svg>")
    assert "&lt;script&gt;" in text
    assert "<script>" not in text
    assert text.count("<svg") == 6
    assert "http://" not in text.replace("http://www.w3.org", "").replace("http://purl.org", "").replace(
        "http://creativecommons", ""
    )


def test_the_search_finds_hands_that_are_better_than_the_first():
    found = optimise.search(HAND, population=24, generations=8, seed=1)
    again = optimise.search(HAND, population=24, generations=8, seed=1)
    np.testing.assert_array_equal(found.points, again.points)
    # Nothing on the front is beaten by anything that was tried.
    costs = found.everything * [1, -1, 1]
    for point in found.points * [1, -1, 1]:
        assert not ((costs <= point).all(axis=1) & (costs < point).any(axis=1)).any()
    better = (found.points[:, 0] < found.start[0]) & (found.points[:, 1] > found.start[1])
    assert better.any()
    design = design_from({"body": None, "hand": {"drives": optimise.as_spec(found.knee)}})
    check(design)
    with pytest.raises(BadInput, match="at least 1 of at least 8"):
        optimise.search(HAND, generations=0)


def test_the_search_says_in_a_line_whether_something_beats_the_hand_as_given():
    front = np.array([[0.50, 8.0, 6.0], [0.60, 12.0, 4.0], [0.66, 14.0, 3.0]])
    found = optimise.Found(
        points=front, choices=[], knee={}, start=np.array([0.868, 11.2, 4.8]), everything=front, tried=3
    )
    # The lightest is weaker and hotter; of the other two the last is farther ahead in force and heat.
    assert found.verdict() == (
        "the given hand (868 g, 11.2 N, 4.8 W of heat) is not on the front: 2 of 3 designs there beat it in all three, "
        "the best with 660 g, 14.0 N, 3.0 W of heat"
    )
    assert replace(found, start=front[0]).verdict().startswith("no design that was tried beats the given hand (500 g")


def test_the_command_writes_a_model_that_opens_parts_figures_and_a_report(tmp_path, capsys):
    Path("hand.yaml").write_text("body: null\n")
    assert main(["robot", "design", "hand.yaml", "--no-pdf", "--optimize", "--generations", "2"]) == 0
    folder = next(Path("runs").iterdir())
    model = mujoco.MjModel.from_xml_path(str(folder / "robot.xml"))
    assert model.nu == 21
    assert json.loads((folder / "figures.json").read_text())["design"] == "crewless one"
    assert len(json.loads((folder / "front.json").read_text())) >= 1
    assert (folder / "report.html").stat().st_size > 50_000
    check(replace(load_design(folder / "best.yaml"), body=None))
    printed = capsys.readouterr().out
    assert "N continuously" in printed
    assert "the given hand (868 g, 11.2 N" in printed


def test_a_winding_that_gets_too_hot_is_said_with_when_and_how_far():
    rows = carry(Design())
    wrist = next(one for one in rows if one.name == "right_wrist_flexion")
    # It asks 1.08 of what the wrist bears continuously.
    assert wrist.share == pytest.approx(1.08, abs=0.01)
    drives = {one.name: one for one in humanoid_drives(Design())}
    reached = drives[wrist.name].held(wrist.torque_nm, np.array([wrist.limit_s - 1.0, wrist.limit_s]))[:, 0]
    assert reached[0] <= wrist.limit_c < reached[1]
    assert too_hot(rows) == f"wrist flexion (limit of 155 C after {wrist.limit_s:.0f} s, then {wrist.winding_c:.0f} C)"
    assert too_hot(carry(Design(), 5.0)) == ""
    assert f"in this posture, these joints overheat: {too_hot(rows)}" in page(figures(Design()), [], pictures=[])


def test_an_impossible_design_ends_with_one_line_and_writes_nothing(capsys):
    Path("bad.yaml").write_text("mass_kg: -3\n")
    assert main(["robot", "design", "bad.yaml"]) == 2
    assert capsys.readouterr().err.strip().endswith("mass -3 kg (try: 20 to 200 kg)")
    assert not Path("runs").exists()


@pytest.mark.browser
@pytest.mark.skipif(shutil.which("chromium") is None, reason="needs Chromium")
def test_the_report_is_printed(tmp_path):
    from crewless.body.robot.report.page import print_pdf

    (tmp_path / "a.html").write_text("<h1>robot</h1>")
    print_pdf(tmp_path / "a.html", tmp_path / "a.pdf")
    assert (tmp_path / "a.pdf").read_bytes().startswith(b"%PDF")
