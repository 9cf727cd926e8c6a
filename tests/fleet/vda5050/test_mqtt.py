"""The MQTT client against the standard's own bytes and against brokers that misbehave."""

import contextlib
import itertools
import socket
import struct
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crewless.core.errors import BadInput
from crewless.fleet.vda5050.mqtt import CONNACK, PUBACK, PUBLISH, SUBACK, MqttConnection, packet, text
from crewless.fleet.vda5050.transport import MqttTransport


class Broker:
    """Accepts connections and hands each to ``serve``; what a client sends is kept."""

    def __init__(self, serve):
        self.serve, self.heard, self.count = serve, [], 0
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            self.count += 1
            with connection, contextlib.suppress(OSError):
                self.serve(self, connection, self.count)

    def stop(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.thread.join(5)


def read(connection):
    """One packet: kind, flags, body."""
    head = connection.recv(1)
    if not head:
        raise OSError("gone")
    size = shift = 0
    while True:
        digit = connection.recv(1)[0]
        size |= (digit & 0x7F) << shift
        shift += 7
        if not digit & 0x80:
            break
    body = b""
    while len(body) < size:
        body += connection.recv(size - len(body))
    return head[0] >> 4, head[0] & 15, body


@pytest.fixture
def broker():
    made = []

    def start(serve):
        made.append(Broker(serve))
        return made[-1]

    yield start
    for each in made:
        each.stop()


def test_packets_are_the_standards_bytes():
    # MQTT 3.1.1, figure 3.11 (PUBLISH without an identifier), and section 2.2.3: 128 is written 0x80 0x01.
    assert packet(PUBLISH, 0, text("a/b") + b"x") == b"\x30\x06\x00\x03a/bx"
    assert packet(PUBLISH, 0, b"." * 127)[1:2] == b"\x7f"
    assert packet(PUBLISH, 0, b"." * 128)[1:3] == b"\x80\x01"
    assert packet(PUBLISH, 0, b"." * 2_097_152)[1:5] == b"\x80\x80\x80\x01"


class Cutter(MqttConnection):
    """Only the part that cuts bytes into packets."""

    def __init__(self):
        from collections import deque

        self._rest, self.arrived, self._waiting, self._unanswered = b"", deque(), deque(), {}
        self._lock, self.news = threading.Lock(), threading.Event()
        self._subscribed = threading.Condition(self._lock)
        self._wanted, self._refused, self._faults = lambda topic: topic != "old", set(), 0


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.text("abc/", min_size=1, max_size=40), st.binary(max_size=300), st.integers(0, 1)), max_size=30
    ),
    st.lists(st.integers(0, 9000), max_size=40),
)
def test_however_the_bytes_arrive_the_same_messages_come_out(messages, cuts):
    stream = b"".join(
        packet(PUBLISH, 2 * qos, text(topic) + (struct.pack("!H", 7) if qos else b"") + payload)
        for topic, payload, qos in messages
    )
    cutter = Cutter()
    borders = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    for start, end in itertools.pairwise(borders):
        cutter._cut(stream[start:end])
    assert list(cutter.arrived) == [(topic, payload) for topic, payload, _ in messages]
    assert b"".join(cutter._waiting) == b"\x40\x02\x00\x07" * sum(qos for *_, qos in messages)
    assert cutter._rest == b""


def test_a_broker_that_refuses_is_named_with_its_reason(broker):
    def refuse(_broker, connection, _count):
        read(connection)
        connection.sendall(packet(CONNACK, 0, b"\x00\x05"))

    with pytest.raises(BadInput, match="did not let me in: not authorised"):
        MqttTransport("me", port=broker(refuse).port)


def test_what_speaks_no_mqtt_is_named(broker):
    def web(_broker, connection, _count):
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n")

    with pytest.raises(BadInput, match="something that is not MQTT"):
        MqttTransport("me", port=broker(web).port)


