"""A client of MQTT 3.1.1 (OASIS standard, 2014) for many small messages on one connection: sessions that are kept, quality of
service 0 and 1, wills, retained messages, reconnection.

General clients read and write packet by packet; this one takes whatever the socket has, cuts it into packets, and sends all that
waits at once, which is several times as quick (figures in ``dev/LOG.md``). Section numbers below are the standard's.
"""

import contextlib
import os
import select
import socket
import ssl
import struct
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator

CONNECT, CONNACK, PUBLISH, PUBACK, SUBSCRIBE, SUBACK, PINGREQ, DISCONNECT = 1, 2, 3, 4, 8, 9, 12, 14
_DUP, _FAILURE = 0x08, 0x80
_CHUNK = 1 << 18
_REFUSED = {
    1: "it speaks no MQTT 3.1.1", 2: "the client's name is refused", 3: "it is not available",
    4: "user name or password is wrong", 5: "not authorised",
}  # fmt: skip


class Malformed(Exception):
    """What came is no MQTT; the connection is closed (section 4.8)."""


class Refused(Exception):
    """The broker answered, and did not let the client in (section 3.2.2.3)."""


def packet(kind: int, flags: int, body: bytes) -> bytes:
    """Fixed header and body (section 2.2)."""
    size, length = len(body), bytearray()
    while True:
        digit, size = size & 0x7F, size >> 7
        length.append(digit | (0x80 if size else 0))
        if not size:
            return bytes((kind << 4 | flags,)) + bytes(length) + body


def text(value: str | bytes) -> bytes:
    """A string with its length before it (section 1.5.3)."""
    raw = value.encode() if isinstance(value, str) else value
    return struct.pack("!H", len(raw)) + raw


