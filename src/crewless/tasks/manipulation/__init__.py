"""Work for hands and arms: to reach, to hold, to turn, to carry, to plug in, to place, to keep away."""

# First: this chooses how MuJoCo draws, which MuJoCo asks when it is imported.
import crewless.body.robot  # noqa: F401
from crewless.tasks.manipulation.carry import CarryTask
from crewless.tasks.manipulation.lift import PinchLiftTask
from crewless.tasks.manipulation.panel import PanelPlaceTask
from crewless.tasks.manipulation.plug import ConnectorTask
from crewless.tasks.manipulation.stage import ManipulationConfig, ManipulationTask
from crewless.tasks.manipulation.touch import FingertipReachTask, PoseMatchTask
from crewless.tasks.manipulation.turn import CubeRotateTask

TASKS: tuple[type[ManipulationTask], ...] = (
    FingertipReachTask,
    PoseMatchTask,
    PinchLiftTask,
    CubeRotateTask,
    CarryTask,
    PanelPlaceTask,
    ConnectorTask,
)
"""All that keep the contract of :class:`crewless.core.task.Task`."""

__all__ = [
    "TASKS",
    "CarryTask",
    "ConnectorTask",
    "CubeRotateTask",
    "FingertipReachTask",
    "ManipulationConfig",
    "ManipulationTask",
    "PanelPlaceTask",
    "PinchLiftTask",
    "PoseMatchTask",
]
