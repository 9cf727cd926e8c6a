"""A simulated robot that speaks VDA 5050: it drives, works, warms up, discharges, fails. Alone it drives straight lines between
nodes; with a :class:`Mover` it navigates freely among others.

No hardware was used. The heat and battery constants are assumptions of the size of a small industrial carrier, stated in
:class:`SimulatedRobotConfig`; a real fleet brings its own.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from crewless.core.errors import BadInput
from crewless.fleet.simulate.body import Mover, SimulatedRobotConfig, factsheet, skills_of
from crewless.fleet.vda5050.error_types import (
    DUPLICATE_ZONE_SET,
    INVALID_INSTANT_ACTION,
    INVALID_ORDER_ACTION,
    MOBILE_ROBOT_NOT_AVAILABLE,
    NO_ORDER_TO_CANCEL,
    ORDER_UPDATE_FOLLOWING_CANCEL,
    OTHER_ORDER_ACTIVE,
    OUTDATED_ORDER_UPDATE,
    PREDEFINED,
    SAME_ORDER_UPDATE_ID,
    UNKNOWN_MAP_ID,
    UNTIL_NEW_ORDER,
    VALIDATION_FAILURE,
    canonical,
)  # fmt: skip
from crewless.fleet.vda5050.order_rules import decision_point, new_order_faults, same, update_faults
from crewless.fleet.vda5050.topics import MANUFACTURER, Sender, address, header, topic_of
from crewless.fleet.vda5050.transport import Transport, Will
from crewless.fleet.vda5050.validation import Topic, decode, encode
from crewless.fleet.vda5050.zone_sets import ZoneBook, contains

SPARE_S = 20.0
"""A release zone is kept for so long by a robot that does not stand before it any more."""
STATE_EVERY_S = 30.0
"""A state is due after so long even when nothing happened (VDA 5050, section 'State')."""


@dataclass
class SimulatedRobot:
    """One robot. ``work_done`` is called at the moment when work is physically finished, with the action and its
    parameters (``actionType`` among them); it returns False when the station refuses it, and the action fails."""

    config: SimulatedRobotConfig
    transport: Transport
    work_done: Callable[[str, Mapping[str, Any]], bool] = lambda action, parameters: True
    charge: float = 1.0
    motor_c: float = math.nan
    alive: bool = True
    fails_next: int = 0
    """So many coming actions fail."""
    slow: float = 1.0
    """Actions take so many times as long."""

    order: dict[str, Any] = field(default_factory=dict[str, Any])
    action_states: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    instant_states: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    errors: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    paused: bool = False
    mode: str = "AUTOMATIC"
    """See :meth:`turn`."""
    emergency_stop: str = "NONE"
    localized: bool = True
    map_id: str = "floor"
    mover: Mover | None = None
    energy_j: float = 0.0
    """Drawn from the battery so far."""
    loads: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    """What it carries, as in its state."""
    zones: ZoneBook = field(default_factory=ZoneBook)

    def __post_init__(self) -> None:
        self.x_m: float = self.config.x_m
        self.y_m: float = self.config.y_m
        self.theta: float = 0.0
        self.motor_c = self.config.air_c if math.isnan(self.motor_c) else self.motor_c
        self._sender = Sender(self.transport)
        self._sent: list[dict[str, Any]] = []
        """Nodes of the order's last message."""
        self._cancelled = False
        self._ahead: list[dict[str, Any]] = []
        self._edges: list[dict[str, Any]] = []
        self._todo: list[dict[str, Any]] = []
        self._left_s, self._until = 0.0, 1.0
        self._last_node, self._last_sequence = "", 0
        self._driving = self._cooling = False
        self._changed = True
        self._requests: dict[str, str] = {}
        """Release zone to what was answered: REQUESTED, GRANTED, ..."""
        self._guarded = False
        """There are release zones."""
        self._inside: set[str] = set()
        self._spare_s: dict[str, float] = {}
        """How long each zone that was asked for has not been on the way."""
        self._state_number = -1
        """Header number of the last state."""
        self._since_state_s = self._since_position_s = 0.0
        self._seen_at = (self.x_m, self.y_m)

    def start(self) -> None:
        """Say hello: connection and factsheet, both retained, and the first state."""
        self._send("connection", {"connectionState": "ONLINE"})
        self._send("factsheet", factsheet(self.config))
        self.send_state()

    def stop(self) -> None:
        """Say goodbye."""
        self._send("connection", {"connectionState": "OFFLINE"})

    def handle(self, topic: str, payload: bytes) -> None:
        """A message for this robot; one that is malformed becomes an error in the state."""
        place = address(topic)
        if place is None or place[:2] != (self.config.manufacturer, self.config.serial) or not self.alive:
            return
        kind = place[2]
        if kind not in ("order", "instantActions", "zoneSet", "responses"):
            return
        try:
            message = decode(kind, payload)
        except BadInput as error:
            self._complain(VALIDATION_FAILURE, str(error))
            return
        if kind == "order":
            self._take(message)
        elif kind == "zoneSet":
            name = message["zoneSet"]["zoneSetId"]
            if name in self.zones.sets:
                self._complain(DUPLICATE_ZONE_SET, f"zone set {name} is here already", keys={"zoneSetId": name})
            self.zones.take(message["zoneSet"])
            self._changed = True
        elif kind == "responses":
            for response in message["responses"]:
                self._answered(response)
        else:
            for action in message["actions"]:
                self._instant(action)

    def advance(self, dt_s: float) -> None:
        """Let time pass; a state is sent when something has changed, and in any case every 30 s."""
        if not self.alive:
            return
        left = dt_s
        power = self.config.idle_w
        self._driving = False
        while left > 0 and self._able():
            if self._todo:
                power = self.config.work_w
                left = self._work(left)
            elif self._ahead and self._ahead[0]["released"]:
                power = max(power, self.config.drive_w)
                left = self._drive(left)
            else:
                break
        if self.mover is not None:
            if self._todo or not self._able():
                self.mover.hold(self.config.serial)
            elif not self._ahead:
                self.mover.idle(self.config.serial)
            self._stand()
            if self._guarded:
                self._ask_for_zones(dt_s)
        self._feel(power, dt_s)
        self._since_state_s += dt_s
        self._since_position_s += dt_s
        if self._changed or self._since_state_s >= STATE_EVERY_S:
            self.send_state()
        if (
            self.config.visualize_s
            and self._since_position_s >= self.config.visualize_s
            and self._seen_at != (self.x_m, self.y_m)
        ):
            self._since_position_s, self._seen_at = 0.0, (self.x_m, self.y_m)
            self._send(
                "visualization", {"referenceStateHeaderId": self._state_number, "mobileRobotPosition": self._position()}
            )

    def _able(self) -> bool:
        stopped = self.emergency_stop != "NONE" or self.mode not in ("AUTOMATIC", "SEMIAUTOMATIC")
        return not (self.paused or self._cooling or stopped) and self.charge > 0

    def doing(self) -> str:
        """In one word, for a picture: dead, empty, cooling, paused, charging, working, driving or idle."""
        if not self.alive:
            return "dead"
        if self.charge <= 0:
            return "empty"
        if self._cooling:
            return "cooling"
        if self.paused:
            return "paused"
        if self._todo:
            return "charging" if self._charging() else "working"
        return "driving" if self._ahead else "idle"

    def send_state(self) -> None:
        """Send the state."""
        self._changed, self._since_state_s = False, 0.0
        self._state_number += 1
        self._send("state", self.state())

    def state(self) -> dict[str, Any]:
        """All there is to know, without the header."""
        return {
            **({"loads": [dict(each) for each in self.loads]} if self.config.carries else {}),
            "orderId": self.order.get("orderId", ""),
            "orderUpdateId": self.order.get("orderUpdateId", 0),
            "lastNodeId": self._last_node,
            "lastNodeSequenceId": self._last_sequence,
            "nodeStates": [{key: node[key] for key in ("nodeId", "sequenceId", "released")} for node in self._ahead],
            "edgeStates": [{key: edge[key] for key in ("edgeId", "sequenceId", "released")} for edge in self._edges],
            "mobileRobotPosition": self._position(),
            "zoneSets": self.zones.states(),
            "zoneRequests": [
                {
                    "requestId": f"{zone}@{self.config.serial}", "requestType": "ACCESS", "zoneId": zone,
                    "zoneSetId": self.zones.enabled, "requestStatus": status,
                }
                for zone, status in self._requests.items()
            ],
            "driving": self._driving,
            "paused": self.paused,
            "actionStates": list(self.action_states.values()),
            "instantActionStates": list(self.instant_states.values())[-8:],
            "powerSupply": {"stateOfCharge": round(100 * self.charge, 2), "charging": self._charging()},
            "operatingMode": self.mode,
            "errors": list(self.errors),
            "information": [
                {"infoType": "motorTemperature", "infoLevel": "INFO", "infoDescriptor": f"{self.motor_c:.1f} C"}
            ],
            "safetyState": {"activeEmergencyStop": self.emergency_stop, "fieldViolation": False},
        }  # fmt: skip

    def _position(self) -> dict[str, Any]:
        return {"x": self.x_m, "y": self.y_m, "theta": self.theta, "mapId": self.map_id, "localized": self.localized}

    def busy(self) -> bool:
        """Whether there is something left of the order."""
        return bool(self._ahead or self._todo)

    def refill(self) -> None:
        """Somebody puts a full battery in."""
        self.charge = 1.0
        self.errors = [error for error in self.errors if error["errorType"] != "batteryEmpty"]
        self._changed = True

    # Orders -----------------------------------------------------------------------------------------------------------

    def _take(self, order: dict[str, Any]) -> None:
        """As VDA 5050 version 3.0.0 says: section 6.1.2, figure 8 (accepting), and 6.1.4 (rejecting)."""
        current = self.order
        if order["orderId"] != current.get("orderId"):
            refused = self._refusal(order)
            if refused:
                self._complain(*refused, about=order)
                return
            self.order, self._cancelled = order, False
            self.errors = [each for each in self.errors if canonical(each["errorType"]) not in UNTIL_NEW_ORDER]
            self.action_states = {}
            self._ahead, self._edges = list(order["nodes"]), list(order["edges"])
            self._register(order["nodes"])
        elif order["orderUpdateId"] < current["orderUpdateId"]:
            text = f"{order['orderUpdateId']} after {current['orderUpdateId']}"
            self._complain(OUTDATED_ORDER_UPDATE, text, about=order)
        elif order["orderUpdateId"] == current["orderUpdateId"]:
            if not same(order, current):  # else it is not done again, but answered
                self._complain(SAME_ORDER_UPDATE_ID, f"update {order['orderUpdateId']} is another", about=order)
        elif self._cancelled:
            self._complain(ORDER_UPDATE_FOLLOWING_CANCEL, f"order {order['orderId']} is cancelled", about=order)
        else:
            self._update(order)
        self._changed = True

    def _refusal(self, order: dict[str, Any]) -> tuple[str, str] | None:
        """Why a new order is not taken: error type and words."""
        name = order["orderId"]
        if found := new_order_faults(order):
            return VALIDATION_FAILURE, f"order {name}: {found[0]}"
        if self.mode not in ("AUTOMATIC", "SEMIAUTOMATIC", "INTERVENED"):
            return MOBILE_ROBOT_NOT_AVAILABLE, f"order {name} in operating mode {self.mode}"
        if self.busy():
            return OTHER_ORDER_ACTIVE, f"order {name} while {self.order['orderId']} is under way"
        return self._beyond_it(order)

    def _beyond_it(self, order: dict[str, Any]) -> tuple[str, str] | None:
        if unknown := self._unknown_actions(order):
            return INVALID_ORDER_ACTION, f"cannot {', '.join(unknown)}"
        maps = {node["nodePosition"]["mapId"] for node in order["nodes"] if "nodePosition" in node}
        return (UNKNOWN_MAP_ID, f"there is no map {', '.join(sorted(maps))}") if maps - {self.map_id} else None

    def _update(self, order: dict[str, Any]) -> None:
        """Stitch: the update's first node is the last released one."""
        decision = decision_point(self._sent)
        assert decision is not None
        if found := update_faults(order, decision):
            self._complain(VALIDATION_FAILURE, f"update {order['orderUpdateId']}: {found[0]}", about=order)
            return
        if refused := self._beyond_it(order):
            self._complain(*refused, about=order)
            return
        end = decision["sequenceId"]
        for node in self._ahead:
            for action in node["actions"] if not node["released"] else ():
                self.action_states.pop(action["actionId"], None)  # of the horizon, which is replaced
        self._ahead = [node for node in self._ahead if node["released"]] + order["nodes"][1:]
        self._edges = [edge for edge in self._edges if edge["released"] and edge["sequenceId"] < end] + order["edges"]
        self.order = order
        self._register(order["nodes"][1:])

    def _unknown_actions(self, order: dict[str, Any]) -> list[str]:
        named = {action["actionType"] for node in order["nodes"] for action in node["actions"]}
        return sorted(named - {*skills_of(self.config)})

    def _register(self, nodes: list[dict[str, Any]]) -> None:
        self._sent = self.order["nodes"]
        for node in nodes:
            for action in node["actions"]:
                self.action_states[action["actionId"]] = {
                    "actionId": action["actionId"], "actionType": action["actionType"], "actionStatus": "WAITING",
                }  # fmt: skip

    def turn(self, mode: str) -> None:
        """Somebody turns the key to another operating mode. Some clear the order (section 6.6.7)."""
        self.mode, self._changed = mode, True
        if mode in ("MANUAL", "STARTUP", "SERVICE", "TEACH_IN"):
            self._clear("stopped by hand")

    def _clear(self, why: str) -> None:
        for state in self.action_states.values():
            if state["actionStatus"] not in ("FINISHED", "FAILED"):
                state |= {"actionStatus": "FAILED", "actionResult": why}
        self._ahead, self._edges, self._todo, self._left_s = [], [], [], 0.0

    def _instant(self, action: dict[str, Any]) -> None:
        kind, status = action["actionType"], "FINISHED"
        if kind == "cancelOrder":
            mine = self.order.get("orderId", "")
            meant = parameters(action).get("orderId", mine)
            if not self.busy() or meant != mine:
                status = "FAILED"
                text = f"order {meant} is not under way"
                self._complain(NO_ORDER_TO_CANCEL, text, keys={"actionId": action["actionId"]})
            else:
                self._clear("cancelled")
                self._cancelled = True
        elif kind == "startPause":
            self.paused = True
        elif kind == "stopPause":
            self.paused = False
        elif kind in ("enableZoneSet", "deleteZoneSet"):
            name = str(parameters(action).get("zoneSetId", ""))
            if not (self.zones.enable(name) if kind == "enableZoneSet" else self.zones.delete(name)):
                status = "FAILED"
                self._complain("unknownZoneSet", f"{kind} of {name!r}")
            elif self.mover is not None:
                self.mover.zones(self.config.serial, self.zones)
            self._guarded = bool(self.zones.zones("RELEASE"))
            self._requests.clear()
        elif kind == "factsheetRequest":
            self._send("factsheet", factsheet(self.config))
        elif kind != "stateRequest":
            status = "FAILED"
            self._complain(INVALID_INSTANT_ACTION, f"cannot {kind}", keys={"actionId": action["actionId"]})
        self.instant_states[action["actionId"]] = {
            "actionId": action["actionId"], "actionType": kind, "actionStatus": status,
        }  # fmt: skip
        self._changed = True

    # Motion and work --------------------------------------------------------------------------------------------------

    def _drive(self, left_s: float) -> float:
        node = self._ahead[0]
        place = node.get("nodePosition", {"x": self.x_m, "y": self.y_m})
        if self.mover is not None:
            self._driving = not self.mover.send(self.config.serial, place["x"], place["y"])
            if self._driving:
                return 0.0
            self._reach(node)
            return left_s
        dx, dy = place["x"] - self.x_m, place["y"] - self.y_m
        needed_s = math.hypot(dx, dy) / self.config.speed_m_s
        if needed_s > left_s:
            end = self.x_m + dx * left_s / needed_s, self.y_m + dy * left_s / needed_s
        else:
            end = place["x"], place["y"]
        if self._stopped_by_a_zone(end):
            return 0.0
        if dx or dy:
            self.theta = math.atan2(dy, dx)
        self.x_m, self.y_m = end
        self._leave_zones()
        if needed_s > left_s:
            self._driving = True
            return 0.0
        self._reach(node)
        return left_s - needed_s

    def _reach(self, node: dict[str, Any]) -> None:
        self._ahead.pop(0)
        self._edges = [edge for edge in self._edges if edge["sequenceId"] > node["sequenceId"]]
        self._last_node, self._last_sequence = node["nodeId"], node["sequenceId"]
        self._todo = list(node["actions"])
        self._begin()
        self._changed = True

    def _stand(self) -> None:
        assert self.mover is not None
        self.x_m, self.y_m, self.theta = self.mover.where(self.config.serial)

    # Zones ------------------------------------------------------------------------------------------------------------

    def _stopped_by_a_zone(self, end: tuple[float, float]) -> bool:
        """A blocked zone ahead stops the robot; a release zone does until the control has granted it."""
        here = (self.x_m, self.y_m)
        blocked = self.zones.on_the_way("BLOCKED", here, end)
        if blocked is not None:
            if not any(each["errorType"] == "zoneBlocked" for each in self.errors):
                self._complain("zoneBlocked", f"zone {blocked['zoneId']} is in the way")
            return True
        self.errors = [each for each in self.errors if each["errorType"] != "zoneBlocked"]
        release = self.zones.on_the_way("RELEASE", here, end)
        if release is None or self._requests.get(release["zoneId"]) == "GRANTED":
            return False
        if release["zoneId"] not in self._requests:
            self._requests[release["zoneId"]] = "REQUESTED"
            self._changed = True
        return True

    def _ask_for_zones(self, dt_s: float) -> None:
        """Among others: ask for the release zone ahead, and give back what is behind, or is not wanted for a while: who is
        pushed aside comes back, and an answer takes its time."""
        assert self.mover is not None
        wanted = self.mover.entering(self.config.serial)
        if not wanted and not self._requests and not self._inside:
            return
        before = set(self._requests)
        self._leave_zones()
        for zone in list(self._requests):
            self._spare_s[zone] = 0.0 if zone in wanted else self._spare_s.get(zone, 0.0) + dt_s
            if self._spare_s[zone] > SPARE_S:
                del self._requests[zone]
        for zone in before - set(self._requests):
            self._spare_s.pop(zone, None)
            self.mover.admit(self.config.serial, zone, False)
            self._changed = True
        for zone in wanted:
            if zone not in self._requests:
                self._requests[zone] = "REQUESTED"
                self._changed = True
            self.mover.admit(self.config.serial, zone, self._requests[zone] == "GRANTED")

    def _answered(self, response: dict[str, Any]) -> None:
        zone = response["requestId"].rpartition("@")[0]
        status = {"GRANTED": "GRANTED", "REVOKED": "REVOKED"}.get(response["grantType"])
        if zone not in self._requests:
            self._complain("unknownRequest", f"an answer to {response['requestId']!r}")
        elif response["grantType"] == "REJECTED":
            del self._requests[zone]
        elif status:
            self._requests[zone] = status
        self._changed = True

    def _leave_zones(self) -> None:
        for zone in self.zones.zones("RELEASE"):
            name = zone["zoneId"]
            if contains(zone["vertices"], (self.x_m, self.y_m)):
                self._inside.add(name)
            elif name in self._inside:
                self._inside.discard(name)
                self._requests.pop(name, None)
                self._changed = True

    def _begin(self) -> None:
        if self._todo:
            arguments = parameters(self._todo[0])
            self._left_s = float(arguments.get("duration_s", 1.0)) * self.slow
            self._until = float(arguments.get("until_percent", 100.0)) / 100
            self.action_states[self._todo[0]["actionId"]]["actionStatus"] = "RUNNING"

    def _work(self, left_s: float) -> float:
        spent = min(left_s, self._left_s)
        self._left_s -= spent
        if self._charging() and self.charge >= self._until:
            self._left_s = 0.0
        if self._left_s <= 1e-9:
            action = self._todo.pop(0)
            failed = action["actionType"] != "charge" and self.fails_next > 0
            if failed:
                self.fails_next -= 1
            elif action["actionType"] != "charge":
                arguments = parameters(action) | {"actionType": action["actionType"]}
                failed = not self.work_done(action["actionId"], arguments)
            self.action_states[action["actionId"]]["actionStatus"] = "FAILED" if failed else "FINISHED"
            if action["actionType"] in ("pick", "drop"):
                self._handled(action, failed)
            self._begin()
            self._changed = True
        return left_s - spent

    def _handled(self, action: dict[str, Any], failed: bool) -> None:
        """A load was picked up or dropped. Without it the rest of the order has no sense, and is given up."""
        what = parameters(action)
        if not failed and action["actionType"] == "pick":
            load = {
                "loadId": what["loadId"],
                "loadType": what.get("loadType", ""),
                "weight": float(what.get("weight", 0.0)),
            }
            self.loads.append(load)
        elif not failed:
            self.loads = [each for each in self.loads if each["loadId"] != what["loadId"]]
        elif action["actionType"] == "pick":
            self._clear("there was nothing to pick up")

    def _charging(self) -> bool:
        return bool(self._todo) and self._todo[0]["actionType"] == "charge"

    def _feel(self, power_w: float, dt_s: float) -> None:
        config = self.config
        power_w *= 1.0 + sum(each["weight"] for each in self.loads) / config.body_kg
        if self._charging():
            self.charge = min(1.0, self.charge + config.charge_w * dt_s / 3600 / config.battery_wh)
            power_w = 0.0
        was_empty = self.charge <= 0
        self.charge = max(0.0, self.charge - power_w * dt_s / 3600 / config.battery_wh)
        self.energy_j += power_w * dt_s
        # The exact solution over a step, so that long steps do not swing.
        final_c = config.air_c + config.loss_share * power_w * config.heat_resistance_k_w
        decay = math.exp(-dt_s / (config.heat_resistance_k_w * config.heat_capacity_j_k))
        self.motor_c = final_c + (self.motor_c - final_c) * decay
        if self.motor_c > config.hot_c and not self._cooling:
            self._cooling = True
            self._complain("motorTooHot", f"{self.motor_c:.0f} C", "URGENT")
        elif self._cooling and self.motor_c < config.hot_c - 10:
            self._cooling = False
            self.errors = [error for error in self.errors if error["errorType"] != "motorTooHot"]
            self._changed = True
        if self.charge <= 0 and not was_empty:
            self._complain("batteryEmpty", "0 %", "FATAL")

    def _complain(
        self, kind: str, text: str, level: str = "WARNING", *, about: Mapping[str, Any] | None = None,
        keys: Mapping[str, str] | None = None,
    ) -> None:  # fmt: skip
        """An error in the state, with what it is about: the order and its update, or what ``keys`` name (section 6.6.5.2)."""
        error: dict[str, Any] = {"errorType": kind, "errorDescription": text, "errorLevel": PREDEFINED.get(kind, level)}
        keys = keys or {}
        if about is not None:
            keys = {"orderId": about["orderId"], "orderUpdateId": str(about["orderUpdateId"])}
        if keys:
            error["errorReferences"] = [{"referenceKey": key, "referenceValue": value} for key, value in keys.items()]
        self.errors = [each for each in self.errors if each["errorType"] != kind]
        self.errors.append(error)
        self._changed = True

    def _send(self, topic: Topic, body: Mapping[str, Any]) -> None:
        self._sender.send(self.config.manufacturer, self.config.serial, topic, body)


def parameters(action: Mapping[str, Any]) -> dict[str, Any]:
    """An action's arguments by name."""
    return {each["key"]: each["value"] for each in action.get("actionParameters", [])}


def last_will(serial: str, manufacturer: str = MANUFACTURER) -> Will:
    """What the broker says when the robot is gone."""
    body = header(manufacturer, serial, 0) | {"connectionState": "CONNECTION_BROKEN"}
    return Will(topic=topic_of(manufacturer, serial, "connection"), payload=encode("connection", body))
