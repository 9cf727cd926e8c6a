"""The same facts for both transports."""

import shutil
import subprocess
import time
from dataclasses import replace

import pytest

from crewless.core.errors import BadInput
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
    def __init__(self, port):
        self.port, self.open = port, []

    def connect(self, name, will=None):
        client = MqttTransport(name, port=self.port, will=will)
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
        made = Mqtt(broker.port)
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
        control, robot = (MqttTransport(name, port=broker.port) for name in ("control", "robot"))
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
def test_a_broker_with_passwords_and_certificates_lets_in_who_knows_them(tmp_path):
    tools = shutil.which("openssl"), shutil.which("mosquitto_passwd")
    if None in tools:
        pytest.skip("openssl or mosquitto_passwd is not installed")
    key, certificate, users = tmp_path / "key.pem", tmp_path / "cert.pem", tmp_path / "users"
    for command in (
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate, "-days", "2",
         "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"],
        ["mosquitto_passwd", "-b", "-c", users, "al", "secret"],
    ):  # fmt: skip
        subprocess.run(command, check=True, capture_output=True)
    settings = f"allow_anonymous false\npassword_file {users}\ncertfile {certificate}\nkeyfile {key}"
    with Mosquitto(tmp_path, settings) as broker:
        right = BrokerAddress(port=broker.port, user="al", password="secret", tls=True, authority=str(certificate))
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
