"""The helpdesk keeps the contract that every task must keep."""

from pathlib import Path

import pytest

from crewless.core.conformance import check_task
from crewless.tasks.helpdesk import HelpdeskConfig, HelpdeskTask

pytestmark = [pytest.mark.screen, pytest.mark.browser]


def test_the_helpdesk_conforms(tmp_path: Path):
    check_task(lambda: HelpdeskTask(HelpdeskConfig(num_cases=2, none_share=0)), tmp_path)
