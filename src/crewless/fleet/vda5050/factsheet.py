"""The two large descriptions of VDA 5050 version 3.0.0: zone sets (control to robot) and factsheets (robot to control)."""

from typing import Annotated, Any, Literal, NotRequired, TypedDict

from msgspec import UNSET, Meta, Struct, UnsetType

from crewless.fleet.vda5050.messages import ActionParameter, BaseHeader, Count, Header, Percent, Positive, Share

ZoneType = Literal[
    "BLOCKED", "LINE_GUIDED", "RELEASE", "COORDINATED_REPLANNING", "SPEED_LIMIT", "ACTION", "PRIORITY", "PENALTY",
    "DIRECTED", "BIDIRECTED",
]  # fmt: skip


class Vertex(TypedDict):
    """Metres."""

    x: float
    y: float


class ZoneAction(TypedDict):
    """What a robot does in a zone."""

    actionType: str
    actionDescriptor: NotRequired[str]
    blockingType: Literal["NONE", "SOFT", "SINGLE", "HARD"]
    actionParameters: NotRequired[list[ActionParameter]]
    retriable: NotRequired[bool]


class _Zone(Struct, kw_only=True, tag_field="zoneType"):
    """What all zones have. Zones are told apart by their type, which only classes can say; in memory they are dicts all the
    same."""

    zoneId: str
    vertices: Annotated[list[Vertex], Meta(min_length=3)]
    zoneDescriptor: str | UnsetType = UNSET


class BlockedZone(_Zone, tag="BLOCKED"):
    """Nobody may enter."""


class LineGuidedZone(_Zone, tag="LINE_GUIDED"):
    """Robots follow the order's edges here."""


class ReplanningZone(_Zone, tag="COORDINATED_REPLANNING"):
    """A new path needs the control's consent."""


class ReleaseZone(_Zone, tag="RELEASE"):
    """May be entered only when the control grants it."""

    releaseLossBehavior: Literal["STOP", "CONTINUE", "EVACUATE"]


class SpeedLimitZone(_Zone, tag="SPEED_LIMIT"):
    """Metres a second."""

    maximumSpeed: float


class ActionZone(_Zone, tag="ACTION"):
    """Something is done on entering, inside, and on leaving."""

    entryActions: list[ZoneAction]
    duringActions: list[ZoneAction]
    exitActions: list[ZoneAction]


class PriorityZone(_Zone, tag="PRIORITY"):
    """Drive here rather than elsewhere."""

    priorityFactor: Share


class PenaltyZone(_Zone, tag="PENALTY"):
    """Drive elsewhere rather than here."""

    penaltyFactor: Share


class DirectedZone(_Zone, tag="DIRECTED"):
    """One way, in radians."""

    direction: float
    directedLimitation: Literal["SOFT", "RESTRICTED", "STRICT"]


class BidirectedZone(_Zone, tag="BIDIRECTED"):
    """Two ways, opposite to each other."""

    direction: float
    bidirectedLimitation: Literal["SOFT", "RESTRICTED"]


Zone = (
    BlockedZone | LineGuidedZone | ReplanningZone | ReleaseZone | SpeedLimitZone | ActionZone | PriorityZone | PenaltyZone
    | DirectedZone | BidirectedZone
)  # fmt: skip


class MapZones(TypedDict):
    """All zones of a map."""

    mapId: str
    zoneSetId: str
    zoneSetDescriptor: NotRequired[str]
    zones: list[Zone]


class ZoneSet(Header):
    """Control to robot."""

    zoneSet: MapZones


class TypeSpecification(TypedDict):
    """What kind of robot it is; kilograms."""

    seriesName: str
    seriesDescription: NotRequired[str]
    mobileRobotKinematics: str
    mobileRobotClass: str
    maximumLoadMass: Positive
    localizationTypes: list[str]
    navigationTypes: list[str]
    supportedZones: NotRequired[list[ZoneType]]


class PhysicalParameters(TypedDict):
    """Metres, seconds, radians."""

    minimumSpeed: Positive
    maximumSpeed: Positive
    minimumAngularSpeed: NotRequired[Positive]
    maximumAngularSpeed: NotRequired[Positive]
    maximumAcceleration: Positive
    maximumDeceleration: float
    minimumHeight: float
    maximumHeight: float
    width: float
    length: float


class StringLengths(TypedDict, total=False):
    """Characters."""

    maximumMessageLength: Count
    maximumTopicSerialLength: Count
    maximumTopicElementLength: Count
    maximumIdLength: Count
    idNumericalOnly: bool
    maximumLoadIdLength: Count


ArrayLengths = TypedDict(
    "ArrayLengths",
    {
        "order.nodes": Count, "order.edges": Count, "node.actions": Count, "edge.actions": Count,
        "actions.actionsParameters": Count, "instantActions": Count, "trajectory.knotVector": Count,
        "trajectory.controlPoints": Count, "zoneSet.zones": Count, "state.nodeStates": Count,
        "state.edgeStates": Count, "state.loads": Count, "state.actionStates": Count,
        "state.instantActionStates": Count, "state.zoneActionStates": Count, "state.errors": Count,
        "state.information": Count, "error.errorReferences": Count, "information.infoReferences": Count,
    },
    total=False,
)  # fmt: skip