def test_a_message_without_an_answer_is_sent_again_marked_as_such_with_its_number(broker):
    got = threading.Event()

    def serve(self, connection, count):
        read(connection)
        connection.sendall(packet(CONNACK, 0, b"\x00\x00"))
        while True:
            kind, flags, body = read(connection)
            if kind == 8:
                connection.sendall(packet(SUBACK, 0, body[:2] + b"\x01"))
            if kind == PUBLISH:
                self.heard.append((flags, body))
                if count == 1:
                    return  # hang up without an answer
                connection.sendall(packet(PUBACK, 0, body[5:7]))
                got.set()

    server = broker(serve)
    back = threading.Event()
    client = MqttTransport("me", port=server.port, on_reconnect=back.set)
    client.subscribe("x")
    client.publish("a/b", b"payload")
    assert got.wait(10)
    assert back.is_set()
    first, second = server.heard[:2]
    assert first[0] == 0x02
    assert second[0] == 0x02 | 0x08
    assert first[1] == second[1]
    for _ in range(500):
        if not client.pending():
            break
        threading.Event().wait(0.01)
    assert client.pending() == 0
    client.close()


def serving(answer):
    """A broker that greets, answers subscriptions, and does ``answer(connection, count)`` after the first of each connection."""

    def serve(_broker, connection, count):
        read(connection)
        connection.sendall(packet(CONNACK, 0, b"\x00\x00"))
        while True:
            kind, _, body = read(connection)
            if kind == 8:
                connection.sendall(packet(SUBACK, 0, body[:2] + b"\x01"))
                answer(connection, count)

    return serve


MALFORMED = {
    "a publication of no length": b"\x30\x00",
    "half a length of a topic": b"\x30\x01\x00",
    "a topic longer than its packet": b"\x30\x04\x00\x09ab",
    "a topic of no length": b"\x30\x02\x00\x00",
    "a topic that is no UTF-8": b"\x30\x05\x00\x02\xc3\x28x",
    "no number though quality 1": b"\x32\x05\x00\x03a/b",
    "an answer without a number": b"\x40\x00",
    "half a number": b"\x90\x01\x00",
    "a length of five bytes": b"\x30\xff\xff\xff\xff\x7f",
}


@pytest.mark.parametrize("bad", MALFORMED.values(), ids=MALFORMED)
def test_what_is_no_mqtt_closes_the_connection_and_the_client_comes_back(broker, bad):
    """MQTT-4.8.0-1: a protocol violation closes the network connection. The thread lives on."""
    good = packet(PUBLISH, 0, text("a/b") + b"after")
    client = MqttTransport("me", port=broker(serving(lambda c, n: c.sendall(bad if n == 1 else good))).port)
    client.subscribe("a/#")
    for _ in range(200):
        if arrived := client.receive(0.05):
            break
    assert arrived == [("a/b", b"after")]
    assert client.fault
    client.close()


def test_a_broker_that_sends_nonsense_for_ever_is_not_asked_for_it_without_a_pause(broker):
    server = broker(serving(lambda connection, count: connection.sendall(b"\x30\x00")))
    client = MqttTransport("me", port=server.port)
    client.subscribe("a")
    threading.Event().wait(1.0)
    assert 2 <= server.count <= 6
    client.close()


def test_a_subscription_that_is_refused_is_said(broker):
    def serve(_broker, connection, _count):
        read(connection)
        connection.sendall(packet(CONNACK, 0, b"\x00\x00"))
        while True:
            kind, _, body = read(connection)
            if kind == 8:
                connection.sendall(packet(SUBACK, 0, body[:2] + b"\x80"))  # section 3.9.3: failure

    client = MqttTransport("me", port=broker(serve).port)
    with pytest.raises(BadInput, match=r"no leave to hear secret/\+"):
        client.subscribe("secret/+")
    client.close()


def test_what_was_retained_is_left_out_where_it_is_not_wanted():
    cutter = Cutter()
    cutter._cut(packet(PUBLISH, 1, text("old") + b"1") + packet(PUBLISH, 0, text("old") + b"2"))
    cutter._cut(packet(PUBLISH, 1, text("new") + b"3"))
    assert list(cutter.arrived) == [("old", b"2"), ("new", b"3")]
