"""What a BPMN model means, construct by construct: how often each cell is visited, how long a case takes, and what is said about
what the model does not say. Small models of each kind, many made by shape, and the shared ones where they are."""

import random
from collections import Counter
from pathlib import Path

import pytest

from crewless.company.discover import import_process
from crewless.company.sheet.bpmn import BpmnModel, read_bpmn, read_model
from crewless.company.sheet.bpmn_times import hours_of, joined_week
from crewless.company.sheet.model import Sheet
from crewless.company.simulate.replications import SimulateConfig, run_sheet
from crewless.company.simulate.visits import simulate_visits

CASES = next(
    (up / "shared/cases/process" for up in Path(__file__).resolve().parents if (up / "shared/cases/process").is_dir()),
    None,
)
needs_cases = pytest.mark.skipif(CASES is None, reason="the shared cases are not here")
HEAD = '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:t="urn:t" xmlns:q="http://www.qbp-simulator.com/Schema201212" xmlns:bpsim="http://www.bpsim.org/schemas/1.0">'
S, E = '<startEvent id="s"/>', '<endEvent id="x"/>'


def tasks(names: str) -> str:
    return "".join(f'<task id="{name}"/>' for name in names)


def flows(text: str) -> str:
    """``s>a a>g:yes``; ``a?>b`` is under a condition."""
    made = []
    for at, word in enumerate(text.split()):
        ends, _, label = word.partition(":")
        source, target = ends.split(">")
        inner = "<conditionExpression>amount &gt; 10</conditionExpression>" if source.endswith("?") else ""
        made.append(
            f'<sequenceFlow id="f{at}" name="{label}" sourceRef="{source.rstrip("?")}" targetRef="{target}">{inner}</sequenceFlow>'
        )
    return "".join(made)


def read(tmp_path: Path, body: str, flow: str = "", *, around: str = "", name: str = "m.bpmn") -> BpmnModel:
    path = tmp_path / name
    path.write_text(f'{HEAD}{around}<process id="p">{body}{flows(flow)}</process></definitions>')
    return read_model(path)


def visited(sheet: Sheet, weeks: float = 8) -> dict[str, float]:
    """Visits of each cell for each case, to one place after the point: over 1,300 cases."""
    visits = simulate_visits(sheet, weeks)
    return {name: round(count / visits.case.max(), 1) for name, count in Counter(visits.cell.tolist()).items()}


def said(model: BpmnModel, *words: str) -> bool:
    return any(all(word in note for word in words) for note in model.notes)


def lead_h(sheet: Sheet) -> float:
    config = SimulateConfig(weeks=26, warmup_weeks=4, replications=2)
    return run_sheet(sheet, config).measures["lead_h"].mean


def test_an_activity_with_a_boundary_event_and_no_flow_of_its_own_ends_half_of_the_time(tmp_path: Path):
    model = read(tmp_path, S + tasks("ae") + E + '<boundaryEvent id="b" attachedToRef="a"/>', "s>a b>e e>x")
    assert visited(model.sheet) == {"a": 1.0, "e": 0.5}
    assert said(model, "1 boundary events")


def test_a_plain_flow_is_always_taken_and_one_under_a_condition_besides_it(tmp_path: Path):
    model = read(tmp_path, S + tasks("abc") + E, "s>a a>b a?>c b>x c>x")
    assert visited(model.sheet) == {"a": 1.0, "b": 1.0, "c": 0.5}
    assert said(model, "1 flows under a condition")
    only = read(tmp_path, S + tasks("abc") + E, "s>a a?>b a?>c b>x c>x")
    assert visited(only.sheet) == {"a": 1.0, "b": 0.5, "c": 0.5}


