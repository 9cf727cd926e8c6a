"""The same facts for both transports, and a broker of one's own."""

import os
import shutil
import subprocess
import time
from dataclasses import replace
from pathlib import Path

import pytest

from crewless.core.errors import BadInput, MissingTool
from crewless.fleet.simulate.simulated_robot import last_will
from crewless.fleet.vda5050.address import BrokerAddress
from crewless.fleet.vda5050.broker import Mosquitto
from crewless.fleet.vda5050.transport import MemoryBroker, MqttTransport, matches
from crewless.fleet.vda5050.validation import decode

HAS_MOSQUITTO = shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/usr/bin") is not None


class Memory:
    def __init__(self):
        self.broker = MemoryBroker()

    def connect(self, _name, will=None):
        return self.broker.connect(will)


class Mqtt:
    def __init__(self, address):
        self.address, self.open = address, []

    def connect(self, name, will=None):
        client = MqttTransport(name, address=self.address, will=will)
        self.open.append(client)
        return client


@pytest.fixture(params=["memory", "mqtt"])
def house(request, tmp_path):
    if request.param == "memory":
        yield Memory()
        return
    if not HAS_MOSQUITTO:
        pytest.skip("mosquitto is not installed")
    with Mosquitto(tmp_path) as broker:
        made = Mqtt(broker.address)
        yield made
        for client in made.open:
            client.close()


def wait_for(client, count):
    found, until = [], time.monotonic() + 10
    while len(found) < count and time.monotonic() < until:
        found += client.receive(0.1)
    return found


def test_what_is_retained_reaches_those_who_come_later(house):
    first = house.connect("first")
    first.publish("u/a/connection", b"1", retain=True)
    first.publish("u/a/state", b"2")
    first.subscribe("u/#")
    assert ("u/a/connection", b"1") in wait_for(first, 1)
    late = house.connect("late")
    late.subscribe("u/+/connection")
    assert wait_for(late, 1) == [("u/a/connection", b"1")]


def test_what_is_retained_is_left_out_where_it_is_not_wanted(house):
    first = house.connect("first")
    first.subscribe("u/+/state")
    first.publish("u/a/state", b"old", retain=True)
    wait_for(first, 1)
    late = house.connect("late")
    late.subscribe("u/+/state", kept=False)
    first.publish("u/a/state", b"new", retain=True)
    assert wait_for(late, 1) == [("u/a/state", b"new")]


def test_a_robot_that_is_gone_without_goodbye_is_reported_broken(house):
    control = house.connect("control")
    control.subscribe("uagv/v3/crewless/+/connection")
    house.connect("r1", last_will("r1")).break_off()
    [(_, payload)] = wait_for(control, 1)
    assert decode("connection", payload)["connectionState"] == "CONNECTION_BROKEN"


def test_a_robot_that_says_goodbye_is_not(house):
    control = house.connect("control")
    control.subscribe("#")
    house.connect("r1", last_will("r1")).close()
    control.publish("end", b"")
    assert [topic for topic, _ in wait_for(control, 1)] == ["end"]


@pytest.mark.skipif(not HAS_MOSQUITTO, reason="mosquitto is not installed")
def test_nothing_is_lost_while_the_broker_is_away(tmp_path):
    with Mosquitto(tmp_path) as broker:
        control, robot = (MqttTransport(name, address=broker.address) for name in ("control", "robot"))
        control.subscribe("n")
        for number in range(200):
            if number == 100:
                broker.stop()
            if number == 150:
                broker.start()
            robot.publish("n", str(number).encode())
        seen = {int(payload) for _, payload in wait_for(control, 200)}
        until = time.monotonic() + 10
        while len(seen) < 200 and time.monotonic() < until:
            seen |= {int(payload) for _, payload in control.receive(0.2)}
        assert seen == set(range(200))
        control.close()
        robot.close()


def test_a_broker_that_is_not_there_is_named():
    with pytest.raises(BadInput, match=r"no MQTT broker answers at 127\.0\.0\.1:1"):
        MqttTransport("nobody", port=1)


