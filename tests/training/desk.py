"""A ticket desk as a synthetic program: search, read, respond with a reply and a status, set the queue, save."""

import random
from collections.abc import Callable
from dataclasses import dataclass, replace

from crewless.core.messages import Action, Applied, Box, Case, Decision, Demonstration, Observation, Point
from crewless.core.policy import Policy
from crewless.training.synthetic import SyntheticGoal, SyntheticPage, SyntheticProgram, SyntheticWidget

TEAMS = {
    "Cards": (
        "Resolved",
        ["card", "plastic", "chip"],
        ["has not arrived", "is broken", "was swallowed", "expires soon"],
    ),
    "Transfers": (
        "Open",
        ["transfer", "wire", "payment abroad"],
        ["is pending", "was declined", "went to the wrong account"],
    ),
    "Refunds": (
        "Resolved",
        ["refund", "money back", "chargeback"],
        ["is missing", "takes too long", "was only partly paid"],
    ),
    "Access": (
        "Closed",
        ["password", "login", "passcode"],
        ["is forgotten", "does not work", "is blocked", "must be reset"],
    ),
    "Exchange": (
        "Open",
        ["exchange rate", "currency conversion", "foreign currency"],
        ["looks wrong", "cost too much"],
    ),
}
OPENINGS = (
    "Hello, my",
    "Hi there. My",
    "Please help: the",
    "Good morning, since Monday my",
    "Urgent! The",
    "For {n} days the",
)
ENDINGS = (
    "",
    "What can I do?",
    "Please answer soon, I need it on the {n}th.",
    "I have tried {n} times. Regards, {name}.",
    "Thanks, {name}",
)
NAMES = ("Ann", "Bo", "Cleo", "Dan", "Eve", "Finn", "Gus", "Hal", "Ida", "Jo")


@dataclass(frozen=True, kw_only=True)
class Ticket:
    number: int
    title: str
    description: str
    team: str

    @property
    def status(self) -> str:
        return TEAMS[self.team][0]

    @property
    def case(self) -> Case:
        return Case(id=str(self.number), slots={"ticket": str(self.number)})


def tickets(count: int, seed: int, first: int = 1) -> list[Ticket]:
    rng = random.Random(seed)
    made = []
    for i in range(count):
        team = rng.choice(sorted(TEAMS))
        _, things, troubles = TEAMS[team]
        parts = [f"{rng.choice(OPENINGS)} {rng.choice(things)} {rng.choice(troubles)}."]
        parts += [rng.choice(ENDINGS) for _ in range(rng.randint(0, 2))]
        text = " ".join(p for p in parts if p).format(
            n=rng.randint(2, 28), name=rng.choice(NAMES) + rng.choice(NAMES).lower()
        )
        made.append(Ticket(number=first + i, title=text[: rng.choice((30, 60, 90))], description=text, team=team))
    return made