def test_a_terminate_end_ends_the_case_and_frees_who_works_on_it(tmp_path: Path):
    """Fast takes 1 h, slow 10 h: the lead time is 1 h, and slow is worked for 1 h of its 10."""
    stop = '<endEvent id="k"><terminateEventDefinition/></endEvent>'
    people = "".join(f'<q:resource id="{r}" name="{r}" totalAmount="1"/>' for r in ("fast", "slow"))
    times = qbp(elements={"a": 3600, "b": 36000}, arrival=20 * 3600, extra=f"<q:resources>{people}</q:resources>")
    for who, at in (("fast", 0), ("slow", 1)):
        parts = times.split("</q:element>")
        times = "</q:element>".join(
            [
                part + f"<q:resourceIds><q:resourceId>{who}</q:resourceId></q:resourceIds>" * (i == at)
                for i, part in enumerate(parts)
            ]
        )
    body = times + S + '<parallelGateway id="g"/>' + tasks("ab") + stop + E
    sheet = read(tmp_path, body, "s>g g>a g>b a>k b>x").sheet
    found = run_sheet(sheet, SimulateConfig(weeks=26, warmup_weeks=4, replications=2))
    assert found.measures["lead_h"].mean == pytest.approx(1.0)
    assert found.measures["work_h"].mean == pytest.approx(2.0)
    plain = read(tmp_path, body.replace("<terminateEventDefinition/>", ""), "s>g g>a g>b a>k b>x").sheet
    assert lead_h(plain) == pytest.approx(10.0)


SUB = (
    '<subProcess id="u"><startEvent id="s1"/><task id="a"/><exclusiveGateway id="g"/><endEvent id="ok"/><endEvent id="bad">{0}</endEvent>'
    '<sequenceFlow id="h0" sourceRef="s1" targetRef="a"/><sequenceFlow id="h1" sourceRef="a" targetRef="g"/>'
    '<sequenceFlow id="h2" sourceRef="g" targetRef="ok"/><sequenceFlow id="h3" sourceRef="g" targetRef="bad"/></subProcess>'
)


@pytest.mark.parametrize("kind", ["error", "escalation"])
def test_an_end_that_throws_leads_to_the_boundary_event_that_catches_it(tmp_path: Path, kind: str):
    thrown = f'<{kind}EventDefinition {kind}Ref="E"/>'
    body = (
        S + SUB.format(thrown) + f'<boundaryEvent id="be" attachedToRef="u">{thrown}</boundaryEvent>' + tasks("nm") + E
    )
    model = read(tmp_path, body, "s>u u>n be>m n>x m>x")
    found = visited(model.sheet)
    assert (found["n"], found["m"]) == (0.5, 0.5)
    # Exactly one of both for each case: no second draw.
    visits = simulate_visits(model.sheet, 4)
    each = Counter(
        case for case, cell in zip(visits.case.tolist(), visits.cell.tolist(), strict=True) if cell in ("n", "m")
    )
    assert set(each.values()) == {1}
    assert not said(model, "boundary events")


def test_an_error_is_caught_by_its_code_and_by_whoever_catches_all(tmp_path: Path):
    around = '<error id="E1" errorCode="late"/><error id="E2" errorCode="gone"/>'
    body = S + SUB.format('<errorEventDefinition errorRef="E2"/>') + tasks("nmk") + E
    events = '<boundaryEvent id="b1" attachedToRef="u"><errorEventDefinition errorRef="E1"/></boundaryEvent><boundaryEvent id="b2" attachedToRef="u"><errorEventDefinition errorRef="{}"/></boundaryEvent>'
    for ref in ("E2", "t:E2", "gone", ""):
        sheet = read(tmp_path, body + events.format(ref), "s>u u>n b1>k b2>m n>x m>x k>x", around=around).sheet
        # b1 is a boundary event that nothing is known to throw to: an alternative to the end of the subprocess.
        assert visited(sheet) == {
            "a": 1.0,
            "m": 0.5,
            "n": pytest.approx(0.25, abs=0.06),
            "k": pytest.approx(0.25, abs=0.06),
        }, ref


def test_an_escalation_that_does_not_interrupt_is_besides_the_normal_way(tmp_path: Path):
    thrown = '<escalationEventDefinition escalationRef="E"/>'
    boundary = f'<boundaryEvent id="be" attachedToRef="u" cancelActivity="false">{thrown}</boundaryEvent>'
    model = read(tmp_path, S + SUB.format(thrown) + boundary + tasks("nm") + E, "s>u u>n be>m n>x m>x")
    assert visited(model.sheet) == {"a": 1.0, "n": 1.0, "m": 0.5}


