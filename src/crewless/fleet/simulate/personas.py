"""Robots that misbehave on the wire, to try a control with: each is a simulated robot whose messages are changed on their way.

What is right for each stands beside it: whether it may be sent orders at all, and what a person must be told.
"""

import json
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from crewless.fleet.simulate.simulated_robot import SimulatedRobot
from crewless.fleet.vda5050.topics import header, topic_of
from crewless.fleet.vda5050.transport import Transport

Message = tuple[str, bytes, bool]
"""Topic, payload, whether it is retained."""
Change = Callable[["MisbehavingWire", Message], list[Message]]


@dataclass(frozen=True, kw_only=True)
class Persona:
    """One way to misbehave."""

    what: str
    """In a few words."""
    orders: bool = True
    """Whether it may be sent any."""
    line: str = ""
    """What a person must be told of it, a regular expression; empty: nothing."""
    says: Change = lambda wire, message: [message]
    """What becomes of a message that it sends."""
    hears: Change = lambda wire, message: [message]
    """What becomes of one that is sent to it."""
    begins: Callable[["MisbehavingWire"], None] = lambda wire: None
    """Called before it says hello."""
    ticks: Callable[["MisbehavingWire"], None] = lambda wire: None
    """Called every second."""


class MisbehavingWire:
    """The transport of a robot of a persona.

    Args:
        transport: the robot's own end of the broker.
        persona: how it misbehaves.
    """

    def __init__(self, transport: Transport, persona: Persona) -> None:
        self._transport, self._persona = transport, persona
        self.robot: SimulatedRobot
        self.memory: dict[str, Any] = {}
        """Whatever a persona has to remember."""
        self.now_s = 0.0

    def subscribe(self, pattern: str, *, kept: bool = True) -> None:
        """See :class:`crewless.fleet.vda5050.transport.Transport`."""
        self._transport.subscribe(pattern, kept=kept)

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """See there."""
        for each in self._persona.says(self, (topic, payload, retain)):
            self.raw(*each)

    def raw(self, topic: str, payload: bytes, retain: bool = False) -> None:
        """Past the persona."""
        self._transport.publish(topic, payload, retain=retain)

    def receive(self, timeout_s: float = 0.0) -> list[tuple[str, bytes]]:
        """See there."""
        arrived = self._transport.receive(timeout_s)
        return [
            (topic, payload)
            for came, content in arrived
            for topic, payload, _ in self._persona.hears(self, (came, content, False))
        ]

    def close(self) -> None:
        """See there."""
        self._transport.close()

    def begin(self, robot: SimulatedRobot) -> None:
        """The robot says hello."""
        self.robot = robot
        self._persona.begins(self)
        robot.start()

    def tick(self, now_s: float) -> None:
        """A second has passed."""
        self.now_s = now_s
        self._persona.ticks(self)

    def topic(self, kind: Any) -> str:
        """Of its own."""
        return topic_of(self.robot.config.manufacturer, self.robot.config.serial, kind)


# What is changed -------------------------------------------------------------------------------------------------------


def _kind(message: Message) -> str:
    return message[0].rpartition("/")[2]


def _edited(kinds: str, edit: Callable[[dict[str, Any]], None]) -> Change:
    """Messages of these kinds with something changed in them."""

    def change(_: MisbehavingWire, message: Message) -> list[Message]:
        if _kind(message) not in kinds.split():
            return [message]
        body = json.loads(message[1])
        edit(body)
        return [(message[0], json.dumps(body).encode(), message[2])]

    return change


def _set(**values: Any) -> Callable[[MisbehavingWire], None]:
    """Fields of the robot from the beginning."""

    def begins(wire: MisbehavingWire) -> None:
        for name, value in values.items():
            setattr(wire.robot, name, value)

    return begins


def _without_position(body: dict[str, Any]) -> None:
    body.pop("mobileRobotPosition", None)


def _signed_otherwise(body: dict[str, Any]) -> None:
    body |= {"serialNumber": "somebody-else", "manufacturer": "Nobody"}


def _no_zone(body: dict[str, Any]) -> None:
    body["timestamp"] = body["timestamp"].removesuffix("Z")


def _unknown_words(body: dict[str, Any]) -> None:
    body["operatingMode"] = "TURBO"


def _foreign(_: MisbehavingWire, message: Message) -> list[Message]:
    if _kind(message) != "state":
        return [message]
    body = json.loads(message[1])
    other = {
        "orderId": "somebody/else#1",
        "actionStates": [{"actionId": "somebody/else#1", "actionStatus": "FINISHED"}],
    }
    return [message, (message[0], json.dumps(body | other).encode(), False)]


