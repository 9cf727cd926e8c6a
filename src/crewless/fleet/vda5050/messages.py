"""The eight messages of VDA 5050 version 3.0.0 as types; on the wire and in memory they are plain dicts.

The names and limits of the fields are the standard's (VDA 5050, "Interface for the communication between mobile robots and
a fleet control", version 3.0.0, chapter 6). :mod:`crewless.fleet.vda5050.validation` checks every message against its type, so
that an installation needs no schema files; a test compares its verdicts with those of the published schemas, message by message
and mutation by mutation.
"""

from typing import Annotated, Any, Literal, NotRequired, TypedDict

from msgspec import Meta

VERSION = "3.0.0"
_DATE_TIME = r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])[Tt]([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?([Zz]|[+-]\d\d:?\d\d)$"
"""RFC 3339, section 5.6; the colon of an offset may be missing, as in ISO 8601's basic form."""

Count = Annotated[int, Meta(ge=0)]
Positive = Annotated[float, Meta(ge=0)]
"""Not negative."""
Share = Annotated[float, Meta(ge=0, le=1)]
Percent = Annotated[float, Meta(ge=0, le=100)]
Angle = Annotated[float, Meta(ge=-3.14159265359, le=3.14159265359)]
"""Radians."""
Timestamp = Annotated[str, Meta(pattern=_DATE_TIME)]
"""ISO 8601 in UTC, for instance ``2026-01-31T12:00:00.00Z``."""
Value = list[Any] | bool | float | str | dict[str, Any]


class BaseHeader(TypedDict):
    """Which robot a message is from or for, and when it was sent."""

    timestamp: Timestamp
    version: str
    manufacturer: str
    serialNumber: str


class Header(BaseHeader):
    """What every message begins with."""

    headerId: int
    """Counted per topic and sender."""


class Connection(Header):
    """Robot to control, retained; CONNECTION_BROKEN is the last will."""

    connectionState: Literal["ONLINE", "OFFLINE", "HIBERNATING", "CONNECTION_BROKEN"]


class ActionParameter(TypedDict):
    """One named argument of an action."""

    key: str
    value: Value


class _Action(TypedDict):
    actionType: str
    actionId: str
    actionDescriptor: NotRequired[str]
    actionParameters: NotRequired[list[ActionParameter]]


class Action(_Action):
    """Something to do on a node or an edge."""

    blockingType: Literal["NONE", "SOFT", "SINGLE", "HARD"]
    retriable: NotRequired[bool]


class InstantAction(_Action):
    """Something to do at once."""

    blockingType: Literal["NONE"]


class InstantActions(Header):
    """Control to robot."""

    actions: list[InstantAction]


class Deviation(TypedDict):
    """An ellipse around a node: half axes in metres, its angle in radians."""

    a: Positive
    b: Positive
    theta: Annotated[float, Meta(ge=-1.570796327, le=1.570796327)]


class NodePosition(TypedDict):
    """Where a node lies, in metres."""

    x: float
    y: float
    theta: NotRequired[Angle]
    allowedDeviationXY: NotRequired[Deviation]
    allowedDeviationTheta: NotRequired[Annotated[float, Meta(ge=0, le=3.141592654)]]
    mapId: str


class ControlPoint(TypedDict):
    """Control point of a NURBS."""

    x: float
    y: float
    weight: NotRequired[float]


class Trajectory(TypedDict):
    """A NURBS."""

    degree: NotRequired[Annotated[int, Meta(ge=1)]]
    knotVector: NotRequired[list[Share]]
    controlPoints: list[ControlPoint]


class Corridor(TypedDict):
    """How far a robot may leave its edge, in metres."""

    leftWidth: Positive
    rightWidth: Positive
    corridorReferencePoint: NotRequired[Literal["KINEMATIC_CENTER", "CONTOUR"]]
    releaseRequired: NotRequired[bool]
    releaseLossBehavior: NotRequired[Literal["STOP", "RETURN"]]


class Node(TypedDict):
    """A place that the robot goes to; even sequence numbers."""

    nodeId: str
    sequenceId: Count
    nodeDescriptor: NotRequired[str]
    released: bool
    nodePosition: NotRequired[NodePosition]
    actions: list[Action]


class Edge(TypedDict):
    """The way between two nodes; odd sequence numbers."""

    edgeId: str
    sequenceId: Count
    edgeDescriptor: NotRequired[str]
    released: bool
    maximumSpeed: NotRequired[float]
    maximumMobileRobotHeight: NotRequired[float]
    minimumLoadHandlingDeviceHeight: NotRequired[float]
    orientation: NotRequired[Angle]
    orientationType: NotRequired[Literal["GLOBAL", "TANGENTIAL"]]
    direction: NotRequired[str]
    reachOrientationBeforeEntering: NotRequired[bool]
    maxRotationSpeed: NotRequired[float]
    trajectory: NotRequired[Trajectory]
    length: NotRequired[float]
    corridor: NotRequired[Corridor]
    actions: list[Action]


class Order(Header):
    """Control to robot: a way, part of it released (the base), and what to do on it."""

    orderId: str
    orderUpdateId: Count
    orderDescription: NotRequired[str]
    nodes: list[Node]
    edges: list[Edge]


class Map(TypedDict):
    """A map that the robot has."""

    mapId: str
    mapVersion: str
    mapDescriptor: NotRequired[str]
    mapStatus: Literal["ENABLED", "DISABLED"]


class KnownZoneSet(TypedDict):
    """A zone set that the robot has."""

    zoneSetId: str
    mapId: str
    zoneSetStatus: Literal["ENABLED", "DISABLED"]


class StatePosition(TypedDict):
    """Position of a node still ahead."""

    x: float
    y: float
    theta: NotRequired[Angle]
    mapId: str


class NodeState(TypedDict):
    """A node still ahead."""

    nodeId: str
    sequenceId: int
    nodeDescriptor: NotRequired[str]
    released: bool
    nodePosition: NotRequired[StatePosition]


class EdgeState(TypedDict):
    """An edge still ahead."""

    edgeId: str
    sequenceId: int
    edgeDescriptor: NotRequired[str]
    released: bool
    trajectory: NotRequired[Trajectory]


class PlannedPath(TypedDict):
    """Where a freely navigating robot means to drive."""

    trajectory: Trajectory
    traversedNodes: NotRequired[list[str]]


class Waypoint(TypedDict):
    """With the expected time."""

    x: float
    y: float
    theta: NotRequired[Angle]
    eta: str


class IntermediatePath(TypedDict):
    """As far as the robot's sensors see."""

    polyline: list[Waypoint]


class RobotPosition(TypedDict):
    """Metres, radians."""

    x: float
    y: float
    theta: Angle
    mapId: str
    localized: bool
    localizationScore: NotRequired[Share]
    deviationRange: NotRequired[Positive]


class Velocity(TypedDict, total=False):
    """Metres and radians a second."""

    vx: float
    vy: float
    omega: float


class BoxReference(TypedDict):
    """A load's reference point in metres."""

    x: float
    y: float
    z: float
    theta: NotRequired[float]


class LoadDimensions(TypedDict):
    """Metres."""

    length: Positive
    width: Positive
    height: NotRequired[Positive]


class Load(TypedDict, total=False):
    """What a robot carries."""

    loadId: str
    loadType: str
    loadPosition: str
    boundingBoxReference: BoxReference
    loadDimensions: LoadDimensions
    weight: Positive


RequestStatus = Literal["REQUESTED", "GRANTED", "REVOKED", "EXPIRED"]


class ZoneRequest(TypedDict):
    """A robot asks to enter a zone or to replan in it."""

    requestId: str
    requestType: Literal["ACCESS", "REPLANNING"]
    zoneId: str
    zoneSetId: str
    requestStatus: RequestStatus
    trajectory: NotRequired[Trajectory]


class EdgeRequest(TypedDict):
    """A robot asks for a corridor."""

    requestId: str
    requestType: Literal["CORRIDOR"]
    edgeId: str
    sequenceId: int
    requestStatus: RequestStatus


class ActionState(TypedDict):
    """How far an action is."""

    actionId: str
    actionType: NotRequired[str]
    actionDescriptor: NotRequired[str]
    actionStatus: Literal["WAITING", "INITIALIZING", "RUNNING", "PAUSED", "RETRIABLE", "FINISHED", "FAILED"]
    actionResult: NotRequired[str]


class PowerSupply(TypedDict):
    """The battery: percent, volts, amperes, metres."""

    stateOfCharge: Percent
    batteryVoltage: NotRequired[float]
    batteryCurrent: NotRequired[float]
    batteryHealth: NotRequired[Percent]
    charging: bool
    range: NotRequired[Positive]


class Reference(TypedDict):
    """What an error is about."""

    referenceKey: str
    referenceValue: str


class Translation(TypedDict):
    """Language and text."""

    translationKey: str
    translationValue: str


class RobotError(TypedDict):
    """What is wrong with a robot or its order."""

    errorType: str
    errorReferences: NotRequired[list[Reference]]
    errorDescription: NotRequired[str]
    errorDescriptionTranslations: NotRequired[list[Translation]]
    errorHint: NotRequired[str]
    errorHintTranslations: NotRequired[list[Translation]]
    errorLevel: Literal["WARNING", "URGENT", "CRITICAL", "FATAL"]


class InfoReference(TypedDict):
    """What an information is about."""

    referenceKey: str
    referenceValue: str


class Information(TypedDict):
    """For people and logs; control never acts on it."""

    infoType: str
    infoReferences: NotRequired[list[InfoReference]]
    infoDescriptor: NotRequired[str]
    infoLevel: Literal["INFO", "DEBUG"]


class SafetyState(TypedDict):
    """Emergency stop and protective field."""

    activeEmergencyStop: Literal["MANUAL", "REMOTE", "NONE"]
    fieldViolation: bool


class State(Header):
    """Robot to control: all there is to know; nothing depends on the states before."""

    maps: NotRequired[list[Map]]
    zoneSets: NotRequired[list[KnownZoneSet]]
    orderId: str
    orderUpdateId: int
    lastNodeId: str
    lastNodeSequenceId: int
    nodeStates: list[NodeState]
    edgeStates: list[EdgeState]
    plannedPath: NotRequired[PlannedPath]
    intermediatePath: NotRequired[IntermediatePath]
    mobileRobotPosition: NotRequired[RobotPosition]
    velocity: NotRequired[Velocity]
    loads: NotRequired[list[Load]]
    driving: bool
    paused: NotRequired[bool]
    newBaseRequest: NotRequired[bool]
    zoneRequests: NotRequired[list[ZoneRequest]]
    edgeRequests: NotRequired[list[EdgeRequest]]
    distanceSinceLastNode: NotRequired[float]
    actionStates: list[ActionState]
    instantActionStates: list[ActionState]
    zoneActionStates: NotRequired[list[ActionState]]
    powerSupply: PowerSupply
    operatingMode: Literal["STARTUP", "AUTOMATIC", "SEMIAUTOMATIC", "INTERVENED", "MANUAL", "SERVICE", "TEACH_IN"]
    errors: list[RobotError]
    information: NotRequired[list[Information]]
    safetyState: SafetyState


class Visualization(Header):
    """Robot to control, often: where it is."""

    referenceStateHeaderId: int
    plannedPath: NotRequired[PlannedPath]
    intermediatePath: NotRequired[IntermediatePath]
    mobileRobotPosition: NotRequired[RobotPosition]
    velocity: NotRequired[Velocity]


class Response(TypedDict):
    """The answer to a zone or edge request."""

    requestId: str
    grantType: Literal["GRANTED", "QUEUED", "REVOKED", "REJECTED"]
    leaseExpiry: NotRequired[str]


class Responses(Header):
    """Control to robot."""

    responses: list[Response]
