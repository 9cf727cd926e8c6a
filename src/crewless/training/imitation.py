"""Imitation: from demonstrations to the weights of the skill."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch.nn import functional

from crewless.core.messages import Action, Box, Case, Demonstration, Element, Observation
from crewless.policy.features import KEYS, SCROLLS, VERBS, Inputs, Memory, Past, Slots, inputs_of, screen_of
from crewless.policy.network import NetworkConfig
from crewless.policy.texts import similarity
from crewless.policy.workflow import Workflow, target_of
from crewless.training.choices import JobReading
from crewless.training.ledger import Ledger
from crewless.training.torch_network import Batch, TorchNetwork, collate


@dataclass(frozen=True, kw_only=True, slots=True)
class ImitationConfig:
    """How the skill is trained."""

    samples: int = 5000
    """The recordings are varied until there are about so many decisions, at least once and at most ``variants`` times."""
    variants: int = 8
    epochs: int = 4
    batch: int = 32
    rate: float = 1.5e-3
    weight_decay: float = 0.01
    threads: int = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Move:
    """One step of a demonstration in the skill's own words."""

    observation: Observation
    verb: str
    element: int = -1
    text: str = ""
    amount: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Trail:
    """A demonstration, ready to be turned into decisions."""

    case: Case
    moves: tuple[Move, ...]
    read_at: int
    """The move before which the text is read; -1: there is nothing to judge."""
    judgement: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """One decision and what was decided; -1 where the decision has no such part."""

    inputs: Inputs
    verb: int
    element: int = -1
    source: int = -1
    key: int = -1
    scroll: int = -1
    aim: int = -1


def trails_of(demonstrations: Sequence[Demonstration], reading: JobReading) -> list[Trail]:
    """Demonstrations with their judgements; clicks that hit nothing known are left out."""
    judged = bool(reading.workflow.choices)
    trails = []
    for demonstration, judgement, read_at in zip(demonstrations, reading.judgements, reading.read_at, strict=True):
        moves, at = [], -1
        for i, (observation, action) in enumerate(demonstration.steps):
            if i == read_at:
                at = len(moves)
            move = _move(observation, action)
            if move is not None:
                moves.append(move)
        if not moves or moves[-1].verb != "done":
            moves.append(Move(observation=demonstration.last, verb="done"))
        trails.append(
            Trail(case=demonstration.case, moves=tuple(moves), read_at=at if judged else -1, judgement=judgement)
        )
    return trails


def _move(observation: Observation, action: Action) -> Move | None:
    if action.verb == "scroll":
        return Move(
            observation=observation, verb="scroll_down" if action.amount > 0 else "scroll_up", amount=abs(action.amount)
        )
    element = target_of(observation, action)
    if action.verb in ("click", "double_click") and element is None:
        return None
    if action.verb in ("drag", "hand_over"):
        return None
    return Move(observation=observation, verb=action.verb, element=-1 if element is None else element, text=action.text)


def samples_of(trail: Trail, workflow: Workflow, rng: random.Random | None = None) -> list[Sample]:
    """Every decision of a trail. With ``rng`` the screens are varied, and decisions are added that the recording does not
    hold: trying again when nothing happened, and giving another answer where another stood on the screen."""
    names = tuple(c.name for c in workflow.choices)
    memory = Memory(slots=Slots.of(trail.case.slots, names))
    vary = _Variation(rng) if rng is not None else None
    samples: list[Sample] = []
    for i, original in enumerate(trail.moves):
        move = vary(original) if vary is not None else original
        if vary is not None and vary.bottom < 1.0:
            hidden, move = vary.lower_edge(move)
            if hidden is not None and i != trail.read_at:
                memory.see(hidden.observation)
                samples.append(_sample(hidden.observation, hidden, memory, workflow))
                remember(memory, hidden)
        memory.see(move.observation)
        if i == trail.read_at:
            samples.append(_sample(move.observation, Move(observation=move.observation, verb="read"), memory, workflow))
            memory.slots = memory.slots.filled(trail.judgement)
            memory.add(move.observation, Past(verb="read"))
        samples.append(_sample(move.observation, move, memory, workflow))
        if rng is not None:
            samples.extend(_other_answer(move, memory, workflow, rng))
        before = replace_memory(memory)
        remember(memory, move)
        follows = trail.moves[i + 1].observation if i + 1 < len(trail.moves) else None
        if (
            follows is not None
            and rng is not None
            and rng.random() < 0.15
            and screen_of(follows) != screen_of(original.observation)
        ):
            again = replace_memory(before)
            remember(again, move)
            again.see(move.observation)
            samples.append(_sample(move.observation, move, again, workflow))
    return samples