def test_an_error_that_is_all_there_is_leaves_the_normal_way_untaken(tmp_path: Path):
    thrown = '<errorEventDefinition errorRef="E"/>'
    inner = f'<subProcess id="u"><task id="a"/><endEvent id="bad">{thrown}</endEvent><sequenceFlow id="h" sourceRef="a" targetRef="bad"/></subProcess>'
    body = S + inner + f'<boundaryEvent id="be" attachedToRef="u">{thrown}</boundaryEvent>' + tasks("nm") + E
    assert visited(read(tmp_path, body, "s>u u>n be>m n>x m>x").sheet) == {"a": 1.0, "m": 1.0}


def test_an_event_subprocess_is_run_when_something_inside_throws_to_it(tmp_path: Path):
    handler = (
        '<subProcess id="h" triggeredByEvent="true"><startEvent id="hs"><errorEventDefinition errorRef="E"/></startEvent><task id="r"/>'
        '<sequenceFlow id="h4" sourceRef="hs" targetRef="r"/></subProcess>'
    )
    bad = '<exclusiveGateway id="g"/><endEvent id="k"><errorEventDefinition errorRef="E"/></endEvent>'
    model = read(tmp_path, S + tasks("ab") + bad + handler + E, "s>a a>g g>b g>k b>x")
    assert visited(model.sheet) == {"a": 1.0, "b": 0.5, "r": 0.5}
    assert not said(model, "event subprocesses")


def test_a_signal_starts_the_pools_that_wait_for_it(tmp_path: Path):
    around = '<signal id="S1" name="new one"/><collaboration id="c"><participant id="p1" processRef="p"/><participant id="p2" processRef="q"/></collaboration><process id="q"><startEvent id="s2"><signalEventDefinition signalRef="t:S1"/></startEvent><task id="i"/><sequenceFlow id="h" sourceRef="s2" targetRef="i"/></process>'
    for throw in (
        '<intermediateThrowEvent id="t"><signalEventDefinition signalRef="S1"/></intermediateThrowEvent>',
        "",
    ):
        end = E if throw else '<endEvent id="t"><signalEventDefinition signalRef="S1"/></endEvent>'
        flow = "s>a a>t t>b b>x" if throw else "s>a a>b b>t"
        assert visited(read(tmp_path, S + tasks("ab") + throw + end, flow, around=around).sheet) == {
            "a": 1.0,
            "b": 1.0,
            "i": 1.0,
        }


def test_a_timer_of_a_known_length_is_a_delay_and_another_is_said(tmp_path: Path):
    catch = '<intermediateCatchEvent id="w"><timerEventDefinition><timeDuration>{}</timeDuration></timerEventDefinition></intermediateCatchEvent>'
    model = read(tmp_path, S + tasks("ab") + catch.format("P2D") + E, "s>a a>w w>b b>x")
    assert lead_h(model.sheet) == pytest.approx(48.0)
    open_ended = read(tmp_path, S + tasks("ab") + catch.format("${deadline}") + E, "s>a a>w w>b b>x")
    assert lead_h(open_ended.sheet) == 0.0
    assert said(open_ended, "left out: 1 timers")
    start = '<startEvent id="s"><timerEventDefinition><timeCycle>R/PT4H</timeCycle></timerEventDefinition></startEvent>'
    assert read(tmp_path, start + tasks("a") + E, "s>a a>x").sheet.arrival.between.numbers == (4.0,)


@pytest.mark.parametrize(
    ("text", "hours"), [("P2D", 48), ("PT1H30M", 1.5), ("P1W", 168), ("PT0.5S", 0.5 / 3600), ("P1DT12H", 36), ("${x}", None), ("P", None), ("", None), ("2 days", None)]
)  # fmt: skip
def test_a_duration_in_iso_8601(text: str, hours: float | None):
    assert hours_of(text) == (hours if hours is None else pytest.approx(hours))


def qbp(elements: dict[str, float], arrival: float = 0, extra: str = "") -> str:
    parts = "".join(
        f'<q:element elementId="{key}"><q:durationDistribution type="FIXED" mean="{s}" arg1="NaN" arg2="NaN"><q:timeUnit>minutes</q:timeUnit></q:durationDistribution></q:element>'
        for key, s in elements.items()
    )
    come = f'<q:arrivalRateDistribution type="FIXED" mean="{arrival}" arg1="NaN" arg2="NaN"/>' if arrival else ""
    return f"<extensionElements><q:processSimulationInfo>{come}<q:elements>{parts}</q:elements>{extra}</q:processSimulationInfo></extensionElements>"