def program(ticket: Ticket, others: list[Ticket], *, solved: bool = False, **shape: object) -> SyntheticProgram:
    """The desk with one ticket that matters and others in the list."""
    frame = [
        (SyntheticWidget(id="search", kind="field", label="Search...", goto="ticket", width=420), Box(360, 8, 780, 40)),
        (SyntheticWidget(id="go", kind="button", text="Go"), Box(790, 8, 840, 40)),
        (SyntheticWidget(id="agent", kind="link", text="Agent"), Box(1180, 12, 1230, 32)),
    ]
    for i, name in enumerate(("Dashboard", "All Tickets", "Saved Queries", "New Ticket", "Reports", "Knowledge Base")):
        frame.append(
            (SyntheticWidget(id=name, kind="link", text=name), Box(20, 70 + 44 * i, 40 + 8 * len(name), 92 + 44 * i))
        )

    def listing(p: SyntheticProgram) -> SyntheticPage:
        rows = [(SyntheticWidget(id="head", kind="text", text="Open tickets"),)]
        for t in others[:14]:
            line = SyntheticWidget(id=f"t{t.number}", kind="link", text=t.title[:60])
            rows.append(
                (
                    SyntheticWidget(id="", kind="text", text=f"#{t.number}"),
                    line,
                    SyntheticWidget(id="", kind="text", text="Inbox", x=700),
                )
            )
        return SyntheticPage(rows=tuple(rows), gap=10)

    def head(p: SyntheticProgram) -> list[tuple[SyntheticWidget, ...]]:
        queue = ticket.team if solved else p.values.get("stored queue", "Inbox")
        status = ticket.status if solved else p.values.get("stored status", "Open")
        answer = []
        if status in ("Resolved", "Closed"):
            for line in ("Resolution", f"We have taken care of it: {queue.lower()}."):
                answer.append((SyntheticWidget(id="", kind="text", text=line),))
        return [
            (
                SyntheticWidget(id="", kind="link", text="Tickets"),
                SyntheticWidget(id="", kind="text", text=f"inbox-{ticket.number}"),
            ),
            (
                SyntheticWidget(id="title", kind="text", text=ticket.title),
                SyntheticWidget(id="", kind="text", text=f"#{ticket.number}"),
            ),
            (SyntheticWidget(id="description", kind="text", text=ticket.description),),
            *answer,
            (
                SyntheticWidget(id="due", kind="text", text="None", label="DUE DATE"),
                SyntheticWidget(id="priority", kind="text", text="3. Normal", label="PRIORITY", x=260),
                SyntheticWidget(id="status", kind="text", text=status, label="STATUS", x=520),
                SyntheticWidget(id="queue shown", kind="text", text=queue, label="QUEUE", x=760),
            ),
            (
                SyntheticWidget(
                    id="mail", kind="text", text=f"user{ticket.number * 7 % 1000}@example.com", label="SUBMITTED BY"
                ),
            ),
        ]

    def shown(p: SyntheticProgram) -> SyntheticPage:
        tabs = (
            SyntheticWidget(id="follow", kind="tab", text="Follow ups", goto="ticket"),
            SyntheticWidget(id="respond", kind="tab", text="Respond", goto="respond"),
        )
        return SyntheticPage(rows=(*head(p), tabs, (SyntheticWidget(id="", kind="text", text="No follow-ups yet"),)))

    def respond(p: SyntheticProgram) -> SyntheticPage:
        tabs = (
            SyntheticWidget(id="follow", kind="tab", text="Follow ups", goto="ticket"),
            SyntheticWidget(id="respond", kind="tab", text="Respond", goto="respond"),
        )
        rows = [
            *head(p), tabs,
            (SyntheticWidget(id="reply", kind="select", text="------", label="Use a Pre-set Reply", options=tuple(f"Reply {t}" for t in TEAMS), width=400),),
            (SyntheticWidget(id="", kind="text", text="Selecting a pre-set reply will over-write your comment below."),),
            (SyntheticWidget(id="comment", kind="textarea", label="Comment / Resolution", width=400),),
            (SyntheticWidget(id="status radio", kind="radio", text="Open", label="New Status", options=("Open", "Resolved", "Closed", "Duplicate")),),
            (SyntheticWidget(id="public", kind="checkbox", text="Is this update public?"),),
            (SyntheticWidget(id="time", kind="field", label="Time spent", width=400),),
            (SyntheticWidget(id="details", kind="button", text="Update ticket details", goto="details"), SyntheticWidget(id="attach", kind="button", text="Attach File(s)")),
            (SyntheticWidget(id="save", kind="button", text="Save", effect="save", goto="saved"),),
        ]  # fmt: skip
        return SyntheticPage(rows=tuple(rows))

    def details(p: SyntheticProgram) -> SyntheticPage:
        page = respond(p)
        more = (
            (SyntheticWidget(id="new title", kind="field", text=ticket.title, label="Title", width=400),),
            (
                SyntheticWidget(
                    id="queue", kind="select", text="Inbox", label="Queue", options=("Inbox", *TEAMS), width=400
                ),
            ),
        )
        return replace(page, rows=(*page.rows[:-1], *more, page.rows[-1]))

    def saved(p: SyntheticProgram) -> SyntheticPage:
        final = p.effects[-1][1] if p.effects else {}
        p.values["stored queue"] = final.get("queue", "Inbox")
        p.values["stored status"] = final.get("status radio", "Open")
        return shown(p)

    pages: dict[str, SyntheticPage | Callable[[SyntheticProgram], SyntheticPage]] = {
        "list": listing, "ticket": shown, "respond": respond, "details": details, "saved": saved,
    }  # fmt: skip
    return SyntheticProgram(pages=pages, start="list", frame=frame, **shape)  # pyright: ignore[reportArgumentType]