def _reordered(wire: MisbehavingWire, message: Message) -> list[Message]:
    if _kind(message) != "state":
        return [message]
    old = wire.memory.setdefault("old", deque(maxlen=50))
    old.append(message)
    return [message, message, old[len(old) // 2], old[0]]


def _flooding(_: MisbehavingWire, message: Message) -> list[Message]:
    return [message] * (40 if _kind(message) == "state" else 1)


def _is_order(message: Message) -> bool:
    return _kind(message) == "order"


def _dies_silently(wire: MisbehavingWire, message: Message) -> list[Message]:
    """Its cable is cut, and the broker speaks no will."""
    wire.robot.alive = wire.robot.alive and not _is_order(message)
    return [message]


def _takes_and_forgets(wire: MisbehavingWire, message: Message) -> list[Message]:
    wire.memory["silent"] = wire.memory.get("silent", False) or _is_order(message)
    return [] if wire.memory["silent"] else [message]


def _silent(wire: MisbehavingWire, message: Message) -> list[Message]:
    return [] if wire.memory.get("silent") else [message]


def _refusing(error: Callable[[Mapping[str, Any]], dict[str, Any]]) -> Change:
    def hears(wire: MisbehavingWire, message: Message) -> list[Message]:
        if not _is_order(message):
            return [message]
        wire.robot.errors = [error(json.loads(message[1]))]
        wire.robot.send_state()
        return []

    return hears


def _as_3_0(order: Mapping[str, Any]) -> dict[str, Any]:
    about = [{"referenceKey": "orderId", "referenceValue": order["orderId"]}]
    return {"errorType": "INVALID_ORDER_ACTION", "errorLevel": "WARNING", "errorReferences": about,
            "errorDescription": "I have no hands"}  # fmt: skip


def _as_before(_: Mapping[str, Any]) -> dict[str, Any]:
    return {"errorType": "unsupportedAction", "errorLevel": "WARNING"}


def _as_malformed(order: Mapping[str, Any]) -> dict[str, Any]:
    return _as_3_0(order) | {"errorType": "VALIDATION_FAILURE"}


def _fatal(wire: MisbehavingWire, message: Message) -> list[Message]:
    if _is_order(message):
        wire.robot.errors = [{"errorType": "LOCALIZATION_ERROR", "errorLevel": "FATAL", "errorDescription": "no lidar"}]
        wire.robot.localized = False
        wire.robot.turn("MANUAL")  # it stands still
        wire.robot.mode = "AUTOMATIC"
        wire.robot.send_state()
    return [message]


def _critical(wire: MisbehavingWire, message: Message) -> list[Message]:
    """It cannot go on with any order that it takes, and reports so until it takes the next (section 6.6.5.4)."""
    if _kind(message) != "state":
        return [message]
    body = json.loads(message[1])
    if body["orderId"]:
        body["errors"] = [{"errorType": "NODE_UNREACHABLE", "errorLevel": "CRITICAL"}]
    return [(message[0], json.dumps(body).encode(), False)]


def _retriable(body: dict[str, Any]) -> None:
    for each in body["actionStates"]:
        each["actionStatus"] = "RETRIABLE" if each["actionStatus"] in ("RUNNING", "FINISHED") else each["actionStatus"]


def _nested(wire: MisbehavingWire) -> None:
    for kind in ("state", "visualization", "factsheet", "connection"):
        for opening in (b"[" * 1_500, b'{"serialNumber":"x","a":' + b"[" * 100_000, b'{"a":' * 5_000):
            wire.raw(wire.topic(kind), opening, True)


def _rubbish(wire: MisbehavingWire) -> None:
    state = json.dumps(header("crewless", wire.robot.config.serial, 1) | wire.robot.state())
    rows = [
        b"\x00\xff" * 5_000, b'"' + b"x" * 10_000 + b'"', b"", b"null", b"[]", b"42", state[:200].encode(),
        state.replace('"stateOfCharge": 100.0', '"stateOfCharge": 1e999').encode(), state.replace('"x": ', '"x": NaN,"q":').encode(),
        state.replace('"headerId": 1', '"headerId": ' + "9" * 40).encode(), b'{"errors":[{"errorType":"\\ud800"}]}',
    ]  # fmt: skip
    kinds = ("state", "factsheet", "connection", "visualization")
    wire.raw(wire.topic(kinds[int(wire.now_s) // len(rows) % 4]), rows[int(wire.now_s) % len(rows)])


def _absurd(body: dict[str, Any]) -> None:
    body["mobileRobotPosition"] |= {"x": 1e308, "y": -1e308}
    body["information"] = [{"infoType": "motorTemperature", "infoDescriptor": "inf C", "infoLevel": "INFO"}]


def _old_clock(wire: MisbehavingWire, message: Message) -> list[Message]:
    """When it has finished one piece of work it begins anew, in 1970 and at number 0."""
    body = json.loads(message[1])
    if "reborn" in wire.memory:
        number = wire.memory["number"] = wire.memory.get("number", -1) + 1
        body |= {"timestamp": f"1970-01-01T00:{number // 60 % 60:02d}:{number % 60:02d}.00Z", "headerId": number}
    return [(message[0], json.dumps(body).encode(), message[2])]


def _reborn(wire: MisbehavingWire) -> None:
    done = [each for each in wire.robot.action_states.values() if each["actionStatus"] == "FINISHED"]
    if done and "reborn" not in wire.memory:
        wire.memory["done"] = wire.memory.get("done", 0) + 1
        if wire.memory["done"] > 3:
            wire.memory["reborn"] = True
            wire.robot.order, wire.robot.action_states = {}, {}
            wire.robot.start()


def _goes_away(wire: MisbehavingWire, message: Message) -> list[Message]:
    if _is_order(message) and "away" not in wire.memory:
        wire.memory["away"] = wire.now_s
        body = header(wire.robot.config.manufacturer, wire.robot.config.serial, 0)
        wire.raw(wire.topic("connection"), json.dumps(body | {"connectionState": "CONNECTION_BROKEN"}).encode(), True)
    return [message]


def _away(wire: MisbehavingWire, message: Message) -> list[Message]:
    return [] if wire.now_s < wire.memory.get("away", -100.0) + 60.0 else [message]


def _comes_back(wire: MisbehavingWire) -> None:
    if "away" in wire.memory and "back" not in wire.memory and wire.now_s >= wire.memory["away"] + 60.0:
        wire.memory["back"] = True
        for each in wire.robot.action_states.values():
            each["actionStatus"] = "FINISHED"
        wire.robot.start()


def _claiming(body: dict[str, Any]) -> None:
    body["loads"] = [{"loadId": "load"}]


def _presses_stop(wire: MisbehavingWire) -> None:
    """Somebody presses the emergency stop while it drives, and leaves it at that."""
    if wire.robot.busy() and wire.robot.emergency_stop == "NONE":
        wire.robot.emergency_stop = "MANUAL"
        wire.robot.send_state()


def _turns_key(wire: MisbehavingWire) -> None:
    if wire.robot.busy():
        wire.robot.turn("SERVICE")
        wire.robot.send_state()


def _loses_updates(wire: MisbehavingWire, message: Message) -> list[Message]:
    """The first copy of every order and every update is lost."""
    if not _is_order(message):
        return [message]
    body = json.loads(message[1])
    key = f"{body['orderId']} {body['orderUpdateId']}"
    first = key not in wire.memory
    wire.memory[key] = True
    return [] if first else [message]


def _deaf_to_instant_actions(_: MisbehavingWire, message: Message) -> list[Message]:
    return [] if _kind(message) == "instantActions" else [message]


def _works_for_ever(wire: MisbehavingWire) -> None:
    wire.robot.slow = 1e6


def _forgets(wire: MisbehavingWire) -> None:
    """It begins anew whenever it has taken an order, and knows nothing of it."""
    if wire.robot.busy():
        wire.robot.turn("MANUAL")
        wire.robot.order, wire.robot.action_states, wire.robot.mode = {}, {}, "AUTOMATIC"
        wire.robot.start()


def _busy_for_another(body: dict[str, Any]) -> None:
    body["orderId"] = "other-control/17"
    body["actionStates"] = [{"actionId": "a", "actionStatus": "RUNNING"}]


def _limits(strings: Mapping[str, Any], arrays: Mapping[str, Any], interval_s: float = 0.0) -> Change:
    def edit(body: dict[str, Any]) -> None:
        body["protocolLimits"] |= {
            "maximumStringLengths": dict(strings), "maximumArrayLengths": dict(arrays),
            "timing": {"minimumOrderInterval": interval_s, "minimumStateInterval": 0.0},
        }  # fmt: skip

    return _edited("factsheet", edit)


def _hibernates(body: dict[str, Any]) -> None:
    body["connectionState"] = "HIBERNATING"


def _only_kept(wire: MisbehavingWire, message: Message) -> list[Message]:
    """It was here yesterday: all that is left of it are messages that the broker has kept."""
    topic, payload, _ = message
    first = topic not in wire.memory
    wire.memory[topic] = True
    return [(topic, payload, True)] if first else []


PERSONAS: Mapping[str, Persona] = {
    "good": Persona(what="behaves"),
    # After the robots of an examination from outside.
    "manual": Persona(what="operating mode MANUAL", orders=False, line="MANUAL", begins=_set(mode="MANUAL")),
    "service": Persona(what="operating mode SERVICE", orders=False, line="SERVICE", begins=_set(mode="SERVICE")),
    "estop": Persona(what="emergency stop", orders=False, line="emergency stop", begins=_set(emergency_stop="MANUAL")),
    "lost": Persona(what="not localised", orders=False, line="where it is", begins=_set(localized=False)),
    "othermap": Persona(what="on another map", orders=False, line="'basement'", begins=_set(map_id="basement")),
    "nopos": Persona(what="sends no position", orders=False, line="no position", says=_edited("state visualization", _without_position)),
    "badids": Persona(what="signs with another serial number", orders=False, line="not believed",
                      says=_edited("state connection factsheet visualization", _signed_otherwise)),
    "noz": Persona(what="times without a zone", orders=False, line="date and time",
                   says=_edited("state connection factsheet", _no_zone)),
    "enum": Persona(what="words that the standard has not", orders=False, line="TURBO", says=_edited("state", _unknown_words)),
    "foreign": Persona(what="says every second time that it has another's order", line="forgotten its order", says=_foreign),
    "reorder": Persona(what="sends old states again", says=_reordered),
    "flood": Persona(what="40 states for one", says=_flooding),
    "dropper": Persona(what="is gone without a will when it has an order", line="no state", hears=_dies_silently),
    "silent": Persona(what="on line, and says nothing once it has an order", line="no state", says=_silent,
                      hears=_takes_and_forgets),
    "fatal": Persona(what="FATAL when it gets an order", line="LOCALIZATION_ERROR", hears=_fatal),
    "reject": Persona(what="INVALID_ORDER_ACTION", line="does not do 'assemble'", hears=_refusing(_as_3_0)),
    "rejectcamel": Persona(what="unsupportedAction, naming no order", line="does not do 'assemble'", hears=_refusing(_as_before)),
    "junk": Persona(what="rubbish of many kinds", line="malformed|not JSON", ticks=_rubbish),
    "deep": Persona(what="nested too deeply, retained", line="malformed|nested", ticks=_nested),
    "old70": Persona(what="begins anew in 1970", says=_old_clock, ticks=_reborn),
    "lazarus": Persona(what="comes back and says FINISHED", says=_away, hears=_goes_away, ticks=_comes_back),
    "thief": Persona(what="says that it carries what it never fetched", line="never sent for it", says=_edited("state", _claiming)),
    # Ours.
    "stopped on the way": Persona(what="emergency stop in mid-drive, for good", line="emergency stop", ticks=_presses_stop),
    "key turned": Persona(what="SERVICE in mid-drive", line="SERVICE", ticks=_turns_key),
    "lossy": Persona(what="first copy of each order and update lost", hears=_loses_updates),
    "deaf": Persona(what="works for ever and hears no cancellation", line="late with", begins=_works_for_ever, hears=_deaf_to_instant_actions),
    "forgetful": Persona(what="begins anew after each order", line="forgotten", ticks=_forgets),
    "critic": Persona(what="CRITICAL with each order", line="NODE_UNREACHABLE", says=_critical),
    "retrier": Persona(what="RETRIABLE for ever", line="retry", says=_edited("state", _retriable)),
    "malformed": Persona(what="VALIDATION_FAILURE to each order", line="VALIDATION_FAILURE", hears=_refusing(_as_malformed)),
    "taken": Persona(what="carries out another control's order", orders=False, line="not of this control", says=_edited("state", _busy_for_another)),
    "small": Persona(what="messages of 300 characters at most", orders=False, line="characters in a message",
                     says=_limits({"maximumMessageLength": 300}, {})),
    "digits": Persona(what="identifiers of 9 digits, 2 nodes an order, one in 5 s",
                      says=_limits({"maximumIdLength": 9, "idNumericalOnly": True}, {"order.nodes": 2}, 5.0)),
    "hibernating": Persona(what="HIBERNATING", orders=False, says=_edited("connection", _hibernates)),
    "yesterday": Persona(what="only what the broker has kept", orders=False, line="no state", says=_only_kept),
    "absurd": Persona(what="stands 1e308 m away, infinitely hot", orders=False, line="no position", says=_edited("state", _absurd)),
}  # fmt: skip
"""By name."""