def replace_memory(memory: Memory) -> Memory:
    """A copy that can go its own way."""
    return Memory(
        slots=memory.slots, past=list(memory.past), used=set(memory.used), has_read=memory.has_read, still=memory.still,
        seen=memory.seen,
    )  # fmt: skip


def remember(memory: Memory, move: Move) -> None:
    """Note a move in the memory as the worker notes its own."""
    element = move.observation.elements[move.element] if move.element >= 0 else None
    if move.verb in ("click", "double_click") and element is not None:
        memory.point_at(move.observation, move.verb, element)
    elif move.verb == "type":
        slot = memory.slots.match(move.text)
        past = Past(
            verb="type", text="" if slot >= 0 else move.text, slot=slot, centre=element.box.centre if element else None
        )
        memory.add(move.observation, past)
    else:
        amount = move.amount if move.verb != "scroll_up" else -move.amount
        memory.add(move.observation, Past(verb=move.verb, text=move.text if move.verb == "key" else "", amount=amount))


def _sample(observation: Observation, move: Move, memory: Memory, workflow: Workflow) -> Sample:
    inputs = inputs_of(observation, memory, workflow.literals)
    source = key = scroll = aim = -1
    if move.verb == "type":
        slot = memory.slots.match(move.text)
        literal = next((i for i, t in enumerate(inputs.literals) if t == move.text), -1)
        source = slot if slot >= 0 else len(inputs.slot_names) + literal if literal >= 0 else -1
        aim = int(move.element >= 0)
    elif move.verb == "key":
        known = (*KEYS, *workflow.keys)
        key = known.index(move.text) if move.text in known else -1
    elif move.verb in ("scroll_up", "scroll_down"):
        scroll = min(range(len(SCROLLS)), key=lambda i: abs(SCROLLS[i] - move.amount))
    element = move.element if move.element < len(inputs.element_texts) else -1
    return Sample(
        inputs=inputs, verb=VERBS.index(move.verb), element=element, source=source, key=key, scroll=scroll, aim=aim
    )


def _other_answer(move: Move, memory: Memory, workflow: Workflow, rng: random.Random) -> list[Sample]:
    """The same screen and the answer of another case: the element with that text is then the target."""
    if move.element < 0 or not memory.has_read:
        return []
    target = move.observation.elements[move.element]
    slot = memory.slots.match(target.text)
    at = slot - memory.slots.given
    if at < 0:
        return []
    choice = workflow.choices[at]
    others = {
        i: value
        for i, e in enumerate(move.observation.elements)
        if e.kind == target.kind and i != move.element
        for value in choice.values
        if value and similarity(e.text, value) > 0.95
    }
    if not others:
        return []
    element, value = rng.choice(sorted(others.items()))
    answers = list(memory.slots.values[memory.slots.given :])
    answers[at] = value
    other = replace_memory(memory)
    other.slots = memory.slots.filled(answers)
    return [_sample(move.observation, replace(move, element=element), other, workflow)]