class MqttConnection:
    """One client. A thread of its own talks to the broker and comes back after every interruption.

    Args:
        client: the session's name.
        host: of the broker.
        port: of the broker.
        will: topic and payload, spoken retained by the broker when this client is gone without a goodbye.
        keepalive_s: the broker misses the client after one and a half of them in silence.
        back: called after each reconnection, in the connection's thread.
        user: and ``password``, where the broker asks for them.
        tls: speak through TLS.
        fresh: forget first what the broker has kept for this name.
        wanted: whether a retained message of a topic is to be delivered; those alone that came because of a subscription.

    Raises:
        OSError: nobody answers there. Later interruptions raise nothing.
        Refused: the broker does not want this client.
    """

    def __init__(
        self, client: str, host: str, port: int, *, will: tuple[str, bytes] | None = None, keepalive_s: int = 10,
        back: Callable[[], None] | None = None, user: str = "", password: str = "", tls: ssl.SSLContext | None = None,
        fresh: bool = False, wanted: Callable[[str], bool] = lambda topic: True,
    ) -> None:  # fmt: skip
        self._wanted = wanted
        self.fault = ""
        """What was the matter when something came last that is no MQTT."""
        self._refused: set[int] = set()
        """Numbers of subscriptions that the broker refused."""
        self._faults = 0
        """Faults without a message that was right in between."""
        self._address, self._keepalive_s, self._back, self._tls = (host, port), keepalive_s, back, tls
        flags, payload = 0, text(client)
        if will is not None:
            flags |= 0x04 | 0x08 | 0x20  # will, quality of service 1, retained
            payload += text(will[0]) + text(will[1])
        if user:
            flags |= 0x80 | (0x40 if password else 0)
            payload += text(user) + (text(password) if password else b"")

        def hello(clean: int) -> bytes:
            return packet(
                CONNECT, 0, text("MQTT") + bytes((4, flags | clean)) + struct.pack("!H", keepalive_s) + payload
            )

        self._hello = hello(0)
        self.away = False
        """The broker cannot be reached just now."""
        self.arrived: deque[tuple[str, bytes]] = deque()
        """Topic and payload of what has come."""
        self.news = threading.Event()
        """Set when something has come."""
        self._lock = threading.Lock()
        self._waiting: deque[bytes] = deque()
        """Packets that are still to be sent."""
        self._unanswered: dict[int, bytes] = {}
        """Publications of quality 1 without an answer, and subscriptions without one, in the order of their sending."""
        self._patterns: dict[str, int] = {}
        self._number = 0
        self._subscribed = threading.Condition(self._lock)
        self._closing = self._ended = False
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_read, False)
        os.set_blocking(self._wake_write, False)
        if fresh:
            # A session that begins clean is forgotten when it ends (section 3.1.2.4).
            first = self._connect(hello(0x02))
            with contextlib.suppress(OSError):
                first.sendall(packet(DISCONNECT, 0, b""))
            first.close()
        self._socket = self._connect(self._hello)
        self._rest = b""
        self._thread = threading.Thread(target=self._live, name=f"mqtt {client}", daemon=True)
        self._thread.start()

    # What the owner calls ---------------------------------------------------------------------------------------------

    def publish(self, topic: str, payload: bytes, qos: int, retain: bool) -> None:
        """Kept until it is sent; with quality 1, until the broker has it."""
        body = text(topic)
        with self._lock:
            if qos:
                number = self._next()
                whole = packet(PUBLISH, 2 | retain, body + struct.pack("!H", number) + payload)
                self._unanswered[number] = whole
            else:
                whole = packet(PUBLISH, int(retain), body + payload)
            idle = not self._waiting
            self._waiting.append(whole)
        if idle:
            self._wake()

    def subscribe(self, pattern: str, qos: int, timeout_s: float = 10.0) -> bool:
        """Returns False when the broker refuses it (section 3.9.3). One that is away is asked when it is back."""
        with self._lock:
            self._patterns[pattern] = qos
            number = self._ask(pattern, qos)
        self._wake()
        with self._subscribed:
            self._subscribed.wait_for(lambda: number not in self._unanswered, timeout_s)
            return number not in self._refused

    def pending(self) -> int:
        """Messages that are not sent, or sent and not answered."""
        with self._lock:
            return max(len(self._waiting), len(self._unanswered))

    def close(self, timeout_s: float = 2.0) -> None:
        """Send what waits and say goodbye: the will is not spoken."""
        until = time.monotonic() + timeout_s
        while self.pending() and time.monotonic() < until:
            time.sleep(0.005)
        with self._lock:
            self._waiting.append(packet(DISCONNECT, 0, b""))
        self._end()

    def break_off(self) -> None:
        """Be gone without a goodbye."""
        # First, or the thread would take it for an interruption and come back.
        self._closing = True
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._end()

    def _end(self) -> None:
        if self._ended:
            return
        self._closing = self._ended = True
        self._wake()
        self._thread.join(5)
        self._socket.close()
        os.close(self._wake_write)
        os.close(self._wake_read)

    # The thread -------------------------------------------------------------------------------------------------------

    def _live(self) -> None:
        """Whatever comes, this thread goes on until it is told to end: without it nothing would be heard any more."""
        while True:
            try:
                self._talk()
                return
            except Exception as error:
                if not isinstance(error, OSError):
                    self.fault, self._faults = str(error), self._faults + 1
                if self._closing or not self._come_back():
                    return

    def _talk(self) -> None:
        """Until it is closed. Raises OSError, Malformed: the connection is of no use any more."""
        heard = sent = time.monotonic()
        out = b""
        while True:
            if not out:
                with self._lock:
                    out, count = b"".join(self._waiting), len(self._waiting)
                    self._waiting.clear()
                if self._closing and not count:
                    return
            readable, writable, _ = select.select(
                [self._socket, self._wake_read], [self._socket] if out else [], [], self._keepalive_s / 4
            )
            if self._wake_read in readable:
                with contextlib.suppress(BlockingIOError):
                    os.read(self._wake_read, 1 << 16)
            if self._socket in readable:
                for received in self._read():
                    heard = time.monotonic()
                    self._cut(received)
            if writable:
                with contextlib.suppress(ssl.SSLWantReadError, ssl.SSLWantWriteError):
                    out = out[self._socket.send(out) :]
                    sent = time.monotonic()
            now = time.monotonic()
            if now - sent > self._keepalive_s / 2:
                out += packet(PINGREQ, 0, b"")
                sent = now
            if now - heard > 2 * self._keepalive_s:
                raise TimeoutError("the broker does not answer")

    def _read(self) -> Iterator[bytes]:
        """What the socket has. One with TLS is asked until it has nothing more: what it has deciphered, select cannot see."""
        while True:
            try:
                received = self._socket.recv(_CHUNK)
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
                return
            if not received:
                raise ConnectionResetError("the broker has hung up")
            yield received
            if self._tls is None:
                return

    def _cut(self, received: bytes) -> None:
        """Into packets (section 2.2.3). Raises Malformed."""
        data = self._rest + received if self._rest else received
        at, end = 0, len(data)
        answers = bytearray()
        arrived = self.arrived
        came = False
        while at + 2 <= end:
            size, shift, begin = 0, 0, at + 1
            while begin < end:
                digit = data[begin]
                size |= (digit & 0x7F) << shift
                begin, shift = begin + 1, shift + 7
                if not digit & 0x80:
                    break
                if shift > 21:
                    raise Malformed(f"a length of more than four bytes: {data[at : at + 6].hex(' ')}")
            else:
                break
            if begin + size > end:
                break
            head, start, at = data[at], at, begin + size
            if head >> 4 == PUBLISH:
                try:
                    middle = begin + 2 + (data[begin] << 8 | data[begin + 1])
                    payload = middle + 2 * bool(head & 0x06)
                    if payload > at or middle == begin + 2:
                        raise IndexError
                    topic = data[begin + 2 : middle].decode()
                except (IndexError, UnicodeDecodeError) as error:
                    raise Malformed(f"a message without a topic: {data[start : start + 16].hex(' ')}") from error
                if head & 0x06:
                    answers += b"\x40\x02" + data[middle:payload]
                if head & 1 and not self._wanted(topic):
                    continue
                arrived.append((topic, data[payload:at]))
                came = True
            elif head >> 4 in (PUBACK, SUBACK):
                if size < 2:
                    raise Malformed(f"an answer to nothing: {data[start:at].hex(' ')}")
                with self._subscribed:
                    number = data[begin] << 8 | data[begin + 1]
                    self._unanswered.pop(number, None)
                    if head >> 4 == SUBACK:
                        (self._refused.add if _FAILURE in data[begin + 2 : at] else self._refused.discard)(number)
                        self._subscribed.notify_all()
        self._rest = data[at:]
        if answers:
            with self._lock:
                self._waiting.append(bytes(answers))
        if came:
            self._faults = 0
            self.news.set()

    def _connect(self, hello: bytes) -> socket.socket:
        made = socket.create_connection(self._address, timeout=10)
        try:
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._tls is not None:
                made = self._tls.wrap_socket(made, server_hostname=self._address[0])
            made.sendall(hello)
            answer = b""
            while len(answer) < 4:
                part = made.recv(4 - len(answer))
                if not part:
                    raise ConnectionResetError("the broker has hung up")
                answer += part
            if answer[0] >> 4 != CONNACK:
                raise Refused("it answers with something that is not MQTT")
            if answer[3]:
                raise Refused(_REFUSED.get(answer[3], f"code {answer[3]}"))
            made.setblocking(False)
        except BaseException:
            made.close()
            raise
        return made

    def _come_back(self) -> bool:
        """Connect again with the same session, subscribe, and send again what has no answer. False: closed meanwhile."""
        self._socket.close()
        self.away = True
        # A broker that sends nonsense again and again is not asked for it without a pause.
        pause_s = 0.05
        until = time.monotonic() + (min(10.0, pause_s * 2**self._faults) if self._faults else 0.0)
        while not self._closing and time.monotonic() < until:
            time.sleep(0.05)
        while not self._closing:
            try:
                self._socket = self._connect(self._hello)
                break
            except (OSError, Refused):
                time.sleep(pause_s)
                pause_s = min(2.0, pause_s * 2)
        else:
            return False
        self._rest, self.away = b"", False
        with self._lock:
            # All that has no answer is among these, so only quality 0 is taken over from what was waiting.
            later = [each for each in self._waiting if each[0] >> 4 == PUBLISH and not each[0] & 0x06]
            again = [each for each in self._unanswered.values() if each[0] >> 4 == PUBLISH]
            self._unanswered = {number: each for number, each in self._unanswered.items() if each[0] >> 4 == PUBLISH}
            self._waiting.clear()
            for pattern, qos in self._patterns.items():
                self._ask(pattern, qos)
            self._waiting.extend(bytes((each[0] | _DUP,)) + each[1:] for each in again)
            self._waiting.extend(later)
        if self._back is not None:
            self._back()
        return True

    def _ask(self, pattern: str, qos: int) -> int:
        number = self._next()
        whole = packet(SUBSCRIBE, 2, struct.pack("!H", number) + text(pattern) + bytes((qos,)))
        self._unanswered[number] = whole
        self._waiting.append(whole)
        return number

    def _next(self) -> int:
        """A free packet identifier, 1 to 65535 (section 2.3.1). Waits while all are under way."""
        while True:
            self._number = self._number % 65535 + 1
            if self._number not in self._unanswered:
                return self._number
            if len(self._unanswered) >= 65535:
                self._lock.release()
                time.sleep(0.001)
                self._lock.acquire()

    def _wake(self) -> None:
        with contextlib.suppress(BlockingIOError, OSError):
            os.write(self._wake_write, b"\0")
