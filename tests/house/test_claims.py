"""Every public claim points to a test that is there or to a number that was measured, and the number keeps the promise."""

import ast
import json
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
CLAIMS = yaml.safe_load((ROOT / "claims.yaml").read_text())
KEYS = {"claim", "where", "test", "benchmark", "row", "column", "at_most", "at_least"}


def prove(claim: dict, root: Path = ROOT) -> None:
    """Raises AssertionError that says what is wrong with a claim."""
    assert set(claim) <= KEYS, f"unknown keys {set(claim) - KEYS}, known are {sorted(KEYS)}"
    words = " ".join((root / claim["where"]).read_text().split())
    assert " ".join(claim["claim"].split()) in words, f"{claim['where']} does not say so"
    assert ("test" in claim) != ("benchmark" in claim), "one of test and benchmark"
    if "test" in claim:
        file, _, name = claim["test"].partition("::")
        assert (root / file).exists(), f"there is no {file}"
        functions = [node.name for node in ast.walk(ast.parse((root / file).read_text())) if hasattr(node, "name")]
        assert name in functions, f"{file} has no {name}"
        return
    path = root / "benchmarks/results" / f"{claim['benchmark']}.json"
    assert path.exists(), f"{claim['benchmark']} has not been measured"
    rows = [row for row in json.loads(path.read_text())["rows"] if claim["row"].items() <= row.items()]
    assert len(rows) == 1, f"{len(rows)} rows with {claim['row']}"
    value = rows[0][claim["column"]]
    assert "at_most" in claim or "at_least" in claim, "a claim promises a bound"
    assert value <= claim.get("at_most", float("inf")), f"{value} > {claim.get('at_most')}"
    assert value >= claim.get("at_least", float("-inf")), f"{value} < {claim.get('at_least')}"


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim["claim"][:60])
def test_a_claim_is_proved(claim):
    prove(claim)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"claim": "it flies"}, "does not say so"),
        ({"test": "tests/house/test_claims.py::nowhere"}, "one of test and benchmark"),
        ({"benchmark": None, "test": "tests/house/test_claims.py::nowhere"}, "has no nowhere"),
        ({"benchmark": "never_run"}, "has not been measured"),
        ({"row": {"what": "another"}}, "0 rows"),
        ({"at_most": 0.001}, "> 0.001"),
        ({"at_most": None}, "promises a bound"),
        ({"proof": "trust me"}, "unknown keys"),
    ],
)
def test_a_claim_without_proof_is_found(change, words):
    measured = next(claim for claim in CLAIMS if "benchmark" in claim)
    changed = {key: value for key, value in {**measured, **change}.items() if value is not None}
    with pytest.raises(AssertionError, match=words):
        prove(changed)
