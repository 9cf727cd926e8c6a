"""A job at work: the policy of a worker that has learnt one."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from crewless.core.errors import BadInput
from crewless.core.messages import Action, Applied, Case, Decision, Observation
from crewless.policy.job.hands import HandsConfig, ScreenHands
from crewless.policy.job.interpreter import Deeds, HandOverError, Interpreter
from crewless.policy.job.program import Job
from crewless.policy.job.view import View
from crewless.policy.judgement import Judged, Judgement, check_share


@dataclass(frozen=True, kw_only=True, slots=True)
class LearntJob:
    """A job with what is judged in it."""

    job: Job
    judgements: Mapping[str, Judgement] = field(default_factory=dict[str, Judgement])
    """By name."""


class JobPolicy:
    """Works cases by a job. Implements :class:`crewless.core.policy.Policy`.

    Args:
        learnt: what was learnt.
        max_silent_wrong: the share of cases that may be silently wrong; it sets what a judgement is sure enough of.
        abstain: False: never hand over for want of confidence in a judgement.
        config: how patient the hands are.

    Raises:
        BadInput: ``max_silent_wrong`` is no share.
    """

    def __init__(
        self, learnt: LearntJob, *, max_silent_wrong: float = 0.02, abstain: bool = True, config: HandsConfig | None = None
    ) -> None:  # fmt: skip
        check_share(max_silent_wrong)
        self.learnt, self.config = learnt, config or HandsConfig()
        share = max_silent_wrong / max(1, len(learnt.judgements))
        self._thresholds = {
            name: judgement.threshold(share) if abstain else 0.0 for name, judgement in learnt.judgements.items()
        }
        self._run: Deeds | None = None
        self._hands: ScreenHands | None = None
        self._interpreter: Interpreter | None = None

    def reset(self, case: Case) -> None:
        """Begin a case."""
        self._hands = ScreenHands(
            self.learnt.job, self.learnt.judgements, self._thresholds, self.config, slots=dict(case.slots)
        )
        self._interpreter = Interpreter(self.learnt.job, case.slots, self._hands)
        self._run = self._interpreter.run()

    def decide(self, observation: Observation) -> Decision:
        """The next deed, or the end. Raises BadInput when no case was begun."""
        if self._run is None or self._hands is None:
            raise BadInput("no case was begun", alternatives=["reset(case)"])
        self._hands.view = View(observation)
        try:
            return next(self._run)
        except StopIteration:
            return Decision(action=Action(verb="done"), why="everything is done, and the screen shows it")
        except HandOverError as reason:
            return Decision(action=Action(verb="hand_over", text=str(reason)), confidence=0.0, why=str(reason))

    def applied(self, applied: Applied) -> None:
        """Nothing to learn from it: whether a deed had its effect is seen."""

    @property
    def touched(self) -> bool:
        """Whether something was begun that the next case must not find half done."""
        return self._interpreter is not None and self._interpreter.begun

    @property
    def judged(self) -> Judged | None:
        """What the last judgement of the case made of its text."""
        judged = self._interpreter.judged if self._interpreter is not None else []
        return judged[-1] if judged else None

    @property
    def text(self) -> str:
        """What was judged."""
        return ""
