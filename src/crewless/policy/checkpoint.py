"""A trained skill on the disk: a folder with ``checkpoint.json``, ``weights.npz`` and, where there is something to judge,
``judgement.npz``."""

import dataclasses
import hashlib
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeGuard

import numpy as np

import crewless
from crewless.core.errors import CheckpointMismatch, StorageFull
from crewless.policy.arrays import (
    JUDGEMENT_NUMBERS,
    file_hash,
    judgement_arrays,
    judgement_from,
    load_arrays,
    save_arrays,
)
from crewless.policy.features import ELEMENT_NUMBERS, GLOBAL_NUMBERS, HISTORY_NUMBERS, SLOT_NUMBERS
from crewless.policy.judgement import Judgement
from crewless.policy.network import NetworkConfig
from crewless.policy.workflow import Choice, Commit, Region, Workflow

FORMAT = 1
LAYOUT = (ELEMENT_NUMBERS, HISTORY_NUMBERS, SLOT_NUMBERS, GLOBAL_NUMBERS)
"""Widths of the network's inputs: weights of other widths cannot be used."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Checkpoint:
    """Everything that a worker needs, and where it came from."""

    stage: str
    """pretrain or finetune."""
    weights: Mapping[str, np.ndarray]
    network: NetworkConfig
    workflow: Workflow
    judgement: Judgement | None = None
    task: str = ""
    parents: tuple[str, ...] = ()
    """Hashes of the weights that it started from."""
    data: str = ""
    """Hash of the demonstrations."""
    cases: tuple[str, ...] = ()
    """Ids of the cases that were demonstrated."""
    seed: int = 0

    @property
    def digest(self) -> str:
        """Hash of the weights."""
        return weights_hash(self.weights)


def weights_hash(weights: Mapping[str, np.ndarray]) -> str:
    """A digest of arrays and their names."""
    digest = hashlib.sha256()
    for name in sorted(weights):
        digest.update(name.encode())
        digest.update(np.ascontiguousarray(weights[name]).tobytes())
    return digest.hexdigest()[:16]


def save_checkpoint(checkpoint: Checkpoint, folder: Path, *, half: bool = False) -> Path:
    """Write a checkpoint; ``half`` stores weights in 16 bits. Returns the folder. Raises StorageFull."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        weights = {n: w.astype(np.float16) if half else w for n, w in checkpoint.weights.items()}
        save_arrays(folder / "weights.npz", weights)
        if checkpoint.judgement is not None:
            save_arrays(folder / "judgement.npz", judgement_arrays(checkpoint.judgement))
        elif (folder / "judgement.npz").exists():
            (folder / "judgement.npz").unlink()
        files = {
            p.name: file_hash(p) for p in sorted(folder.glob("*.npz")) if p.name in ("weights.npz", "judgement.npz")
        }
        about = {
            "format": FORMAT,
            "crewless": crewless.__version__,
            "task": checkpoint.task,
            "stage": checkpoint.stage,
            "parents": list(checkpoint.parents),
            "data": checkpoint.data,
            "cases": list(checkpoint.cases),
            "seed": checkpoint.seed,
            "weights": checkpoint.digest,
            "layout": list(LAYOUT),
            "network": dataclasses.asdict(checkpoint.network),
            "workflow": _workflow_json(checkpoint.workflow),
            "judgement": None if checkpoint.judgement is None else {
                "classes": [list(c) for c in checkpoint.judgement.classes],
                **{name: getattr(checkpoint.judgement, name) for name in JUDGEMENT_NUMBERS},
            },
            "files": files,
        }  # fmt: skip
        (folder / "checkpoint.json").write_text(
            json.dumps(about, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
        )
    except OSError as error:
        raise StorageFull(f"cannot write the checkpoint {folder}: {error.strerror}") from error
    return folder


def load_checkpoint(folder: Path, *, task: str = "") -> Checkpoint:
    """Read a checkpoint back.

    Raises:
        CheckpointMismatch: there is none, it is damaged, of another format, or (with ``task``) of another task.
    """
    path = folder / "checkpoint.json"
    again = ["crewless train"]
    try:
        about = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise CheckpointMismatch(
            f"there is no checkpoint in {folder}", alternatives=_neighbours(folder) or again
        ) from error
    except (OSError, ValueError) as error:
        raise CheckpointMismatch(f"{path} cannot be read: {error}", alternatives=again) from error
    if not _is_object(about) or about.get("format") != FORMAT:
        value = about.get("format") if _is_object(about) else about
        made_by = about.get("crewless", "?") if _is_object(about) else "?"
        raise CheckpointMismatch(
            f"{path} has format {value!r} (made by crewless {made_by})",
            alternatives=[f"a checkpoint of format {FORMAT}, as crewless {crewless.__version__} writes it", *again],
        )
    if task and about.get("task") and about["task"] != task:
        raise CheckpointMismatch(
            f"{folder} was trained for the task {about['task']!r}", alternatives=[f"one for {task!r}", *again]
        )
    if tuple(about.get("layout", ())) != LAYOUT:
        raise CheckpointMismatch(
            f"{folder} has inputs {about.get('layout')} (made by crewless {about.get('crewless')})",
            alternatives=[f"inputs {list(LAYOUT)}", *again],
        )
    for name, digest in about.get("files", {}).items():
        if not (folder / name).exists() or file_hash(folder / name) != digest:
            raise CheckpointMismatch(f"{folder / name} is missing or damaged", alternatives=again)
    try:
        return Checkpoint(
            stage=about["stage"],
            weights={n: w.astype(np.float32) for n, w in load_arrays(folder / "weights.npz").items()},
            network=NetworkConfig(**about["network"]),
            workflow=_workflow_of(about["workflow"]),
            judgement=None
            if about["judgement"] is None
            else judgement_from(about["judgement"], folder / "judgement.npz"),
            task=about["task"],
            parents=tuple(about["parents"]),
            data=about["data"],
            cases=tuple(about.get("cases", ())),
            seed=about["seed"],
        )
    except (KeyError, TypeError, ValueError, OSError, zipfile.BadZipFile) as error:
        raise CheckpointMismatch(f"{folder} is damaged: {error!r}", alternatives=again) from error


def _is_object(value: object) -> TypeGuard[dict[str, Any]]:
    """Whether a JSON value is an object."""
    return isinstance(value, dict)


def task_named_in(folder: Path) -> str:
    """The task that a checkpoint was trained for; empty when it names none, or cannot be read: :func:`load_checkpoint` says why."""
    try:
        return str(json.loads((folder / "checkpoint.json").read_text(encoding="utf-8"))["task"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def _neighbours(folder: Path) -> list[str]:
    try:
        return [str(p.parent) for p in sorted(folder.parent.glob("*/checkpoint.json"))][:5]
    except OSError:
        return []


def _workflow_json(workflow: Workflow) -> dict[str, Any]:
    about = dataclasses.asdict(workflow)
    about["region"]["boilerplate"] = sorted(workflow.region.boilerplate)
    return about


def _workflow_of(about: Mapping[str, Any]) -> Workflow:
    region = about["region"]
    return Workflow(
        choices=tuple(
            Choice(name=c["name"], verb=c["verb"], kinds=tuple(c["kinds"]), values=tuple(c["values"]))
            for c in about["choices"]
        ),
        region=Region(
            above=tuple(region["above"]),
            below=tuple(region["below"]),
            boilerplate=frozenset(region["boilerplate"]),
            after=tuple(region.get("after", ())),
        ),
        commits=tuple(
            Commit(text=c["text"], kind=c["kind"], needs=tuple(c["needs"]), visible=tuple(c["visible"]))
            for c in about["commits"]
        ),
        literals=tuple(about["literals"]),
        keys=tuple(about["keys"]),
        outcome_label=about["outcome_label"],
        outcome_choice=about["outcome_choice"],
        outcomes={key: tuple(value) for key, value in about["outcomes"].items()},
        scroll_at=(float(about["scroll_at"][0]), float(about["scroll_at"][1])),
    )