@pytest.mark.parametrize(
    ("attributes", "kind", "numbers"),
    [
        ('type="FIXED" mean="600" arg1="NaN"', "constant", (1 / 6,)),
        ('type="EXPONENTIAL" mean="NaN" arg1="1800"', "exponential", (0.5,)),
        ('type="EXPONENTIAL" mean="1800" arg1="NaN"', "exponential", (0.5,)),
        ('type="NORMAL" mean="7200" arg1="360"', "normal", (2.0, 0.1)),
        ('type="UNIFORM" mean="NaN" arg1="3600" arg2="7200"', "uniform", (1.0, 2.0)),
        ('type="TRIANGULAR" mean="5400" arg1="3600" arg2="7200"', "triangular", (1.0, 2.0, 1.5)),
        # Mean 2 h and variance 1 h2: shape 4, scale 0.5.
        (f'type="GAMMA" mean="7200" arg1="{3600**2}"', "gamma", (4.0, 0.5)),
        # Mean 1, variance e - 1: the logarithm has mean -0.5 and deviation 1.
        (f'type="LOGNORMAL" mean="3600" arg1="{1.718281828459045 * 3600**2}"', "lognormal", (-0.5, 1.0)),
    ],
)  # fmt: skip
def test_simulation_data_of_qbp_is_in_seconds_whatever_unit_is_shown(
    tmp_path: Path, attributes: str, kind: str, numbers: tuple
):
    data = f'<extensionElements><q:processSimulationInfo><q:elements><q:element elementId="a"><q:durationDistribution {attributes}><q:timeUnit>hours</q:timeUnit></q:durationDistribution></q:element></q:elements></q:processSimulationInfo></extensionElements>'
    work = read(tmp_path, data + S + tasks("a") + E, "s>a a>x").sheet.cells[0].work()
    assert work.duration.kind == kind
    assert work.duration.numbers == pytest.approx(numbers)


def test_people_weeks_arrivals_and_probabilities_of_qbp_are_read(tmp_path: Path):
    extra = (
        '<q:resources><q:resource id="r1" name="Clerk" totalAmount="3" costPerHour="25" timetableId="w"/></q:resources>'
        '<q:sequenceFlows><q:sequenceFlow elementId="f2" executionProbability="0.1"/><q:sequenceFlow elementId="f3" executionProbability="0.9"/></q:sequenceFlows>'
        '<q:timetables><q:timetable id="w" default="true" name="day"><q:rules><q:rule fromTime="09:00:00.000+00:00" toTime="17:00:00.000+00:00" fromWeekDay="MONDAY" toWeekDay="FRIDAY"/></q:rules></q:timetable></q:timetables>'
    )
    data = qbp({"a": 600}, 1800, extra).replace(
        "</q:durationDistribution>",
        "</q:durationDistribution><q:resourceIds><q:resourceId>r1</q:resourceId></q:resourceIds>",
    )
    model = read(tmp_path, data + S + tasks("ab") + '<exclusiveGateway id="g"/>' + E, "s>a a>g g>b g>x b>x")
    sheet = model.sheet
    clerk = next(pool for pool in sheet.resources if pool.name == "Clerk")
    assert (clerk.count, clerk.cost_per_hour, clerk.calendar) == (3, 25.0, "day")
    assert sheet.calendars[0].week == tuple((24.0 * d + 9, 24.0 * d + 17) for d in range(5))
    assert (sheet.arrival.between.numbers, sheet.arrival.calendar) == ((0.5,), "day")
    assert {a.target: a.probability for a in sheet.arrows if a.source == "g"} == {"b": 0.1, "p/end": 0.9}
    assert said(model, "QBP", "1 of 2 cells", "2 probabilities")
    assert not said(model, "equally likely")


def test_a_night_shift_and_a_weekend_go_over_the_edge_of_the_week():
    assert joined_week([(22.0, 30.0), (166.0, 174.0), (8.0, 12.0)]) == (
        (0.0, 6.0),
        (8.0, 12.0),
        (22.0, 30.0),
        (166.0, 168.0),
    )


