"""The stages of training: ``pretrain`` on screens that the project makes, ``finetune`` on recordings."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from crewless.core.errors import BadInput
from crewless.core.messages import Demonstration
from crewless.policy.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from crewless.policy.judgement import NEVER_SHOWN, Judgement
from crewless.policy.network import NetworkConfig
from crewless.training.choices import JobReading, read_demonstrations
from crewless.training.fit_judgement import fit_judgement
from crewless.training.imitation import ImitationConfig, trails_of, train_skill
from crewless.training.ledger import Ledger, hash_of, hash_together
from crewless.training.torch_network import weights_of

PRETRAINED = Path(__file__).parent.parent / "policy" / "data" / "pretrained"
"""The checkpoint that ships with the package."""

Progress = Callable[[str, float], None]
"""Hears what is happening and the share that is done, 0 to 1."""


def finetune(
    demonstrations: Sequence[Demonstration], out: Path, *, pretrained: Path | None = PRETRAINED,
    archive: Sequence[tuple[str, str]] = (), seed: int = 0, progress: Progress | None = None, task: str = "",
    config: ImitationConfig | None = None,
) -> Path:  # fmt: skip
    """Learn a job from recordings of it.

    Args:
        demonstrations: recorded cases; those that reality called wrong, or that were handed over, are left out.
        out: the checkpoint's folder.
        pretrained: the checkpoint to start from; None: from nothing.
        archive: solved cases that were read, (text, outcome as the page shows it); see ``crewless.policy.archive``.
        seed: the same seed and data give the same weights.
        progress: hears what is happening and the share that is done.
        task: written into the checkpoint.
        config: how the skill is trained.

    Returns:
        ``out``, a folder that ``crewless.policy.skill.load_policy`` reads.

    Raises:
        BadInput: too few demonstrations, or too many choices.
        CheckpointMismatch: ``pretrained`` is of another version.
        StorageFull: the checkpoint cannot be written.
    """
    settings = config or ImitationConfig()
    kept = _learnable(demonstrations)
    tell = progress or (lambda what, share: None)
    tell("comparing the recordings", 0.0)
    reading = read_demonstrations(kept)
    parent = load_checkpoint(pretrained) if pretrained is not None else None
    network = parent.network if parent is not None else NetworkConfig()
    ledger = Ledger(out)
    hashes = [hash_of(d) for d in kept]
    parents = (parent.digest,) if parent is not None else ()
    ledger.stage("finetune", seed=seed, config=settings, data=hashes, parents=parents)
    trails = trails_of(kept, reading)
    trained = train_skill(
        trails, [reading.workflow] * len(trails), config=settings, network=network, seed=seed,
        start=dict(parent.weights) if parent is not None else None, ledger=ledger,
        progress=lambda what, share: tell(what, 0.02 + 0.88 * share),
    )  # fmt: skip
    judgement = None
    if reading.workflow.choices:
        tell("learning which answer belongs to which text", 0.9)
        judgement = _judge(reading, archive)
    checkpoint = Checkpoint(
        stage="finetune", weights=weights_of(trained.network), network=network, workflow=reading.workflow,
        judgement=judgement, task=task, parents=parents, data=hash_together(hashes), seed=seed,
        cases=tuple(dict.fromkeys(d.case.id for d in demonstrations)),
    )  # fmt: skip
    ledger.weights("finetune", checkpoint.digest)
    ledger.close()
    save_checkpoint(checkpoint, out)
    tell("trained", 1.0)
    return out


def refit_judgement(
    checkpoint: Path, demonstrations: Sequence[Demonstration], archive: Sequence[tuple[str, str]], out: Path
) -> Path:
    """The same skill with a judgement that has also learnt from an archive: no skill is trained anew. Returns ``out``.

    Raises:
        CheckpointMismatch: the checkpoint cannot be used.
        BadInput: it judges nothing, or no case shows its text.
    """
    loaded = load_checkpoint(checkpoint)
    if loaded.judgement is None:
        raise BadInput(f"{checkpoint} judges nothing", alternatives=["crewless train"])
    reading = read_demonstrations(_learnable(demonstrations))
    return save_checkpoint(replace(loaded, judgement=_judge(reading, archive)), out)


def _learnable(demonstrations: Sequence[Demonstration]) -> list[Demonstration]:
    kept = [d for d in demonstrations if d.verdict in (None, "right") and d.steps]
    if len(kept) < 2:
        raise BadInput(
            f"{len(kept)} of {len(demonstrations)} demonstrations can be learnt from",
            alternatives=["record more cases"],
        )
    return kept


def _judge(reading: JobReading, archive: Sequence[tuple[str, str]]) -> Judgement:
    """Learn from the recordings' cases and the archive's. An outcome that no recording had is learnt as one to ask about:
    to drop it would leave its cases to whichever known answer is nearest."""
    outcomes = reading.workflow.outcomes
    ask = (NEVER_SHOWN,) * len(reading.workflow.choices)
    solved = [*zip(reading.texts, reading.judgements, strict=True)]
    solved += [(text, outcomes.get(outcome, ask)) for text, outcome in archive]
    solved = [(text, judgement) for text, judgement in solved if text.strip()]
    if not solved:
        raise BadInput(
            "no recording shows the text of its case", alternatives=["record cases whose text is on the screen"]
        )
    return fit_judgement([text for text, _ in solved], [judgement for _, judgement in solved])
