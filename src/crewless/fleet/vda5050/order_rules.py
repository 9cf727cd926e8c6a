"""What an order and its updates must be beyond their fields (VDA 5050 version 3.0.0, sections 6.1.1 and 6.1.2): what a robot checks
before it takes one, and what no control may break."""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

Message = Mapping[str, Any]


def faults(order: Message) -> list[str]:
    """What is wrong with the nodes and edges of an order or an update taken by itself; empty: nothing."""
    nodes, edges = order["nodes"], order["edges"]
    found: list[str] = []
    if not nodes:
        return ["it has no node"]
    if len(edges) != len(nodes) - 1:
        found.append(f"{len(edges)} edges between {len(nodes)} nodes")
    first = nodes[0]["sequenceId"]
    if first % 2:
        found.append(f"a node has the odd sequenceId {first}")
    for what, rows, offset in (("nodes", nodes, 0), ("edges", edges, 1)):
        numbers = [each["sequenceId"] for each in rows]
        if numbers != list(range(first + offset, first + offset + 2 * len(rows), 2)):
            found.append(f"the sequenceIds of the {what} are not continuous: {numbers[:8]}")
    if not nodes[0]["released"]:
        found.append("its first node is not released")
    flags = [each["released"] for pair in zip(nodes, [*edges, None], strict=False) for each in pair if each]
    if any(later and not earlier for earlier, later in itertools.pairwise(flags)):
        found.append("something is released behind what is not")
    if any(edge["released"] and not node["released"] for edge, node in zip(edges, nodes[1:], strict=False)):
        found.append("an edge is released and its end is not")
    names = [action["actionId"] for each in (*nodes, *edges) for action in each["actions"]]
    if len(names) != len(set(names)):
        found.append("two actions have the same actionId")
    return found


def new_order_faults(order: Message) -> list[str]:
    """Of an order that is no update."""
    found = faults(order)
    if order["nodes"] and order["nodes"][0]["sequenceId"] != 0:
        found.append(f"its first node has the sequenceId {order['nodes'][0]['sequenceId']}")
    if order["orderUpdateId"] != 0:
        found.append(f"it begins with the orderUpdateId {order['orderUpdateId']}")
    return found


def decision_point(base: Sequence[Message]) -> Message | None:
    """The last released node of those that were sent so far."""
    return next((node for node in reversed(base) if node["released"]), None)


def update_faults(update: Message, decision: Message) -> list[str]:
    """Of an update to an order whose last released node is ``decision``: it begins there, and changes nothing of it."""
    found = faults(update)
    if not update["nodes"]:
        return found
    first = update["nodes"][0]
    for key in ("nodeId", "sequenceId"):
        if first[key] != decision[key]:
            found.append(f"it begins at {key} {first[key]!r} and not at {decision[key]!r}, where the base ends")
    if not found and _content(first) != _content(decision):
        found.append(f"it changes node {first['nodeId']!r}, which is released")
    return found


def same(order: Message, other: Message) -> bool:
    """Whether two messages are one order sent twice: only their headers differ (section 6.1.4.5)."""
    return all(order.get(key) == other.get(key) for key in ("orderId", "orderUpdateId", "nodes", "edges"))


def idle(state: Message) -> bool:
    """Whether a robot takes a new order (section 6.6.8): nothing ahead of it, and no action of its order that is not over."""
    return not (
        state["nodeStates"]
        or state["edgeStates"]
        or any(each["actionStatus"] not in ("FINISHED", "FAILED") for each in state["actionStates"])
    )


def _content(node: Message) -> dict[str, Any]:
    return {key: value for key, value in node.items() if key != "nodeDescriptor"}