def test_simulation_data_of_bpsim_is_in_its_base_time_unit(tmp_path: Path):
    data = """<relationship type="BPSimData"><extensionElements><bpsim:BPSimData><bpsim:Scenario id="one">
    <bpsim:ScenarioParameters baseTimeUnit="min"/>
    <bpsim:ElementParameters elementRef="s"><bpsim:ControlParameters><bpsim:InterTriggerTimer><bpsim:NegativeExponentialDistribution mean="30"/></bpsim:InterTriggerTimer></bpsim:ControlParameters></bpsim:ElementParameters>
    <bpsim:ElementParameters elementRef="a"><bpsim:TimeParameters><bpsim:ProcessingTime><bpsim:TriangularDistribution min="6" max="18" mode="12"/></bpsim:ProcessingTime><bpsim:WaitTime><bpsim:NumericParameter value="1"/></bpsim:WaitTime></bpsim:TimeParameters><bpsim:ResourceParameters><bpsim:Selection><bpsim:ExpressionParameter value="bpsim:getResource('r',1)"/></bpsim:Selection></bpsim:ResourceParameters></bpsim:ElementParameters>
    <bpsim:ElementParameters elementRef="b"><bpsim:TimeParameters><bpsim:ProcessingTime><bpsim:DurationParameter value="PT2H"/></bpsim:ProcessingTime></bpsim:TimeParameters></bpsim:ElementParameters>
    <bpsim:ElementParameters elementRef="r"><bpsim:ResourceParameters><bpsim:Quantity><bpsim:NumericParameter value="4"/></bpsim:Quantity></bpsim:ResourceParameters><bpsim:CostParameters><bpsim:UnitCost><bpsim:FloatingParameter value="0.5"/></bpsim:UnitCost></bpsim:CostParameters></bpsim:ElementParameters>
    <bpsim:ElementParameters elementRef="f2"><bpsim:ControlParameters><bpsim:Probability><bpsim:FloatingParameter value="0.2"/></bpsim:Probability></bpsim:ControlParameters></bpsim:ElementParameters>
    </bpsim:Scenario><bpsim:Scenario id="two"/></bpsim:BPSimData></extensionElements></relationship><resource id="r" name="Clerk"/>"""
    model = read(tmp_path, S + tasks("ab") + '<exclusiveGateway id="g"/>' + E, "s>a a>g g>b g>x b>x", around=data)
    work = {cell.name: cell.work() for cell in model.sheet.cells}
    assert work["a"].duration.numbers == pytest.approx((0.1, 0.3, 0.2))
    assert (work["a"].resource, work["b"].duration.numbers) == ("Clerk", (2.0,))
    clerk = next(pool for pool in model.sheet.resources if pool.name == "Clerk")
    assert (clerk.count, clerk.cost_per_hour) == (4, pytest.approx(30.0))
    assert model.sheet.arrival.between.numbers == (0.5,)
    assert {a.target: a.probability for a in model.sheet.arrows if a.source == "g"} == {"b": 0.2, "p/end": 0.8}
    assert said(model, "left out: 1 WaitTime parameters")
    assert said(model, "left out: 1 scenarios but the first")


def test_names_of_branches_become_labels_and_survive_the_spreadsheet(tmp_path: Path):
    body = S + tasks("ab") + '<exclusiveGateway id="g" name="ok?"/>' + E
    made = import_process(write(tmp_path, body, "s>a a>g g>b:approved g?>x b>x"), tmp_path / "sheet.xlsx")
    assert {(a.source, a.label) for a in made.sheet.arrows if a.label} == {("ok?", "approved"), ("ok?", "amount > 10")}
    from crewless.company.sheet.spreadsheet import read_sheet

    assert read_sheet(tmp_path / "sheet.xlsx") == made.sheet


def write(tmp_path: Path, body: str, flow: str, name: str = "m.bpmn") -> Path:
    read(tmp_path, body, flow, name=name)
    return tmp_path / name


@pytest.mark.parametrize("name", ["m.bpmn20.xml", "m.bpmn2", "M.BPMN", "m.xml"])
def test_a_model_is_known_by_its_usual_endings(tmp_path: Path, name: str):
    assert [
        c.name for c in import_process(write(tmp_path, S + tasks("a") + E, "s>a a>x", name), tmp_path / "s").sheet.cells
    ] == ["a"]


