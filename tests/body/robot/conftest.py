import pytest

from crewless.body.robot.simple import simple_hand


@pytest.fixture(scope="session")
def model():
    return simple_hand().compile()


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    # MuJoCo writes its warnings into the current folder.
    monkeypatch.chdir(tmp_path)
