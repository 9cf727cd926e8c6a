"""A simulated robot that speaks VDA 5050: it drives, works, warms up, discharges, fails. Alone it drives straight lines between
nodes; with a :class:`Mover` it navigates freely among others.

No hardware was used. The heat and battery constants are assumptions of the size of a small industrial carrier, stated in
:class:`SimulatedRobotConfig`; a real fleet brings its own.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from crewless.core.errors import BadInput
from crewless.fleet.vda5050.topics import MANUFACTURER, Sender, address, header, topic_of
from crewless.fleet.vda5050.transport import Transport, Will
from crewless.fleet.vda5050.validation import Topic, decode, encode
from crewless.fleet.vda5050.zone_sets import ZoneBook, contains

SPARE_S = 20.0
"""A release zone is kept for so long by a robot that does not stand before it any more."""
STATE_EVERY_S = 30.0
"""A state is due after so long even when nothing happened (VDA 5050, section 'State')."""


class Mover(Protocol):
    """Who moves robots that navigate freely."""

    def send(self, serial: str, x_m: float, y_m: float) -> bool:
        """Drive there; returns whether it is there already."""
        ...

    def where(self, serial: str) -> tuple[float, float, float]:
        """X and y in metres, heading in radians."""
        ...

    def hold(self, serial: str) -> None:
        """Stand fast."""
        ...

    def idle(self, serial: str) -> None:
        """Nothing to do: make way."""
        ...

    def zones(self, serial: str, zones: ZoneBook) -> None:
        """The robot's zones have changed."""
        ...

    def entering(self, serial: str) -> list[str]:
        """Release zones that it stands in, or has before it on its way."""
        ...

    def admit(self, serial: str, zone: str, granted: bool) -> None:
        """Whether it may drive into a release zone."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class SimulatedRobotConfig:
    """A robot's body."""

    serial: str
    manufacturer: str = MANUFACTURER
    skills: tuple[str, ...] = ("assemble",)
    x_m: float = 0.0
    y_m: float = 0.0
    speed_m_s: float = 1.5
    battery_wh: float = 1000.0
    idle_w: float = 20.0
    drive_w: float = 150.0
    work_w: float = 250.0
    charge_w: float = 2000.0
    loss_share: float = 0.3
    """Share of the drawn power that heats the motors."""
    heat_capacity_j_k: float = 4000.0
    heat_resistance_k_w: float = 0.6
    """Motor to air: one thermal mass, C dT/dt = P_loss - (T - T_air) / R."""
    air_c: float = 25.0
    hot_c: float = 90.0
    """It stops above, until it is ten degrees cooler."""
    carries: bool = False
    """It picks up loads and drops them."""
    payload_kg: float = 30.0
    body_kg: float = 60.0
    """With a load it draws more power by the load's share of its own mass (an assumption)."""
    visualize_s: float = 0.0
    """While it moves, its position is sent so often besides the states; 0: never."""


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
            self._complain("validationFailure", str(error))
            return
        if kind == "order":
            self._take(message)
        elif kind == "zoneSet":
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
        return not self.paused and not self._cooling and self.charge > 0

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
            "operatingMode": "AUTOMATIC",
            "errors": list(self.errors),
            "information": [
                {"infoType": "motorTemperature", "infoLevel": "INFO", "infoDescriptor": f"{self.motor_c:.1f} C"}
            ],
            "safetyState": {"activeEmergencyStop": "NONE", "fieldViolation": False},
        }  # fmt: skip

    def _position(self) -> dict[str, Any]:
        return {"x": self.x_m, "y": self.y_m, "theta": self.theta, "mapId": "floor", "localized": True}

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
        current = self.order
        if order["orderId"] == current.get("orderId"):
            if order["orderUpdateId"] < current["orderUpdateId"]:
                self._complain("outdatedOrderUpdate", f"{order['orderUpdateId']} after {current['orderUpdateId']}")
            elif order["orderUpdateId"] == current["orderUpdateId"]:
                self._changed = True  # the same once more: not done again, but answered
            else:
                self._update(order)
            return
        if self.busy():
            self._complain("orderError", f"order {order['orderId']} while {current['orderId']} is under way")
            return
        if not order["nodes"] or len(order["edges"]) != len(order["nodes"]) - 1:
            self._complain("orderError", f"order {order['orderId']} has no way from node to node")
            return
        unknown = self._unknown_actions(order)
        if unknown:
            self._complain("unsupportedAction", f"cannot {', '.join(unknown)}")
            return
        self.order, self.errors = order, []
        self.action_states = {}
        self._ahead, self._edges = list(order["nodes"]), list(order["edges"])
        self._register(order["nodes"])
        self._changed = True

    def _update(self, order: dict[str, Any]) -> None:
        """Stitch: the update's first node is the last released one (VDA 5050, 'Order update')."""
        base = [node["sequenceId"] for node in self._ahead if node["released"]]
        end = base[-1] if base else self._last_sequence
        if not order["nodes"] or order["nodes"][0]["sequenceId"] != end:
            self._complain("orderUpdateError", f"update {order['orderUpdateId']} does not begin at sequence {end}")
            return
        if unknown := self._unknown_actions(order):
            self._complain("unsupportedAction", f"cannot {', '.join(unknown)}")
            return
        self._ahead = [node for node in self._ahead if node["released"]] + order["nodes"][1:]
        self._edges = [edge for edge in self._edges if edge["released"] and edge["sequenceId"] < end] + order["edges"]
        self.order = order
        self._register(order["nodes"][1:])
        self._changed = True

    def _unknown_actions(self, order: dict[str, Any]) -> list[str]:
        named = {action["actionType"] for node in order["nodes"] for action in node["actions"]}
        return sorted(named - {*_skills(self.config)})

    def _register(self, nodes: list[dict[str, Any]]) -> None:
        for node in nodes:
            for action in node["actions"]:
                self.action_states[action["actionId"]] = {
                    "actionId": action["actionId"], "actionType": action["actionType"], "actionStatus": "WAITING",
                }  # fmt: skip

    def _instant(self, action: dict[str, Any]) -> None:
        kind, status = action["actionType"], "FINISHED"
        if kind == "cancelOrder":
            if not self.busy():
                status = "FAILED"
            for state in self.action_states.values():
                if state["actionStatus"] not in ("FINISHED", "FAILED"):
                    state |= {"actionStatus": "FAILED", "actionResult": "cancelled"}
            self._ahead, self._edges, self._todo, self._left_s = [], [], [], 0.0
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
            self._complain("unsupportedAction", f"cannot {kind}")
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
            for state in self.action_states.values():
                if state["actionStatus"] == "WAITING":
                    state |= {"actionStatus": "FAILED", "actionResult": "there was nothing to pick up"}
            self._ahead, self._edges, self._todo, self._left_s = [], [], [], 0.0

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

    def _complain(self, kind: str, text: str, level: str = "WARNING") -> None:
        self.errors = [error for error in self.errors if error["errorType"] != kind]
        self.errors.append({"errorType": kind, "errorDescription": text, "errorLevel": level})
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


