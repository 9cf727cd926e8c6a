"""Misbehaving robots: no order where none may go, nothing lost, nothing twice, and a line for a person."""

import pytest

from crewless.fleet.run.trial import try_persona
from crewless.fleet.simulate.personas import PERSONAS
from crewless.fleet.vda5050.transport import MemoryBroker


@pytest.mark.parametrize("name", PERSONAS)
def test_a_robot_that_misbehaves_harms_nobody(name, tmp_path):
    broker = MemoryBroker()
    result = try_persona(name, lambda _, will: broker.connect(will), tmp_path)
    assert result.right, result
