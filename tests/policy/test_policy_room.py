"""Facts about the parts of the policy that need no training."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from crewless.core.errors import BadInput, CheckpointMismatch
from crewless.core.messages import Box, Element, Observation
from crewless.policy.checkpoint import FORMAT, load_checkpoint, save_checkpoint
from crewless.policy.judgement import check_share, risk_threshold
from crewless.policy.sentences import embed, windows
from crewless.policy.texts import grams, similarity
from crewless.policy.workflow import Region, masked, read_text
from crewless.training.stages import PRETRAINED


def test_similarity_ignores_case_and_cut_off_ends() -> None:
    assert similarity("Card Payments", "card  payments") == 1.0
    assert similarity("Reply Card paym…", "Reply Card payments") == 0.9
    assert similarity("Reply Card payments", "Reply Card delivery") < 0.85
    assert similarity("Resolved", "Res0lved") > 0.5
    assert similarity("", "x") == 0.0


def test_grams_are_the_same_on_every_machine() -> None:
    assert grams("Save")[:2] == (1803, 1033)
    assert grams("") == ()


def test_a_word_of_the_vocabulary_has_berts_number() -> None:
    # ids of bert-base-uncased: [CLS] 101, hello 7592, world 2088, [SEP] 102
    assert windows("Hello world") == [[101, 7592, 2088, 102]]


def test_sentences_that_mean_the_same_are_near() -> None:
    a, b, c = embed(["My card has not arrived", "Where is my new card?", "How do I change my password?"])
    assert float(a @ b) > float(a @ c) + 0.2
    assert np.allclose(np.linalg.norm([a, b, c], axis=1), 1.0, atol=1e-5)


def _line(text: str, y: int, x: int = 100) -> Element:
    return Element(text=text, box=Box(x, y, x + 8 * len(text), y + 20))


def test_the_reading_region_lies_between_its_anchors_without_boilerplate() -> None:
    lines = ("Menu", "Tickets", "#17", "Card gone", "Card gone since Monday,", "please help", "DUE DATE", "None")
    screen = Observation(
        elements=tuple(_line(t, 30 * i) for i, t in enumerate(lines)), width=800, height=600, t_s=0.0, frame_index=0
    )
    region = Region(above=("tickets",), below=("due date",), boilerplate=frozenset({masked("#17", ["17"])}))
    assert read_text(screen, region, ["17"]) == "Card gone since Monday, please help"


def test_risk_threshold_by_hand() -> None:
    # 99 cases, promise 2 %: (wrong + 1) / 100 <= 0.02 allows one wrong answer, so the second wrong one bounds it
    scores = np.linspace(1.0, 0.02, 99)
    right = np.ones(99, dtype=bool)
    right[[40, 60]] = False
    assert risk_threshold(scores, right, 0.02) == scores[59]
    assert risk_threshold(scores[:48], np.ones(48, dtype=bool), 0.02) == float("inf")


@pytest.mark.parametrize("share", [-0.1, 0.0, 1.0, 7.0, float("nan"), float("inf")])
def test_a_share_that_nothing_can_be_promised_for_is_refused(share: float) -> None:
    for refuse in (check_share, lambda share: risk_threshold(np.ones(9), np.ones(9, dtype=bool), share)):
        with pytest.raises(
            BadInput, match=r"is not a valid share of cases that may be wrong .*more than 0 and less than 1"
        ):
            refuse(share)
    check_share(0.02)


def test_the_abstention_promise_holds_in_simulation() -> None:
    rng = np.random.default_rng(0)
    risks = []
    for _ in range(400):
        confidence = rng.random(1120) ** 0.5
        right = rng.random(1120) < confidence
        threshold = risk_threshold(confidence[:120], right[:120], 0.02)
        risks.append(float(((confidence >= threshold) & ~right)[120:].mean()))
    assert 0.005 < float(np.mean(risks)) <= 0.02


def test_the_policy_never_imports_torch_or_sklearn(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "for name in ('torch', 'sklearn'): sys.modules[name] = None\n"
        "from crewless.policy import archive, baselines, skill\n"
        "skill.load_policy(sys.argv[1])\n"
        "assert not any(m.startswith('crewless.training') for m in sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code, str(PRETRAINED)], check=True, cwd=tmp_path)


def test_a_checkpoint_comes_back_as_it_was_saved(tmp_path: Path) -> None:
    shipped = load_checkpoint(PRETRAINED)
    again = load_checkpoint(save_checkpoint(shipped, tmp_path / "again"))
    assert again.digest == shipped.digest
    assert again.workflow == shipped.workflow
    assert shipped.stage == "pretrain"


def test_the_shipped_checkpoint_is_small() -> None:
    assert sum(p.stat().st_size for p in PRETRAINED.iterdir()) <= 2 * 2**20


def test_a_checkpoint_that_cannot_be_used_is_refused(tmp_path: Path) -> None:
    folder = save_checkpoint(load_checkpoint(PRETRAINED), tmp_path / "one")
    with pytest.raises(CheckpointMismatch, match=r"there is no checkpoint in .*two \(try: .*one"):
        load_checkpoint(tmp_path / "two")
    about = json.loads((folder / "checkpoint.json").read_text())
    (folder / "checkpoint.json").write_text(json.dumps({**about, "format": 99, "crewless": "7.0"}))
    with pytest.raises(
        CheckpointMismatch, match=rf"has format 99 \(made by crewless 7.0\) \(try: a checkpoint of format {FORMAT}"
    ):
        load_checkpoint(folder)
    (folder / "checkpoint.json").write_text(json.dumps({**about, "task": "cad"}))
    with pytest.raises(CheckpointMismatch, match="trained for the task 'cad'"):
        load_checkpoint(folder, task="helpdesk")
    (folder / "checkpoint.json").write_text(json.dumps(about))
    (folder / "weights.npz").write_bytes((folder / "weights.npz").read_bytes()[:-100])
    with pytest.raises(CheckpointMismatch, match=r"weights\.npz is missing or damaged"):
        load_checkpoint(folder)
    (folder / "checkpoint.json").write_text("{")
    with pytest.raises(CheckpointMismatch, match="cannot be read"):
        load_checkpoint(folder)


def test_one_mistake_to_come_is_allowed_for_and_is_allowed_where_it_just_fits() -> None:
    # 49 cases without a mistake: the one that may still come is 1 of 50, and 1 <= 0.02 * 50.
    scores = np.linspace(0.99, 0.51, 49)
    assert risk_threshold(scores, np.ones(49, dtype=bool), 0.02) == scores[-1]
    right = np.ones(49, dtype=bool)
    right[40] = False
    assert risk_threshold(scores, right, 0.02) == scores[39]


def test_cases_of_one_score_are_answered_together_or_not_at_all() -> None:
    # 99 cases, 0.02 * 100 = 2: one mistake may have been seen. The two mistakes share a score with a right answer.
    scores = np.array([0.9] * 90 + [0.5] * 3 + [0.1] * 6)
    right = np.ones(99, dtype=bool)
    right[91:93] = False
    assert risk_threshold(scores, right, 0.02) == 0.9
    right[91] = True
    assert risk_threshold(scores, right, 0.02) == 0.1
