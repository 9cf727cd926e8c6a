"""The scripted operator in the real browser on the real helpdesk."""

from collections.abc import Iterator

import pytest

from crewless.body.screen import ScreenBody
from crewless.core.case_loop import work_case
from crewless.core.errors import BadInput
from crewless.core.messages import Action, Applied, Case, Decision, Observation, Point
from crewless.core.perception import Blind
from crewless.core.policy import Policy
from crewless.tasks.helpdesk import HelpdeskConfig, HelpdeskTask
from crewless.tasks.helpdesk.operator import ScriptedOperator

pytestmark = [pytest.mark.screen, pytest.mark.browser]


class DoNothing:
    """Claims to be done at once."""

    def reset(self, case: Case) -> None: ...

    def decide(self, observation: Observation) -> Decision:
        return Decision(action=Action(verb="done"))

    def applied(self, applied: Applied) -> None: ...


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HelpdeskTask]:
    task = HelpdeskTask(HelpdeskConfig(num_cases=30, num_archive=3, seed=2, none_share=0.2))
    task.setup(tmp_path_factory.mktemp("run"))
    yield task
    task.teardown()


@pytest.fixture(scope="module")
def body(task: HelpdeskTask) -> Iterator[ScreenBody]:
    body = task.open(scripted=True)
    yield body
    body.close()


def pick(task: HelpdeskTask, status: str | None) -> Case:
    return next(c for c in task.cases() if (task.expected(c) or {}).get("status_name") == status)


def worked(task: HelpdeskTask, body: ScreenBody, policy: Policy, case: Case):
    verifier = task.verifier()
    before = verifier.before(case)
    work = work_case(body, Blind(), policy, case)
    verdict = verifier.judge(case, before, claimed_done=work.claimed_done)
    verifier.close()
    return work, verdict


@pytest.mark.parametrize("status", ["Open", "Closed"])
def test_the_operator_works_a_ticket_right(task: HelpdeskTask, body: ScreenBody, status: str):
    operator = task.oracle(body)
    work, verdict = worked(task, body, operator, pick(task, status))
    operator.close()
    assert verdict.outcome == "right", (work.reason, verdict.evidence)
    typed = [step.decision.action for step in work.steps if step.decision.action.verb == "type"]
    assert [(action.text, action.source) for action in typed] == [(work.case.id, "ticket")]


def test_the_operator_learns_how_far_the_wheel_goes_and_works_right_with_a_wrong_first_guess(
    task: HelpdeskTask, body: ScreenBody
):
    operator = task.oracle(body)
    operator._notch_px = 300.0
    work, verdict = worked(task, body, operator, pick(task, "Resolved"))
    assert verdict.outcome == "right", (work.reason, verdict.evidence)
    assert "scroll" in [step.decision.action.verb for step in work.steps]
    where = [float(operator._tools.evaluate("(scrollTo(0, 100), scrollY)"))]
    body.act(Action(verb="scroll", point=Point(900, 500), amount=1))
    where.append(float(operator._tools.evaluate("scrollY")))
    operator.close()
    assert where[1] - where[0] > 10
    assert operator._notch_px == pytest.approx(where[1] - where[0], abs=1)


def test_the_operator_hands_over_what_belongs_to_nobody(task: HelpdeskTask, body: ScreenBody):
    operator = task.oracle(body)
    work, verdict = worked(task, body, operator, pick(task, None))
    operator.close()
    assert verdict.outcome == "handed_over"
    assert work.reason == "no team answers this"


def test_doing_nothing_is_a_silent_wrong(task: HelpdeskTask, body: ScreenBody):
    _, verdict = worked(task, body, DoNothing(), pick(task, "Resolved"))
    assert verdict.silent_wrong


def test_a_workers_browser_has_no_back_door(task: HelpdeskTask):
    with ScreenBody() as body:
        body.launch_chromium("about:blank")
        with pytest.raises(BadInput, match="no DevTools port"):
            task.oracle(body)


def test_the_operator_needs_a_browser(task: HelpdeskTask):
    with pytest.raises(BadInput, match=r"open\(scripted=True\)"):
        ScriptedOperator(object(), task.expected)
