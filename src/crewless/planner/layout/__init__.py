"""Where each station stands: local search over the flow of material."""

from crewless.planner.layout.floor import Floor, arrange, make_floor

__all__ = ["Floor", "arrange", "make_floor"]