class Timing(TypedDict):
    """Seconds."""

    minimumOrderInterval: Positive
    minimumStateInterval: Positive
    defaultStateInterval: NotRequired[Positive]
    visualizationInterval: NotRequired[Positive]


class ProtocolLimits(TypedDict):
    """What a robot can take."""

    maximumStringLengths: StringLengths
    maximumArrayLengths: ArrayLengths
    timing: Timing


class OptionalParameter(TypedDict):
    """An optional field that the robot supports or needs."""

    parameter: str
    support: Literal["SUPPORTED", "REQUIRED"]
    description: NotRequired[str]


class ParameterDescription(TypedDict):
    """An action's argument."""

    key: str
    valueDataType: Literal["BOOL", "NUMBER", "INTEGER", "STRING", "OBJECT", "ARRAY"]
    description: NotRequired[str]
    isOptional: NotRequired[bool]


class RobotAction(TypedDict):
    """An action that the robot can do: its skill."""

    actionType: str
    actionDescription: NotRequired[str]
    actionScopes: list[Literal["INSTANT", "NODE", "EDGE", "ZONE"]]
    actionParameters: NotRequired[list[ParameterDescription]]
    actionResult: NotRequired[str]
    blockingTypes: NotRequired[list[Literal["NONE", "SOFT", "SINGLE", "HARD"]]]
    pauseAllowed: bool
    cancelAllowed: bool


class ProtocolFeatures(TypedDict):
    """What a robot can do."""

    optionalParameters: list[OptionalParameter]
    mobileRobotActions: list[RobotAction]


class WheelPosition(TypedDict):
    """Metres, radians."""

    x: float
    y: float
    theta: NotRequired[float]


class Wheel(TypedDict):
    """Metres."""

    type: str
    isActiveDriven: bool
    isActiveSteered: bool
    position: WheelPosition
    diameter: float
    width: float
    centerDisplacement: NotRequired[float]
    constraints: NotRequired[str]


class Envelope2d(TypedDict):
    """A polygon around the robot."""

    envelope2dId: str
    vertices: list[Vertex]
    description: NotRequired[str]


class Envelope3d(TypedDict):
    """A solid around the robot."""

    envelope3dId: str
    format: str
    data: NotRequired[dict[str, Any]]
    url: NotRequired[str]
    description: NotRequired[str]


class Geometry(TypedDict, total=False):
    """Wheels and hulls."""

    wheelDefinitions: list[Wheel]
    envelopes2d: list[Envelope2d]
    envelopes3d: list[Envelope3d]


class LoadBoxReference(TypedDict):
    """Metres."""

    x: float
    y: float
    z: float
    theta: NotRequired[float]


class LoadSetDimensions(TypedDict):
    """Metres."""

    length: float
    width: float
    height: NotRequired[float]


class LoadSet(TypedDict):
    """Loads of one kind."""

    setName: str
    loadType: str
    loadPositions: NotRequired[list[str]]
    boundingBoxReference: NotRequired[LoadBoxReference]
    loadDimensions: NotRequired[LoadSetDimensions]
    maximumWeight: NotRequired[Positive]
    minimumLoadhandlingHeight: NotRequired[Positive]
    maximumLoadhandlingHeight: NotRequired[Positive]
    minimumLoadhandlingDepth: NotRequired[float]
    maximumLoadhandlingDepth: NotRequired[float]
    minimumLoadhandlingTilt: NotRequired[float]
    maximumLoadhandlingTilt: NotRequired[float]
    maximumSpeed: NotRequired[Positive]
    maximumAcceleration: NotRequired[Positive]
    maximumDeceleration: NotRequired[float]
    pickTime: NotRequired[Positive]
    dropTime: NotRequired[Positive]
    description: NotRequired[str]


class LoadSpecification(TypedDict, total=False):
    """What a robot can carry."""

    loadPositions: list[str]
    loadSets: list[LoadSet]


class ComponentVersion(TypedDict):
    """Version of a software or hardware component."""

    key: str
    value: str


class Network(TypedDict, total=False):
    """Addresses."""

    dnsServers: list[str]
    ntpServers: list[str]
    localIpAddress: str
    netmask: str
    defaultGateway: str


class BatteryCharging(TypedDict, total=False):
    """Percent, seconds."""

    criticalLowChargingLevel: Percent
    minimumDesiredChargingLevel: Percent
    maximumDesiredChargingLevel: Percent
    minimumChargingTime: Positive


class RobotConfiguration(TypedDict, total=False):
    """How a robot is set up."""

    versions: list[ComponentVersion]
    network: Network
    batteryCharging: BatteryCharging


class Factsheet(BaseHeader):
    """Robot to control, retained: what it is and what it can do."""

    headerId: Count
    typeSpecification: TypeSpecification
    physicalParameters: PhysicalParameters
    protocolLimits: ProtocolLimits
    protocolFeatures: ProtocolFeatures
    mobileRobotGeometry: Geometry
    loadSpecification: LoadSpecification
    mobileRobotConfiguration: NotRequired[RobotConfiguration]