def test_qualified_names_and_names_with_line_breaks_are_the_same_names(tmp_path: Path):
    body = (
        S
        + tasks("ab")
        + '<boundaryEvent id="t1" attachedToRef="t:a"/><intermediateThrowEvent id="l1"><linkEventDefinition name="to &#10;B"/></intermediateThrowEvent><intermediateCatchEvent id="l2"><linkEventDefinition name="to&#10;B"/></intermediateCatchEvent>'
        + E
    )
    assert visited(read(tmp_path, body, "s>a a>l1 l2>b b>x t1>x").sheet) == {"a": 1.0, "b": 0.5}


def test_flows_may_stand_in_another_scope_than_their_nodes(tmp_path: Path):
    inner = '<subProcess id="u"><startEvent id="s1"/><task id="a"/><endEvent id="x1"/></subProcess>'
    assert visited(read(tmp_path, S + inner + E, "s>u u>x s1>a a>x1").sheet) == {"a": 1.0}


def test_a_process_that_calls_itself_keeps_the_call_as_a_cell(tmp_path: Path):
    body = S + tasks("a") + '<exclusiveGateway id="g"/><callActivity id="c" calledElement="p"/>' + E
    model = read(tmp_path, body, "s>a a>g g>c g>x c>x")
    assert visited(model.sheet) == {"a": 1.0, "c": 0.5}
    assert said(model, "calls of a process that is in the sheet already")


def test_several_instances_are_as_many_as_the_model_says(tmp_path: Path):
    loop = '<task id="a"><multiInstanceLoopCharacteristics><loopCardinality>3</loopCardinality></multiInstanceLoopCharacteristics></task>'
    assert visited(read(tmp_path, S + loop + E, "s>a a>x").sheet, 52)["a"] == pytest.approx(3, abs=0.1)


def test_what_only_compensates_is_left_out_with_its_flows_and_said(tmp_path: Path):
    body = (
        S
        + tasks("a")
        + E
        + '<task id="undo" isForCompensation="true"/><boundaryEvent id="c" attachedToRef="a"><compensateEventDefinition/></boundaryEvent>'
    )
    model = read(tmp_path, body, "s>a a>x c>undo")
    assert visited(model.sheet) == {"a": 1.0}
    assert said(model, "left out: 2 activities and events that only compensate")


# Models made by shape.