@pytest.mark.parametrize(
    ("pattern", "topic", "fits"),
    [("a/+/c", "a/b/c", True), ("a/+", "a/b/c", False), ("a/#", "a/b/c", True), ("#", "a", True), ("a/b", "a", False)],
)
def test_subscriptions_match_as_mqtt_says(pattern, topic, fits):
    assert matches(pattern, topic) is fits


@pytest.mark.skipif(not HAS_MOSQUITTO, reason="mosquitto is not installed")
def test_a_broker_with_certificates_lets_in_who_knows_the_password(tmp_path):
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate,
               "-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True)
    with Mosquitto(tmp_path, certificate=certificate, key=key) as broker:
        right = broker.address
        assert broker.url == f"mqtts://crewless@127.0.0.1:{broker.port}"
        client = MqttTransport("me", address=right)
        client.subscribe("a/#")
        # More than one TLS record holds, so that what is deciphered and not yet read counts too.
        big = [bytes([n]) * 60_000 for n in range(8)]
        for payload in big:
            client.publish("a/b", payload)
        assert [payload for _, payload in wait_for(client, 8)] == big
        client.close()
        with pytest.raises(BadInput, match=r"did not let me in: (not authorised|user name or password is wrong)"):
            MqttTransport("me", address=replace(right, password="guess"))
        with pytest.raises(BadInput, match=f"at 127.0.0.1:{broker.port} is not trusted"):
            MqttTransport("me", address=replace(right, authority=""))
        with pytest.raises(BadInput, match="cannot read the certificates in /none"):
            MqttTransport("me", address=replace(right, authority="/none"))


@pytest.mark.skipif(not HAS_MOSQUITTO, reason="mosquitto is not installed")
def test_a_broker_of_ones_own_is_not_root_listens_here_only_and_knows_no_anonymous_client(tmp_path):
    with Mosquitto(tmp_path) as broker:
        status = Path(f"/proc/{broker.pid}/status").read_text()
        (uids,) = (line.split()[1:] for line in status.splitlines() if line.startswith("Uid:"))
        assert "0" not in uids
        listening = [
            line.split()[1] for name in ("tcp", "tcp6") for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]
            if line.split()[1].endswith(f":{broker.port:04X}") and line.split()[3] == "0A"
        ]  # fmt: skip
        assert listening == [f"0100007F:{broker.port:04X}"]
        for stranger in (BrokerAddress(port=broker.port), replace(broker.address, password="guess")):
            with pytest.raises(BadInput, match=r"did not let me in: not authorised"):
                MqttTransport("me", address=stranger)
        assert broker.password not in repr(broker.address) + broker.url
        den = broker._den
        assert broker.password not in "".join(path.read_text(errors="replace") for path in den.iterdir())
        assert den.stat().st_mode & 0o077 == 0
        commands = b"".join(path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if readable(path))
        assert broker.password.encode() not in commands
    assert not den.exists()


def readable(path):
    try:
        path.read_bytes()
    except OSError:
        return False
    return True


@pytest.mark.skipif(not HAS_MOSQUITTO, reason="mosquitto is not installed")
def test_a_broker_that_says_much_is_not_kept_waiting(tmp_path):
    """What it warns of goes to a file: a pipe that nobody reads would fill, and it would stand still."""
    with Mosquitto(tmp_path) as broker:
        assert os.readlink(f"/proc/{broker.pid}/fd/2") == str(broker._den / "log")
        client = MqttTransport("me", address=broker.address)
        client.subscribe("a")
        client.publish("a", b"1")
        assert wait_for(client, 1) == [("a", b"1")]
        client.close()


@pytest.mark.skipif(not HAS_MOSQUITTO, reason="mosquitto is not installed")
def test_a_broker_that_does_not_start_says_why(tmp_path):
    (tmp_path / "key.pem").write_text("no key")
    with pytest.raises(MissingTool, match=r"did not start on port \d+: .*(certificate|key)"):
        Mosquitto(tmp_path, certificate=tmp_path / "key.pem", key=tmp_path / "key.pem")
