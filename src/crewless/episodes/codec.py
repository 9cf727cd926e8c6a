"""Messages to JSON and back. Floats keep their exact value; NaN is refused, JSON has no word for it."""

import json
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import numpy as np

from crewless.core.errors import BadInput
from crewless.core.messages import (
    Action,
    Applied,
    Box,
    Case,
    Decision,
    Demonstration,
    Element,
    Observation,
    Point,
    Verdict,
)


def dumps(value: Any) -> str:
    """Canonical JSON: sorted keys, no spaces; the same value always gives the same line."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False, default=_plain)


def to_json(message: Any) -> dict[str, Any]:
    """A message dataclass as a mapping without the fields that hold their default value."""
    found = {}
    for field in fields(message):
        value = getattr(message, field.name)
        if field.default is not value and not (isinstance(value, (Mapping, frozenset)) and not value):
            found[field.name] = _plain_tree(value)
    return found


def action_from(data: Mapping[str, Any]) -> Action:
    """Raises BadInput when it is not an action."""
    values = dict(data)
    for key in ("point", "to"):
        if values.get(key) is not None:
            values[key] = Point(*values[key])
    values["joints"] = tuple(values.get("joints", ()))
    return _make(Action, values)


def decision_from(data: Mapping[str, Any]) -> Decision:
    """Raises BadInput when it is not a decision."""
    return _make(Decision, {**data, "action": action_from(data.get("action", {}))})


def applied_from(data: Mapping[str, Any]) -> Applied:
    """Raises BadInput when it is not an applied action."""
    return _make(Applied, {**data, "action": action_from(data.get("action", {}))})


def case_from(data: Mapping[str, Any]) -> Case:
    """Raises BadInput when it is not a case."""
    return _make(Case, dict(data))


def verdict_from(data: Mapping[str, Any]) -> Verdict:
    """Raises BadInput when it is not a verdict."""
    return _make(Verdict, dict(data))


def element_from(data: Mapping[str, Any]) -> Element:
    """Raises BadInput when it is not an element."""
    values = dict(data)
    values["box"] = Box(*values.get("box", ()))
    values["state"] = frozenset(values.get("state", ()))
    return _make(Element, values)


def observation_from(data: Mapping[str, Any]) -> Observation:
    """Raises BadInput when it is not an observation."""
    values = dict(data)
    values["elements"] = tuple(element_from(element) for element in values.get("elements", ()))
    if values.get("pointer") is not None:
        values["pointer"] = Point(*values["pointer"])
    return _make(Observation, values)


def demonstration_from(data: Mapping[str, Any]) -> Demonstration:
    """Raises BadInput when it is not a demonstration."""
    try:
        steps = tuple((observation_from(seen), action_from(done)) for seen, done in data["steps"])
        case, last = case_from(data["case"]), observation_from(data["last"])
    except (KeyError, TypeError, ValueError) as error:
        raise BadInput(f"not a demonstration: {error!r}") from error
    return Demonstration(case=case, steps=steps, last=last, verdict=data.get("verdict"))


def _make(kind: type, values: dict[str, Any]) -> Any:
    try:
        return kind(**values)
    except TypeError as error:
        raise BadInput(f"not {kind.__name__}: {error}") from error


def _plain(value: Any) -> Any:
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, Mapping):
        return dict(value)
    return str(value)


def _plain_tree(value: Any) -> Any:
    if hasattr(value, "__dataclass_fields__"):
        return to_json(value)
    if isinstance(value, Mapping):
        return {str(key): _plain_tree(item) for key, item in value.items()}
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    if isinstance(value, (tuple, list)):
        return [_plain_tree(item) for item in value]
    if isinstance(value, np.generic):
        return value.item()
    return value