class _Variation:
    """Changes that a program's window goes through from day to day. The large ones hold for a whole trail."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.shift = (rng.choice((0, 0, rng.randint(-60, 60))), rng.choice((0, 0, 28, rng.randint(-40, 60))))
        self.scale = rng.choice((1.0, 1.0, 1.0, rng.uniform(0.85, 1.2)))
        self.bar = (
            "".join(rng.choice("abcdefghijklmnop qrstuvwxyz") for _ in range(rng.randint(12, 60)))
            if self.shift[1] > 0
            else ""
        )
        self.jitter = rng.choice((0, 1, 2, 4))
        self.drop = rng.choice((0.0, 0.0, 0.03, 0.1))
        self.typos = rng.choice((0.0, 0.0, 0.03, 0.08))
        self.unlabelled = rng.choice((0.0, 0.0, 0.03, 0.1))
        self.bottom = rng.choice((1.0, 1.0, rng.uniform(0.6, 1.0)))
        """The window is only so high, as a share of the recorded one."""
        self._typed: dict[str, str] = {}

    def __call__(self, move: Move) -> Move:
        rng, observation = self.rng, move.observation
        kept: list[tuple[int, Element]] = []
        for i, element in enumerate(observation.elements):
            if i != move.element and self.drop and rng.random() < self.drop:
                continue
            kept.append((i, self._element(element)))
        if self.bar:
            kept.insert(0, (-1, Element(text=self.bar, box=Box(12, 4, 20 + 8 * len(self.bar), 24))))
        if rng.random() < 0.15:
            x, y = rng.randint(0, observation.width - 90), rng.randint(0, observation.height - 30)
            kept.append((-1, Element(text=rng.choice(("×", "New", "12:04", "?")), box=Box(x, y, x + 60, y + 20))))
        index = next((n for n, (i, _) in enumerate(kept) if i == move.element), -1) if move.element >= 0 else -1
        varied = replace(
            observation,
            elements=tuple(e for _, e in kept),
            width=max(320, round(observation.width * self.scale)),
            height=max(240, round(observation.height * self.scale)),
        )
        return replace(move, observation=varied, element=index)

    def lower_edge(self, move: Move) -> tuple[Move | None, Move]:
        """The move in the less high window. Where that hides the target, first the scrolling that brings it up."""
        limit = round(move.observation.height * self.bottom)
        target = move.observation.elements[move.element] if move.element >= 0 else None
        if target is not None and target.kind == "option":
            return None, move
        if target is None or target.box.y1 <= limit:
            return None, _within(move, 0, limit)
        down = min(_SCROLLED_PX, target.box.y0 - 20)
        if target.box.y1 - down > limit:
            return None, move
        cut = _within(replace(move, element=-1), 0, limit)
        hidden = Move(observation=cut.observation, verb="scroll_down", amount=5)
        return hidden, _within(move, down, limit)

    def _element(self, element: Element) -> Element:
        rng, box = self.rng, element.box
        dx, dy = self.shift
        if self.jitter:
            dx, dy = dx + rng.randint(-self.jitter, self.jitter), dy + rng.randint(-self.jitter, self.jitter)
        s = self.scale
        moved = Box(
            round((box.x0 + dx) * s), round((box.y0 + dy) * s), round((box.x1 + dx) * s), round((box.y1 + dy) * s)
        )
        text = element.text
        if self.typos and text and rng.random() < self.typos:
            text = self._typed.setdefault(text, _misread(text, rng))
        label = "" if self.unlabelled and rng.random() < self.unlabelled else element.label
        return replace(element, box=moved, text=text, label=label)


_SCROLLED_PX = 280
"""How far a variation pretends that five wheel notches have moved the page. It is one of the variations of a recording, as the
shift and the scale are, and no measure of any program: real ones move by 50 to 120 pixels a notch."""


def _within(move: Move, down: int, limit: int) -> Move:
    """What is left of a move's screen when it is scrolled down by so many pixels in a window of that height."""
    kept = [
        (i, replace(e, box=Box(e.box.x0, e.box.y0 - down, e.box.x1, e.box.y1 - down)))
        for i, e in enumerate(move.observation.elements)
        if e.box.y0 >= down and e.box.y1 - down <= limit
    ]
    observation = replace(move.observation, elements=tuple(e for _, e in kept), height=limit)
    return replace(
        move, observation=observation, element=next((n for n, (i, _) in enumerate(kept) if i == move.element), -1)
    )


_CONFUSED = {"l": "1", "1": "l", "O": "0", "0": "O", "i": "l", "I": "l", "m": "rn", "S": "5", "e": "c", "g": "q"}


def _misread(text: str, rng: random.Random) -> str:
    at = rng.randrange(len(text))
    letter = text[at]
    other = _CONFUSED.get(letter, rng.choice(("", letter, " ")))
    return text[:at] + other + text[at + 1 :]


@dataclass(frozen=True, kw_only=True, slots=True)
class Trained:
    """What training returns."""

    network: TorchNetwork
    loss: float
    accuracy: float
    """Share of the last epoch's decisions whose verb and target were both right."""