def goals(ticket: Ticket) -> list[SyntheticGoal]:
    return [
        SyntheticGoal(verb="click", widget="search"), SyntheticGoal(verb="type", text=str(ticket.number)), SyntheticGoal(verb="key", text="Return"),
        SyntheticGoal(verb="click", widget="respond"),
        SyntheticGoal(verb="choose", widget="reply", text=f"Reply {ticket.team}"),
        SyntheticGoal(verb="choose", widget="status radio", text=ticket.status),
        SyntheticGoal(verb="click", widget="details"),
        SyntheticGoal(verb="choose", widget="queue", text=ticket.team),
        SyntheticGoal(verb="click", widget="save"),
    ]  # fmt: skip


def demonstrate(ticket: Ticket, others: list[Ticket], **shape: object) -> Demonstration:
    desk = program(ticket, others, **shape)
    steps: list[tuple[Observation, Action]] = []
    for goal in goals(ticket):
        for _ in range(12):
            action = desk.operate(goal)
            opening = goal.verb == "choose" and goal.widget != "status radio" and desk.popup != goal.widget
            steps.append((desk.observe(), action))
            desk.act(action)
            if action.verb != "scroll" and not opening:
                break
        else:
            raise AssertionError(f"{goal} was not reached")
    return Demonstration(case=ticket.case, steps=tuple(steps), last=desk.observe(), verdict="right")


@dataclass(frozen=True, kw_only=True)
class Run:
    ticket: Ticket
    done: bool
    right: bool
    """The right thing was saved."""
    deed: bool
    """What was judged was saved, right or not."""
    reason: str
    decisions: list[Decision]


def work(policy: Policy, ticket: Ticket, others: list[Ticket], *, solved: bool = False, spoil: Callable[[Observation], Observation] | None = None, ignore: Callable[[int], bool] = lambda step: False, limit: int = 60, **shape: object) -> Run:  # fmt: skip
    """Let a policy work a ticket; ``ignore`` says at which steps the program does not react."""
    desk = program(ticket, others, solved=solved, **shape)
    policy.reset(ticket.case)
    decisions: list[Decision] = []
    for step in range(limit):
        observation = desk.observe()
        decision = policy.decide(spoil(observation) if spoil else observation)
        decisions.append(decision)
        if decision.action.verb in ("done", "hand_over"):
            break
        if not ignore(step):
            desk.act(decision.action)
        policy.applied(Applied(action=decision.action, dispatched_s=float(step)))
    saves = [values for name, values in desk.effects if name == "save"]
    truth = {"reply": f"Reply {ticket.team}", "status radio": ticket.status, "queue": ticket.team}
    judged = getattr(policy, "judged", None)
    answer = judged if isinstance(judged, tuple) else judged.values if judged is not None else ()
    values = set(answer)
    stored = {k: saves[-1].get(k, "Open" if k == "status radio" else "") for k in truth} if saves else {}
    return Run(
        ticket=ticket,
        done=decisions[-1].action.verb == "done",
        right=len(saves) == 1 and stored == truth and desk.values.get("search") == str(ticket.number),
        deed=len(saves) == 1 and set(stored.values()) == values,
        reason=decisions[-1].action.text,
        decisions=decisions,
    )


__all__ = ["Point", "Run", "Ticket", "demonstrate", "program", "tickets", "work"]
