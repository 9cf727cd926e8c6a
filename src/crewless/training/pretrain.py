"""The stage ``pretrain``: jobs in programs that do not exist, so that a worker knows, before it has seen a recording, that a
value is typed into the field that was clicked, that a popup's line with the judged text is the one to click, that what is
not on the screen is scrolled to, and that a click that did nothing is made again.

``python -m crewless.training.pretrain`` makes the checkpoint that ships with the package.
"""

import random
import sys
from dataclasses import dataclass, field
from pathlib import Path

from crewless.core.messages import Action, Box, Case, Demonstration, ElementKind, Observation
from crewless.policy.checkpoint import Checkpoint, save_checkpoint, weights_hash
from crewless.policy.network import NetworkConfig
from crewless.policy.workflow import Choice, Workflow
from crewless.training.choices import JobReading
from crewless.training.imitation import ImitationConfig, Trail, trails_of, train_skill
from crewless.training.ledger import Ledger, hash_of, hash_together
from crewless.training.stages import PRETRAINED, Progress
from crewless.training.synthetic import SyntheticGoal, SyntheticPage, SyntheticProgram, SyntheticWidget
from crewless.training.torch_network import weights_of

_NOUNS = [
    "account",
    "address",
    "amount",
    "answer",
    "approval",
    "article",
    "asset",
    "batch",
    "booking",
    "branch",
    "budget",
    "calendar",
    "campaign",
    "category",
    "channel",
    "claim",
    "client",
    "colour",
    "comment",
    "company",
    "contact",
    "contract",
    "country",
    "currency",
    "customer",
    "date",
    "delivery",
    "department",
    "deposit",
    "device",
    "discount",
    "document",
    "driver",
    "event",
    "expense",
    "file",
    "folder",
    "group",
    "incident",
    "inspection",
    "invoice",
    "item",
    "job",
    "language",
    "level",
    "licence",
    "location",
    "machine",
    "manager",
    "member",
    "message",
    "method",
    "model",
    "module",
    "name",
    "note",
    "number",
    "office",
    "offer",
    "operator",
    "order",
    "owner",
    "package",
    "part",
    "partner",
    "payment",
    "period",
    "person",
    "phase",
    "phone",
    "plan",
    "policy",
    "position",
    "priority",
    "product",
    "project",
    "purpose",
    "quality",
    "queue",
    "quote",
    "reason",
    "receipt",
    "region",
    "reply",
    "report",
    "request",
    "resolution",
    "result",
    "review",
    "risk",
    "role",
    "room",
    "route",
    "rule",
    "salary",
    "sample",
    "schedule",
    "section",
    "sector",
    "sensor",
    "series",
    "service",
    "shift",
    "shipment",
    "signal",
    "site",
    "size",
    "source",
    "stage",
    "station",
    "status",
    "step",
    "storage",
    "store",
    "subject",
    "supplier",
    "support",
    "table",
    "tag",
    "target",
    "task",
    "team",
    "template",
    "term",
    "test",
    "theme",
    "ticket",
    "time",
    "title",
    "tool",
    "topic",
    "type",
    "unit",
    "update",
    "user",
    "value",
    "vehicle",
    "version",
    "visit",
    "warehouse",
    "week",
    "weight",
    "zone",
]
_ADJECTIVES = [
    "active",
    "annual",
    "archived",
    "assigned",
    "automatic",
    "blocked",
    "cancelled",
    "closed",
    "common",
    "complete",
    "confirmed",
    "critical",
    "current",
    "daily",
    "delayed",
    "direct",
    "draft",
    "early",
    "electronic",
    "empty",
    "external",
    "final",
    "first",
    "foreign",
    "free",
    "full",
    "general",
    "high",
    "hidden",
    "internal",
    "international",
    "late",
    "local",
    "long",
    "low",
    "main",
    "manual",
    "medium",
    "minor",
    "monthly",
    "national",
    "new",
    "next",
    "normal",
    "old",
    "open",
    "optional",
    "other",
    "paid",
    "partial",
    "pending",
    "personal",
    "planned",
    "preset",
    "previous",
    "primary",
    "private",
    "public",
    "ready",
    "rejected",
    "related",
    "remote",
    "required",
    "resolved",
    "second",
    "secure",
    "shared",
    "short",
    "single",
    "special",
    "standard",
    "temporary",
    "total",
    "urgent",
    "valid",
    "virtual",
    "weekly",
]
_COMMITS = (
    "Save",
    "Submit",
    "Update",
    "Apply",
    "Confirm",
    "Send",
    "Save changes",
    "OK",
    "Finish",
    "Post",
    "Book",
    "Store",
)
_OPENERS = (
    "Respond",
    "Edit",
    "Process",
    "Handle",
    "Details",
    "Work on it",
    "Change",
    "Reply",
    "Open form",
    "More options",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class PretrainConfig:
    """How much is made."""

    jobs: int = 900
    epochs: int = 5
    network: NetworkConfig = field(default_factory=NetworkConfig)


@dataclass(frozen=True, kw_only=True, slots=True)
class RandomJob:
    """A made-up job and how a person would do it."""

    program: SyntheticProgram
    case: Case
    goals: tuple[SyntheticGoal, ...]
    read_before: int
    """The goal before which the text is read."""
    workflow: Workflow
    judgement: tuple[str, ...]


def random_job(rng: random.Random) -> RandomJob:
    """A job in a program of one to three pages with up to four choices."""
    key = rng.choice((str(rng.randint(1, 99999)), f"{rng.choice('ABCDEKLRT')}-{rng.randint(10, 9999)}", _phrase(rng)))
    slot_name = rng.choice(_NOUNS)
    frame, goals = _entrance(rng, key)
    read_before = len(goals)
    form_first = rng.random() < 0.3
    opener = rng.choice(_OPENERS)
    if not form_first:
        goals.append(SyntheticGoal(verb="click", widget="opener"))
    blocks: list[tuple[SyntheticWidget, ...]] = []
    choices: list[Choice] = []
    answers: list[str] = []
    second_from = rng.choice((99, 99, 1, 2))
    later: list[tuple[SyntheticWidget, ...]] = []
    reveal = rng.choice(_OPENERS) + " " + rng.choice(_NOUNS)
    revealed = False
    for number in range(rng.randint(1, 4)):
        rows = later if number >= second_from else blocks
        if number == second_from:
            goals.append(SyntheticGoal(verb="click", widget="reveal"))
            revealed = True
        for _ in range(rng.randint(0, 3)):
            rows.append(_distractor(rng))
        widget, choice, answer = _choice(rng, f"c{number}", {c.name for c in choices})
        rows.append((widget,))
        choices.append(choice)
        answers.append(answer)
        goals += _goals_for(widget, answer)
    commit = rng.choice(_COMMITS)
    goals.append(SyntheticGoal(verb="click", widget="commit"))
    button = SyntheticWidget(id="commit", kind="button", text=commit, effect="commit", goto="end")
    x, wrap, gap = rng.choice((40, 220, 300)), rng.choice((60, 90, 110)), rng.choice((8, 14, 20, 30))
    text = tuple((SyntheticWidget(id=f"p{i}", kind="text", text=_sentence(rng)),) for i in range(rng.randint(1, 4)))
    facts = tuple(
        SyntheticWidget(id=f"f{i}", kind="text", text=_phrase(rng), label=rng.choice(_NOUNS).upper(), x=1 + 210 * i)
        for i in range(rng.randint(0, 4))
    )
    tab_kind: ElementKind = rng.choice(("tab", "button", "link"))
    opening = (
        SyntheticWidget(id="other tab", kind=tab_kind, text=rng.choice(_NOUNS).title()),
        SyntheticWidget(id="opener", kind=tab_kind, text=opener, goto="form"),
    )
    head = (*text, *((facts,) if facts else ()))

    def page(rows: tuple[tuple[SyntheticWidget, ...], ...]) -> SyntheticPage:
        return SyntheticPage(rows=rows, x=x, wrap=wrap, gap=gap)

    reveals = (SyntheticWidget(id="reveal", kind="button", text=reveal, goto="more"),) if revealed else ()
    last = (*((reveals,) if reveals else ()), (button, SyntheticWidget(id="cancel", kind="button", text="Cancel")))
    keep_head = rng.random() < 0.5
    form = (*(head if keep_head or form_first else ()), *blocks)
    listing = tuple(
        (
            SyntheticWidget(id="" if t != key else "row", kind="link", text=t, goto="item" if t == key else ""),
            SyntheticWidget(id="", kind="text", text=_phrase(rng)),
        )
        for t in _keys_like(rng, key)
    )
    pages = {
        "start": page(listing),
        "item": page((*form, *last) if form_first else (*head, opening)),
        "form": page((*form, *last)),
        "more": page((*form, *later, last[-1])),
        "end": page(
            (
                (
                    SyntheticWidget(
                        id="", kind="text", text=rng.choice(("Saved", "Thank you", "Done", "The change was stored"))
                    ),
                ),
                *head,
            )
        ),
    }
    program = SyntheticProgram(
        pages=pages, start="start", frame=frame, width=rng.choice((1024, 1280, 1280, 1440)), height=rng.choice((700, 800, 800, 900)),
        top=rng.choice((0, 0, 28)),
    )  # fmt: skip
    workflow = Workflow(choices=tuple(choices))
    return RandomJob(
        program=program, case=Case(id=key, slots={slot_name: key}), goals=tuple(goals), read_before=read_before,
        workflow=workflow, judgement=tuple(answers),
    )  # fmt: skip


def perform(job: RandomJob, rng: random.Random) -> tuple[Demonstration, int] | None:
    """Do a job: the demonstration, and the step before which its text is read; None when a widget cannot be reached."""
    program, steps, read_at = job.program, list[tuple[Observation, Action]](), 0
    notches = rng.choice((3, 5, 5, 8))
    for number, goal in enumerate(job.goals):
        if number == job.read_before:
            read_at = len(steps)
        for _ in range(14):
            opened = program.popup
            action = program.operate(goal, notches)
            steps.append((program.observe(), action))
            program.act(action)
            if action.verb != "scroll" and not (program.popup and program.popup != opened):
                break
        else:
            return None
    return Demonstration(case=job.case, steps=tuple(steps), last=program.observe()), read_at


def pretrain(
    out: Path, *, seed: int = 0, config: PretrainConfig | None = None, progress: Progress | None = None
) -> Path:
    """Make a checkpoint of the stage ``pretrain`` in the folder ``out``. Raises StorageFull."""
    settings = config or PretrainConfig()
    rng = random.Random(seed)
    trails: list[Trail] = []
    workflows: list[Workflow] = []
    hashes: list[str] = []
    while len(trails) < settings.jobs:
        job = random_job(rng)
        performed = perform(job, rng)
        if performed is None:
            continue
        demonstration, read_at = performed
        reading = JobReading(workflow=job.workflow, judgements=(job.judgement,), read_at=(read_at,), texts=("",))
        trails += trails_of([demonstration], reading)
        workflows.append(job.workflow)
        hashes.append(hash_of(demonstration))
    training = ImitationConfig(variants=1, epochs=settings.epochs)
    ledger = Ledger(out)
    ledger.stage("pretrain", seed=seed, config=training, data=[hash_together(hashes)])
    trained = train_skill(
        trails, workflows, config=training, network=settings.network, seed=seed, progress=progress, stage="pretrain"
    )
    # what is shipped is stored in 16 bits, so its hash is that of the rounded weights
    weights = {n: w.astype("float16").astype("float32") for n, w in weights_of(trained.network).items()}
    ledger.weights("pretrain", weights_hash(weights))
    ledger.close()
    checkpoint = Checkpoint(
        stage="pretrain", weights=weights, network=settings.network, workflow=Workflow(choices=()),
        data=hash_together(hashes), seed=seed,
    )  # fmt: skip
    save_checkpoint(checkpoint, out, half=True)
    if progress is not None:
        progress(f"loss {trained.loss:.3f}, decisions right {trained.accuracy:.3f}", 1.0)
    return out


def _entrance(rng: random.Random, key: str) -> tuple[list[tuple[SyntheticWidget, Box]], list[SyntheticGoal]]:
    """What stands around every page, and how the case is opened: by searching for it, or from the list."""
    frame: list[tuple[SyntheticWidget, Box]] = []
    goals: list[SyntheticGoal] = []
    if rng.random() < 0.75:
        left, width = rng.choice((300, 360, 500, 700)), rng.choice((200, 300, 420))
        label = rng.choice(("Search...", "Search", "Find", "Go to", "Number", rng.choice(_NOUNS).title()))
        frame.append(
            (
                SyntheticWidget(id="search", kind="field", label=label, goto="item", width=width),
                Box(left, 8, left + width, 40),
            )
        )
        goals += [SyntheticGoal(verb="click", widget="search"), SyntheticGoal(verb="type", text=key)]
        if rng.random() < 0.7:
            frame.append(
                (SyntheticWidget(id="go", kind="button", text="Go"), Box(left + width + 10, 8, left + width + 60, 40))
            )
            goals.append(SyntheticGoal(verb="key", text="Return"))
        else:
            word = rng.choice(("Go", "Search", "Find", "Open"))
            frame.append(
                (
                    SyntheticWidget(id="go", kind="button", text=word, goto="item"),
                    Box(left + width + 10, 8, left + width + 80, 40),
                )
            )
            goals.append(SyntheticGoal(verb="click", widget="go"))
    else:
        goals.append(SyntheticGoal(verb="click", widget="row"))
    for i in range(rng.randint(0, 8)):
        name = _phrase(rng).title()
        frame.append(
            (SyntheticWidget(id=f"n{i}", kind="link", text=name), Box(20, 70 + 44 * i, 30 + 8 * len(name), 92 + 44 * i))
        )
    return frame, goals


def _choice(rng: random.Random, name: str, taken: set[str]) -> tuple[SyntheticWidget, Choice, str]:
    label = next(x for x in iter(lambda: _phrase(rng).capitalize(), "") if x not in taken)
    kind: ElementKind = rng.choice(("select", "select", "radio", "field"))
    common = rng.choice(("", "", rng.choice(_NOUNS).title() + " "))
    options = tuple(
        dict.fromkeys(common + _phrase(rng).capitalize() for _ in range(rng.randint(3, 14 if kind == "select" else 5)))
    )
    answer = rng.choice(options)
    first = rng.choice(("------", "", "Choose...", options[0])) if kind == "select" else ""
    if kind == "field":
        options = ()
    verb, kinds = ("type", ("",)) if kind == "field" else ("click", ("option",) if kind == "select" else ("radio",))
    widget = SyntheticWidget(
        id=name, kind=kind, text=first, label=label, options=options, width=rng.choice((200, 300, 400))
    )
    return widget, Choice(name=label, verb=verb, kinds=kinds, values=options or (answer,)), answer


def _goals_for(widget: SyntheticWidget, answer: str) -> list[SyntheticGoal]:
    if widget.kind == "field":
        return [SyntheticGoal(verb="click", widget=widget.id), SyntheticGoal(verb="type", text=answer)]
    return [SyntheticGoal(verb="choose", widget=widget.id, text=answer)]


def _distractor(rng: random.Random) -> tuple[SyntheticWidget, ...]:
    kind: ElementKind = rng.choice(("text", "text", "field", "textarea", "checkbox", "select", "button", "radio"))
    name = f"d{rng.randint(0, 10**9)}"
    label = _phrase(rng).capitalize()
    if kind == "text":
        return (SyntheticWidget(id=name, kind=kind, text=_sentence(rng)),)
    if kind in ("checkbox", "button"):
        return (SyntheticWidget(id=name, kind=kind, text=label),)
    options = tuple(_phrase(rng).capitalize() for _ in range(3)) if kind in ("select", "radio") else ()
    return (
        SyntheticWidget(
            id=name, kind=kind, label=label, options=options, text=options[0] if options else "", width=300
        ),
    )


def _keys_like(rng: random.Random, key: str) -> list[str]:
    made = [key]
    for _ in range(rng.randint(2, 14)):
        other = (
            "".join(rng.choice("0123456789") if c.isdigit() else c for c in key)
            if any(c.isdigit() for c in key)
            else _phrase(rng)
        )
        made.append(other)
    made = list(dict.fromkeys(made))
    rng.shuffle(made)
    return made


def _phrase(rng: random.Random) -> str:
    return " ".join([*((rng.choice(_ADJECTIVES),) if rng.random() < 0.6 else ()), rng.choice(_NOUNS)])


def _sentence(rng: random.Random) -> str:
    return " ".join(_phrase(rng) for _ in range(rng.randint(3, 14))).capitalize() + "."


def _print(what: str, share: float) -> None:
    sys.stderr.write(f"\r{share:4.0%} {what:60}")
    sys.stderr.flush()


if __name__ == "__main__":
    pretrain(PRETRAINED, progress=_print)
    for extra in (*PRETRAINED.glob("optimiser-*.npz"), PRETRAINED / "ledger.jsonl"):
        extra.unlink()
    sys.stderr.write("\n")