def train_skill(
    trails: Sequence[Trail], workflows: Sequence[Workflow], *, config: ImitationConfig, network: NetworkConfig, seed: int,
    start: dict[str, np.ndarray] | None = None, ledger: Ledger | None = None,
    progress: Callable[[str, float], None] | None = None, stage: str = "finetune",
) -> Trained:  # fmt: skip
    """Train a network on trails; ``workflows`` has one for each trail. The same seed gives the same weights.

    ``progress`` hears what is happening and the share that is done, 0 to 1.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(config.threads)
    try:
        return _train(trails, workflows, config, network, seed, start, ledger, progress, stage)
    finally:
        torch.set_num_threads(threads)


def _train(
    trails: Sequence[Trail], workflows: Sequence[Workflow], config: ImitationConfig, sizes: NetworkConfig, seed: int,
    start: dict[str, np.ndarray] | None, ledger: Ledger | None, progress: Callable[[str, float], None] | None, stage: str,
) -> Trained:  # fmt: skip
    rng = random.Random(seed)
    torch.manual_seed(seed)
    steps = sum(len(t.moves) + 1 for t in trails)
    variants = max(1, min(config.variants, round(config.samples / max(1, steps))))
    samples: list[Sample] = []
    for variant in range(variants):
        for i, (trail, workflow) in enumerate(zip(trails, workflows, strict=True)):
            samples += samples_of(trail, workflow, None if variant == 0 and variants > 1 else rng)
            if progress is not None and i % 10 == 0:
                progress("varying the recordings", 0.3 * (variant + i / len(trails)) / variants)
    network = TorchNetwork(sizes)
    if start is not None:
        network.load_state_dict({name: torch.from_numpy(value) for name, value in start.items()})
    network.train()
    optimiser = torch.optim.AdamW(network.parameters(), lr=config.rate, weight_decay=config.weight_decay)
    sizes_of = [len(s.inputs.element_texts) for s in samples]
    per_epoch = -(-len(samples) // config.batch)
    total, done = per_epoch * config.epochs, 0
    loss_sum = right = seen = 0.0
    for epoch in range(config.epochs):
        loss_sum = right = seen = 0.0
        for rows in _batches(sizes_of, config.batch, rng):
            warm = min(1.0, (done + 1) / max(1, 0.05 * total))
            for group in optimiser.param_groups:
                group["lr"] = config.rate * warm * 0.5 * (1 + float(np.cos(np.pi * done / total)))
            chosen = [samples[i] for i in rows]
            batch = collate([s.inputs for s in chosen])
            loss, correct = _loss(network, batch, chosen)
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
            done += 1
            loss_sum, right, seen = loss_sum + float(loss.detach()) * len(rows), right + correct, seen + len(rows)
            if ledger is not None:
                ledger.batch(stage=stage, epoch=epoch, rows=rows, loss=float(loss.detach()))
            if progress is not None and done % 5 == 0:
                progress(f"training the skill, epoch {epoch + 1} of {config.epochs}", 0.3 + 0.7 * done / total)
    if ledger is not None:
        ledger.optimiser(stage, optimiser.state_dict())
    network.eval()
    return Trained(network=network, loss=loss_sum / max(1, seen), accuracy=right / max(1, seen))


def _batches(sizes: Sequence[int], batch: int, rng: random.Random) -> list[list[int]]:
    """Random batches of decisions with about as many elements, so that little is padded."""
    order = list(range(len(sizes)))
    rng.shuffle(order)
    span = batch * 12
    batches = []
    for start in range(0, len(order), span):
        near = sorted(order[start : start + span], key=lambda i: (sizes[i], i))
        batches += [near[i : i + batch] for i in range(0, len(near), batch)]
    rng.shuffle(batches)
    return batches


def _loss(network: TorchNetwork, batch: Batch, samples: Sequence[Sample]) -> tuple[torch.Tensor, int]:
    logits = network(batch)
    verb = torch.tensor([s.verb for s in samples])
    loss = functional.cross_entropy(logits.verb, verb)
    right = logits.verb.argmax(1) == verb
    for name in ("element", "source", "key", "scroll", "aim"):
        wanted = torch.tensor([getattr(s, name) for s in samples])
        there = wanted >= 0
        if not bool(there.any()):
            continue
        scores = getattr(logits, name)[there]
        weight = 0.3 if name == "scroll" else 1.0
        loss = loss + weight * functional.cross_entropy(scores, wanted[there], reduction="sum") / len(samples)
        if name != "scroll":
            right[there] &= scores.argmax(1) == wanted[there]
    return loss, int(right.sum())
