"""What a robot's factsheet says that it can take (VDA 5050 version 3.0.0, section 7.10, ``protocolLimits`` and
``typeSpecification``): a limit that is missing, or 0, is none."""

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_DIGITS = 18


@dataclass(frozen=True, kw_only=True, slots=True)
class FactsheetLimits:
    """Of one robot; 0 and infinity: no limit."""

    message_length: int = 0
    """Characters of a message."""
    id_length: int = 0
    """Characters of an identifier of an order, a node, an edge or an action."""
    numeric_ids: bool = False
    load_id_length: int = 0
    nodes: int = 0
    """In one order message; the rest of a longer way follows by updates."""
    node_actions: int = 0
    action_parameters: int = 0
    instant_actions: int = 0
    zones: int = 0
    order_interval_s: float = 0.0
    """At least so long between two order messages."""
    load_kg: float = math.inf
    """What it carries at most; infinity also where its factsheet says 0."""

    def identifier(self, text: str) -> str:
        """An identifier that the robot takes: the text itself, or digits that stand for it and are the same every time."""
        fits = not self.id_length or len(text) <= self.id_length
        if fits and ((text.isascii() and text.isdigit()) or not self.numeric_ids):
            return text
        digits = min(self.id_length or _DIGITS, _DIGITS)
        number = int.from_bytes(hashlib.blake2b(text.encode(), digest_size=16).digest())
        return str(number % 10**digits).zfill(digits)

    def exceeded(self, order: Mapping[str, Any], length: int) -> str:
        """What of an order is more than the robot takes, in words; empty: nothing.

        Args:
            order: the message.
            length: characters of its JSON.
        """
        actions = [action for node in order["nodes"] for action in node["actions"]]
        counts = [
            ("characters in a message", length, self.message_length),
            ("nodes in an order", len(order["nodes"]), self.nodes),
            ("actions at a node", max((len(node["actions"]) for node in order["nodes"]), default=0), self.node_actions),
            ("parameters of an action", _most(actions, "actionParameters"), self.action_parameters),
            ("characters in a loadId", max(map(_load_id, actions), default=0), self.load_id_length),
        ]
        return next(
            (f"{count} {what}, and it takes {most}" for what, count, most in counts if most and count > most), ""
        )


def limits_of(factsheet: Mapping[str, Any]) -> FactsheetLimits:
    """Those of a factsheet."""
    protocol = factsheet["protocolLimits"]
    strings, arrays, timing = protocol["maximumStringLengths"], protocol["maximumArrayLengths"], protocol["timing"]
    edges = arrays.get("order.edges", 0)
    nodes = [most for most in (arrays.get("order.nodes", 0), edges + 1 if edges else 0) if most]
    return FactsheetLimits(
        message_length=strings.get("maximumMessageLength", 0), id_length=strings.get("maximumIdLength", 0),
        numeric_ids=strings.get("idNumericalOnly", False), load_id_length=strings.get("maximumLoadIdLength", 0),
        nodes=min(nodes, default=0), node_actions=arrays.get("node.actions", 0),
        action_parameters=arrays.get("actions.actionsParameters", 0), instant_actions=arrays.get("instantActions", 0),
        zones=arrays.get("zoneSet.zones", 0), order_interval_s=timing["minimumOrderInterval"],
        load_kg=factsheet["typeSpecification"]["maximumLoadMass"] or math.inf,
    )  # fmt: skip


def _most(rows: Sequence[Mapping[str, Any]], key: str) -> int:
    return max((len(each.get(key, ())) for each in rows), default=0)


def _load_id(action: Mapping[str, Any]) -> int:
    values = (each["value"] for each in action.get("actionParameters", ()) if each["key"] == "loadId")
    return max((len(str(value)) for value in values), default=0)