class Maker:
    """A random model of nested blocks: it is sound, so a case always ends; and it knows what it is made of."""

    def __init__(self, seed: int) -> None:
        self.random, self.count, self.parts = random.Random(seed), 0, []
        self.ids: list[str] = []

    def new(self, word: str) -> str:
        self.count += 1
        return f"{word}{self.count}"

    def flow(self, a: str, b: str, inner: str = "", key: str = "") -> None:
        self.parts.append(
            f'<sequenceFlow id="{key or self.new("f")}" sourceRef="{a}" targetRef="{b}">{inner}</sequenceFlow>'
        )

    def node(self, tag: str, word: str, inner: str = "", attributes: str = "") -> str:
        key = self.new(word)
        self.ids.append(key)
        self.parts.append(f'<{tag} id="{key}" {attributes}>{inner}</{tag}>')
        return key

    def block(self, depth: int) -> tuple[str, str]:
        """(first node, last node)."""
        kinds = ["task", "loop task", "timer", "receive", "link"]
        kinds += [
            "sequence",
            "choice",
            "parallel",
            "inclusive",
            "event",
            "subprocess",
            "error",
            "boundary",
            "conditional",
            "back",
            "signal",
            "call",
        ] * (depth > 0)
        kind = self.random.choice(kinds)
        return getattr(self, "_" + kind.replace(" ", "_"))(depth)

    def _task(self, _: int) -> tuple[str, str]:
        tag = self.random.choice(
            ["task", "userTask", "serviceTask", "manualTask", "businessRuleTask", "scriptTask", "sendTask"]
        )
        key = self.node(tag, "a")
        return key, key

    def _loop_task(self, _: int) -> tuple[str, str]:
        key = self.node(
            "task",
            "a",
            self.random.choice(
                ["<standardLoopCharacteristics/>", '<multiInstanceLoopCharacteristics isSequential="true"/>']
            ),
        )
        return key, key

    def _timer(self, _: int) -> tuple[str, str]:
        text = self.random.choice(["PT1H", "P1D", "${x}"])
        key = self.node(
            "intermediateCatchEvent",
            "e",
            f"<timerEventDefinition><timeDuration>{text}</timeDuration></timerEventDefinition>",
        )
        return key, key

    def _receive(self, _: int) -> tuple[str, str]:
        key = self.node("intermediateCatchEvent", "e", "<messageEventDefinition/>")
        return key, key

    def _signal(self, _: int) -> tuple[str, str]:
        key = self.node("intermediateThrowEvent", "e", '<signalEventDefinition signalRef="S"/>')
        return key, key

    def _link(self, _: int) -> tuple[str, str]:
        name = self.new("L")
        a = self.node("intermediateThrowEvent", "e", f'<linkEventDefinition name="{name} \n x"/>')
        b = self.node("intermediateCatchEvent", "e", f'<linkEventDefinition name="{name} x"/>')
        return a, b

    def _sequence(self, depth: int) -> tuple[str, str]:
        first = last = ""
        for _ in range(self.random.randint(2, 3)):
            a, b = self.block(depth - 1)
            if last:
                self.flow(last, a)
            first, last = first or a, b
        return first, last

    def _gateways(self, tag: str, depth: int) -> tuple[str, str]:
        a, b = self.node(tag, "g"), self.node(tag if tag != "eventBasedGateway" else "exclusiveGateway", "g")
        for _ in range(self.random.randint(2, 3)):
            if tag == "eventBasedGateway":
                first, last = self._timer(0)
            else:
                first, last = self.block(depth - 1)
            self.flow(a, first)
            self.flow(last, b)
        return a, b

    def _choice(self, depth: int) -> tuple[str, str]:
        return self._gateways("exclusiveGateway", depth)

    def _parallel(self, depth: int) -> tuple[str, str]:
        return self._gateways("parallelGateway", depth)

    def _inclusive(self, depth: int) -> tuple[str, str]:
        return self._gateways("inclusiveGateway", depth)

    def _event(self, depth: int) -> tuple[str, str]:
        return self._gateways("eventBasedGateway", depth)

    def _back(self, depth: int) -> tuple[str, str]:
        a, b = self.node("exclusiveGateway", "g"), self.node("exclusiveGateway", "g")
        first, last = self.block(depth - 1)
        self.flow(a, first)
        self.flow(last, b)
        self.flow(b, a)
        return a, b

    def _scope(self, depth: int, end: str, tag: str = "subProcess") -> str:
        outer, self.parts = self.parts, []
        start = self.node("startEvent", "s")
        first, last = self.block(depth - 1)
        self.flow(start, first)
        if end:
            choice = self.node("exclusiveGateway", "g")
            self.flow(last, choice)
            self.flow(choice, self.node("endEvent", "x"))
            self.flow(choice, self.node("endEvent", "x", end))
        else:
            self.flow(last, self.node("endEvent", "x"))
        inner, self.parts = "".join(self.parts), outer
        return self.node(tag, "u", inner)

    def _subprocess(self, depth: int) -> tuple[str, str]:
        key = self._scope(depth, self.random.choice(["", "<terminateEventDefinition/>"]))
        return key, key

    def _error(self, depth: int) -> tuple[str, str]:
        thrown = '<errorEventDefinition errorRef="E"/>'
        key = self._scope(depth, thrown, self.random.choice(["subProcess", "transaction"]))
        event = self.node("boundaryEvent", "b", thrown, f'attachedToRef="{self.random.choice(["", "t:"])}{key}"')
        return self._joined(key, event, depth)

    def _joined(self, key: str, event: str, depth: int) -> tuple[str, str]:
        join = self.node("exclusiveGateway", "g")
        first, last = self.block(depth - 1)
        self.flow(event, first)
        self.flow(last, join)
        self.flow(key, join)
        return key, join

    def _boundary(self, depth: int) -> tuple[str, str]:
        key = self.node("task", "a")
        cancels = self.random.choice(["true", "false"])
        event = self.node(
            "boundaryEvent", "b", "<timerEventDefinition/>", f'attachedToRef="{key}" cancelActivity="{cancels}"'
        )
        if cancels == "false":
            first, last = self.block(depth - 1)
            self.flow(event, first)
            self.flow(last, self.node("endEvent", "x"))
            return key, key
        return self._joined(key, event, depth)

    def _conditional(self, depth: int) -> tuple[str, str]:
        key, join = self.node("task", "a"), self.node("inclusiveGateway", "g")
        for at in range(2):
            first, last = self.block(depth - 1)
            self.flow(key, first, "<conditionExpression>x</conditionExpression>" * at)
            self.flow(last, join)
        return key, join

    def _call(self, _: int) -> tuple[str, str]:
        key = self.node("callActivity", "c", "", f'calledElement="{self.random.choice(["t:called", "elsewhere"])}"')
        return key, key

    def text(self, depth: int = 3) -> str:
        start = self.node("startEvent", "s")
        first, last = self.block(depth)
        self.flow(start, first)
        self.flow(
            last,
            self.node(
                "endEvent", "x", self.random.choice(["", "<terminateEventDefinition/>", "<signalEventDefinition/>"])
            ),
        )
        called = '<process id="called"><task id="inner"/></process>'
        return f'{HEAD}<signal id="S" name="s"/><process id="p">{"".join(self.parts)}</process>{called}</definitions>'


