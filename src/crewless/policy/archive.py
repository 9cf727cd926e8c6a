"""Learning from work that is already done: opening solved cases on the screen and reading text and outcome."""

from crewless.core.messages import Action, Decision, Observation
from crewless.policy.checkpoint import Checkpoint
from crewless.policy.skill import SkillPolicy
from crewless.policy.workflow import outcome_text, read_text


class ArchiveReader(SkillPolicy):
    """Goes to a case as the skill does, up to where the skill would read and judge it; notes text and outcome, and is done.

    ``collected`` is what ``crewless.training.stages.finetune`` takes as ``archive``. A page that shows no text or no
    outcome is handed over.
    """

    def __init__(self, checkpoint: Checkpoint) -> None:
        super().__init__(checkpoint, abstain=False)
        self.collected: list[tuple[str, str]] = []
        """Text and outcome of each case that was read."""

    def _read(self, observation: Observation, certainty: float, weighed: dict[str, float]) -> Decision:
        self.text = read_text(observation, self.workflow.region, self.case.slots.values())
        outcome = outcome_text(observation, self.workflow)
        if not self.text or not outcome:
            missing = "text" if not self.text else f"outcome under {self.workflow.outcome_label!r}"
            reason = f"the page shows no {missing}"
            return Decision(
                action=Action(verb="hand_over", text=reason), confidence=certainty, scores=weighed, why=reason
            )
        self.collected.append((self.text, outcome))
        return Decision(action=Action(verb="done"), confidence=certainty, scores=weighed, why=f"read {outcome!r}")
