"""Facts about dates, numbers and the expressions of a job."""

from datetime import date
from decimal import Decimal

import pytest

from crewless.core.errors import BadInput
from crewless.policy.job.conditions import (
    AtLeast,
    Contains,
    Either,
    Equal,
    Nothing,
    Present,
    SameNumber,
    decide,
    true_in,
)
from crewless.policy.job.formats import DATE_FORMATS, DateFormat, NumberFormat, dates_in, numbers_in, rank_of
from crewless.policy.job.places import Beside
from crewless.policy.job.program import (
    Expect,
    Form,
    If,
    Job,
    Press,
    Read,
    Set,
    job_from,
    job_json,
    lines_of,
    names_needed,
    walk,
)
from crewless.policy.job.row_keys import first_left, same_row
from crewless.policy.job.targets import Name, Target
from crewless.policy.job.values import Constant, Dated, Joined, Lookup, Numbered, Variable, Words

ISO = DateFormat("yyyy-mm-dd")
WHOLE = NumberFormat()


def test_a_date_is_read_in_one_format_and_written_in_another() -> None:
    value = Dated(Variable("day"), DateFormat("d mmmm yyyy"), ISO)
    assert value.value({"day": "3 March 2026"}) == "2026-03-03"
    assert value.value({"day": "3 March"}) is None


def test_day_and_month_are_not_guessed() -> None:
    readings = {found for _, found in dates_in("03/04/2026")}
    assert readings == {date(2026, 4, 3), date(2026, 3, 4)}


@pytest.mark.parametrize("form", DATE_FORMATS)
def test_every_format_reads_what_it_writes(form: DateFormat) -> None:
    day = date(2026, 11, 27)
    assert form.read(form.write(day)) == day


@pytest.mark.parametrize(
    ("text", "value"), [("1.234,50", "1234.50"), ("1,234.50", "1234.50"), ("12 %", "12"), ("EUR 7.00", "7.00")]
)
def test_numbers_are_read_in_other_countries_ways(text: str, value: str) -> None:
    assert Decimal(value) in {number for _, number in numbers_in(text)}


def test_months_dates_and_numbers_have_an_order() -> None:
    assert rank_of("March 2026") == (0, 2026, 3)
    assert rank_of("Mai 2026") == (0, 2026, 5)
    earlier, later = rank_of("December 2025"), rank_of("January 2026")
    assert earlier is not None
    assert later is not None
    assert earlier < later
    assert rank_of("17") == (2, 17_000_000)
    assert rank_of("Save") is None


def test_conditions_compare_numbers_as_numbers() -> None:
    amount = Numbered(Variable("amount"), NumberFormat(".", ","), WHOLE)
    over = AtLeast(amount, Decimal(1000))
    assert true_in(over, {"amount": "1,000"}) is True
    assert true_in(over, {"amount": "999"}) is False
    assert true_in(over, {"amount": "a lot"}) is None
    assert true_in(SameNumber(amount, Decimal(7)), {"amount": "7"}) is True


def test_what_was_not_there_is_equal_to_nothing() -> None:
    assert true_in(Equal(Variable("country"), Constant("France")), {}) is False
    assert true_in(Contains(Variable("country"), "fr"), {}) is False
    assert true_in(Present("country"), {}) is False


def test_a_branch_that_cannot_be_told_is_not_taken() -> None:
    amount = Numbered(Variable("amount"), NumberFormat(".", ","), WHOLE)
    value = Either(AtLeast(amount, Decimal(5)), Constant("yes"), Nothing())
    assert decide(value, {"amount": "6"}) == Constant("yes")
    assert decide(value, {"amount": "1"}) == Nothing()
    assert decide(value, {"amount": "unknown"}) is None


def test_a_table_answers_only_what_it_was_shown() -> None:
    team = Lookup(Variable("topic"), (("Cards", "A"), ("Refunds", "B")))
    assert team.value({"topic": "Cards"}) == "A"
    assert team.value({"topic": "Loans"}) is None


JOB = Job(
    slots=("order",),
    steps=(
        Expect(anchors=("Orders",), slots=("order",)),
        Read("Total", Beside("Total due")),
        Form((Set(target=Target(kinds=("field",), names=(Name("label", "Amount"),)), kind="text", value=Variable("Total"), seen=3),)),
        If(Contains(Variable("Total"), "EUR"), (Press(target=Target(kinds=("button",), text=Constant("Euro"))),)),
        Press(target=Target(kinds=("button",), text=Joined((Constant("Save "), Words(Variable("Total"), 0, 1)))), commits=True, seen=3),
    ),
)  # fmt: skip


def test_a_job_survives_its_file() -> None:
    assert job_from(job_json(JOB)) == JOB


def test_a_job_in_words_names_every_step() -> None:
    lines = lines_of(JOB)
    assert lines[1] == "Read the text right of “Total due” as Total"
    assert "  Fill in the field “Amount”: Total  (3 demonstrations)" in lines
    assert sum(isinstance(step, Press) for step in walk(JOB.steps)) == 2


@pytest.mark.parametrize("text", [b"{}", b"no json", job_json(JOB).replace(b'"kind": "text"', b'"kind": "paint"')])
def test_a_damaged_job_is_refused_in_one_line(text: bytes) -> None:
    with pytest.raises(BadInput, match="not a job") as refused:
        job_from(text)
    assert "\n" not in str(refused.value)


def test_a_job_of_another_format_is_refused() -> None:
    with pytest.raises(BadInput, match="format 99"):
        job_from(job_json(JOB).replace(b'"format": 1', b'"format": 99'))


def test_a_part_of_a_date_is_the_first_day_of_it_or_none() -> None:
    assert DateFormat("mmmm yyyy").read("March 2026") == date(2026, 3, 1)
    assert DateFormat("yyyy").read("2026") == date(2026, 1, 1)
    assert DateFormat("d").read("17") is None


def test_what_a_loop_needs_is_found_in_its_conditions_as_well_as_in_its_forms() -> None:
    over = AtLeast(Numbered(Variable("row Amount"), WHOLE, WHOLE), Numbered(Variable("Limit"), WHOLE, WHOLE))
    button = Target(kinds=("button",), text=Constant("Reject"), in_row=True)
    assert names_needed((If(over, (Press(target=button),)),)) == {"row Amount", "Limit"}


def test_a_row_is_not_taken_for_done_because_another_holds_its_texts() -> None:
    # Two tables side by side at another pitch: the fifth row of one is level with a row of the other that is of the last one's texts.
    fifth = ("r5126", "723.65", "r6519", "yarrow medical", "586.65")
    last = ("r5126", "yarrow medical", "723.65")
    assert not same_row(fifth, last)
    assert first_left([fifth, last], [fifth]) == 1
    assert first_left([fifth, last], [fifth, last]) is None
    assert first_left([("a", "b", "c"), ("a", "b", "x")], [("a", "b", "x")]) == 0


def test_a_row_is_known_though_something_was_left_in_it() -> None:
    before, after = ("ar-1", "garden rake", "3"), ("ar-1", "garden rake", "3", "booked")
    assert first_left([after, ("ar-2", "air filter", "9")], [before]) == 1