@pytest.mark.parametrize("batch", range(10))
def test_models_made_by_shape_are_read_and_every_case_of_them_ends(tmp_path: Path, batch: int):
    """Forty models each, of blocks in blocks, so that a case always ends: none is refused, none leaves a case waiting, and every
    activity is a cell."""
    for seed in range(40 * batch, 40 * batch + 40):
        maker = Maker(seed)
        path = tmp_path / "m.bpmn"
        path.write_text(maker.text())
        model = read_model(path)
        names = {cell.name for cell in model.sheet.cells}
        made = {key for key in maker.ids if key[0] == "a"}
        assert {name for name in names if name[0] == "a"} == made, seed
        simulate_visits(model.sheet, 0.5, seed=seed)
        found = run_sheet(model.sheet, SimulateConfig(weeks=4, warmup_weeks=0.0, replications=1))
        assert found.measures["throughput"].mean > 0, seed


SHARED_VISITS = {
    "boundary_implicit_end.bpmn": {"Repair": 1.0, "Escalate": 0.5},
    "conditional_beside_plain.bpmn": {"Receive order": 1.0, "Ship": 1.0, "Inform manager": 0.5},
    "error_end_to_boundary.bpmn": {"Check": 1.0, "Ship": 0.5, "Refund": 0.5},
    "signal_start.bpmn": {"Sign contract": 1.0, "Welcome": 1.0, "Create account": 1.0},
    "attached_qname.bpmn": {"Repair": 1.0, "Escalate": 0.5},
    "link_line_break.bpmn": {"Read": 1.0, "Write": 1.0},
    "flow_in_parent_scope.bpmn": {"Cut": 1.0},
    "recursive_call.bpmn": {"Open folder": 1.0, "Sub-folder": 0.5},
    "named_branches.bpmn": {"Decide": 1.0, "Pay": 0.5},
    "timer_catch.bpmn": {"Send offer": 1.0, "Call": 1.0},
}


@needs_cases
@pytest.mark.parametrize("name", SHARED_VISITS)
def test_a_shared_model_means_what_it_says(name: str):
    assert CASES
    assert visited(read_bpmn(CASES / name)) == SHARED_VISITS[name]


@needs_cases
def test_the_shared_models_times_labels_and_ends(tmp_path: Path):
    assert CASES
    sheet = read_bpmn(CASES / "bpsim.bpmn")
    decide = next(cell for cell in sheet.cells if cell.name == "Decide").work()
    assert (decide.duration.kind, decide.duration.numbers) == ("constant", (pytest.approx(1 / 6),))
    assert next(pool.count for pool in sheet.resources if pool.name == decide.resource) == 3
    assert sheet.arrival.between.numbers == (0.5,)
    assert {a.target: a.probability for a in sheet.arrows if a.source == "g"} == {"Pay": 0.1, "p/end": 0.9}
    assert lead_h(read_bpmn(CASES / "timer_catch.bpmn")) == pytest.approx(48.0)
    assert {a.label for a in read_bpmn(CASES / "named_branches.bpmn").arrows} >= {"approved", "refused"}
    for name in ("terminate_end.bpmn", "model.bpmn20.xml"):
        made = import_process(CASES / name, tmp_path / "s").sheet
        assert {g.kind for g in made.gateways} >= {"terminate"}, name