def _skills(config: SimulatedRobotConfig) -> tuple[str, ...]:
    return (*config.skills, "charge", *(("pick", "drop") if config.carries else ()))


def factsheet(config: SimulatedRobotConfig) -> dict[str, Any]:
    """What the robot is and can do."""
    return {
        "typeSpecification": {
            "seriesName": "simulated", "mobileRobotKinematics": "OMNIDIRECTIONAL", "mobileRobotClass": "CARRIER",
            "maximumLoadMass": config.payload_kg, "localizationTypes": ["NATURAL"], "navigationTypes": ["FREELY_NAVIGATING", "VIRTUAL_LINE_GUIDED"],
            "supportedZones": ["BLOCKED", "RELEASE"],
        },
        "physicalParameters": {
            "minimumSpeed": 0.0, "maximumSpeed": config.speed_m_s, "maximumAcceleration": 1.0,
            "maximumDeceleration": 1.0, "minimumHeight": 1.8, "maximumHeight": 1.8, "width": 0.6, "length": 0.5,
        },
        "protocolLimits": {
            "maximumStringLengths": {}, "maximumArrayLengths": {},
            "timing": {"minimumOrderInterval": 0.0, "minimumStateInterval": 0.0},
        },
        "protocolFeatures": {
            "optionalParameters": [],
            "mobileRobotActions": [
                {"actionType": skill, "actionScopes": ["NODE"], "pauseAllowed": True, "cancelAllowed": True}
                for skill in _skills(config)
            ],
        },
        "mobileRobotGeometry": {},
        "loadSpecification": {},
    }  # fmt: skip
