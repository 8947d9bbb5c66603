#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A small MQTT broker with the limits of real ones: no QoS 2, no retained messages, short packets, an HTTP error.

It speaks MQTT 3.1.1 and 5, plain and in websockets, on two ports: `port` without any limits, for the clients of a test, and
`limited_port`, where the behaviour that the test chose applies. A test makes a SimulatedBroker(…); run as a program it takes the
same options on its command line, prints both ports and runs until it is ended.
"""

import argparse
import asyncio
import base64
import dataclasses
import hashlib
import struct
import threading

(CONNECT, CONNACK, PUBLISH, PUBACK, PUBREC, PUBREL, PUBCOMP, SUBSCRIBE, SUBACK, UNSUBSCRIBE, UNSUBACK, PINGREQ, PINGRESP,
 DISCONNECT) = range(1, 15)

UNSPECIFIED, PACKET_TOO_LARGE, RETAIN_NOT_SUPPORTED, QOS_NOT_SUPPORTED = 0x80, 0x95, 0x9A, 0x9B
UNSUPPORTED_VERSION, SESSION_TAKEN_OVER, IDENTIFIER_NOT_VALID = 0x84, 0x8E, 0x85
WEBSOCKET_KEY = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, 1.3


@dataclasses.dataclass
class Behaviour:
    """Behaviour on the limited port. The defaults are a broker without limits."""

    versions: str = "3.1.1,5"     # MQTT versions that are accepted
    on_version: str = "refuse"    # another version: refuse (with a code), close
    on_connect: str = "accept"    # accept, ignore (no CONNACK), close, refuse (the client id)
    announce: bool = True         # MQTT 5: the CONNACK names the limits, and a reason code comes before the connection is closed
    maximum_qos: int = 2          # of publications and of the will; a higher one ends the connection
    subscribe_qos: int = 2        # of subscriptions
    on_subscribe: str = "grant"   # a higher one: grant (a lower QoS), refuse, ignore (no SUBACK), close
    retain: bool = True           # False: a retained publication ends the connection, a retained will is not accepted
    will_retain: bool = True      # False: a retained will is not accepted
    judge_will: bool = True       # False: any will is accepted
    maximum_keep_alive: int = 0   # seconds; MQTT 5: announced; 3.1.1: a longer one is refused with return code 2
    maximum_packet: int = 0       # bytes; a larger packet ends the connection
    maximum_payload: int = 0      # bytes; a larger one is dropped: MQTT 5 with PUBACK 0x95, 3.1.1 silently
    on_takeover: str = "disconnect"  # another client with the same id: disconnect (MQTT 5: with a code), close (without one)
    http_status: int = 101        # of the answer to a websocket request; anything but 101 is a refusal
    http_headers: int = 0         # bytes of further headers in that answer
    http_split: int = 0           # the answer is sent in two parts, the first of that many bytes
    frame_size: int = 0           # bytes: longer websocket messages are sent in several frames


@dataclasses.dataclass
class Connect:
    """A CONNECT on the limited port."""

    version: int
    client_id: str
    keep_alive: int
    will_qos: int | None = None   # None: without a will
    will_retain: bool = False
    accepted: bool = False


class Ended(Exception):
    """The connection has ended."""


class SimulatedBroker:
    """May be used from any thread. `connects`, `subscribes` and `published` record the limited port, oldest first."""

    def __init__(self, tls=None, **behaviour):
        self.behaviour = Behaviour(**behaviour)
        self.connects = []
        self.subscribes = []    # (topic filter, QoS)
        self.published = []     # (topic, payload, QoS, retain), also what was then dropped or ended the connection
        self.retained = {}
        self.clients = {}       # by client id
        self.sessions = {}      # topic filters with their QoS, by client id
        self._servers = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.port = self._run(self._listen(Behaviour(), None))
        self.limited_port = self._run(self._listen(self.behaviour, tls))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        async def end():
            for server in self._servers:
                server.close()
            tasks = asyncio.all_tasks() - {asyncio.current_task()}
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        if self._loop.is_closed():
            return
        self._run(end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def set(self, **behaviour):
        """Changes the behaviour; for present connections from their next packet on."""
        async def change():
            for name, value in behaviour.items():
                if not hasattr(self.behaviour, name):
                    raise AttributeError(name)
                setattr(self.behaviour, name, value)
        self._run(change())

    def drop(self):
        """Closes the present connections on the limited port."""
        async def drop():
            for client in list(self.clients.values()):
                if client.is_limited:
                    client.writer.close()
        self._run(drop())

    # In the loop's thread.

    def _run(self, what):
        return asyncio.run_coroutine_threadsafe(what, self._loop).result()

    async def _listen(self, behaviour, tls):
        async def serve(reader, writer):
            try:
                await self._serve(reader, writer, behaviour)
            except (Ended, OSError, asyncio.IncompleteReadError):
                pass
            finally:
                writer.close()
        server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
        self._servers.append(server)
        return server.sockets[0].getsockname()[1]

    async def _serve(self, reader, writer, behaviour):
        first = await reader.readexactly(1)
        if first == b"G":
            stream = await accept_websocket(reader, writer, behaviour)
            await Connection(self, behaviour, stream, stream).serve()
        else:
            await Connection(self, behaviour, reader, writer).serve(first)

    def deliver(self, topic, payload, qos, retain, properties=b""):
        if retain:
            self.retained[topic] = (payload, qos, properties)
            if not payload:
                del self.retained[topic]
        for client_id, filters in list(self.sessions.items()):
            granted = [granted for wanted, granted in filters.items() if matches(wanted, topic)]
            if granted and client_id in self.clients:
                self.clients[client_id].send_publish(topic, payload, min(qos, max(granted)), False, properties)


class Connection:
    """One connection of a client."""

    def __init__(self, broker, behaviour, reader, writer):
        self.broker = broker
        self.behaviour = behaviour
        self.is_limited = behaviour is broker.behaviour
        self.reader = reader
        self.writer = writer
        self.version = 4
        self.client_id = None
        self.will = None
        self.last_id = 0

    async def serve(self, first=b""):
        try:
            kind, _, body = await self.read_packet(first)
            if kind != CONNECT:
                raise Ended
            await self.on_connect(body)
            while True:
                await self.on_packet(*await self.read_packet())
        finally:
            if self.broker.clients.get(self.client_id) is self:
                del self.broker.clients[self.client_id]
            will, self.will = self.will, None
            if will:
                self.broker.deliver(*will)

    async def read_packet(self, first=b""):
        head = (first or await self.reader.readexactly(1))[0]
        length = shift = size = 0
        while True:
            byte = (await self.reader.readexactly(1))[0]
            length |= (byte & 127) << shift
            shift += 7
            size += 1
            if byte < 128:
                break
        if self.behaviour.maximum_packet and 1 + size + length > self.behaviour.maximum_packet:
            self.end(PACKET_TOO_LARGE)
        return head >> 4, head & 15, await self.reader.readexactly(length)

    def send(self, kind, flags, body):
        self.writer.write(bytes([kind << 4 | flags]) + variable_integer(len(body)) + body)

    def end(self, reason=None):
        """Closes the connection; an MQTT 5 client gets the reason."""
        if reason is not None and self.version == 5 and self.behaviour.announce:
            self.send(DISCONNECT, 0, bytes([reason, 0]))
        raise Ended

    # The packets of the client.

    async def on_connect(self, body):
        packet = Fields(body)
        packet.text()
        self.version = packet.byte()
        flags = packet.byte()
        connect = Connect(self.version, "", packet.word())
        self.skip_properties(packet)
        self.client_id = connect.client_id = packet.text()
        will = None
        if flags & 4:
            self.skip_properties(packet)
            connect.will_qos, connect.will_retain = flags >> 3 & 3, bool(flags & 32)
            will = (packet.text(), packet.binary(), connect.will_qos, connect.will_retain)
        if self.is_limited:
            self.broker.connects.append(connect)
        await self.judge(connect)
        self.take_over()
        is_clean = bool(flags & 2)
        present = self.client_id in self.broker.sessions and not is_clean
        if not present:
            self.broker.sessions[self.client_id] = {}
        self.broker.clients[self.client_id] = self
        self.will = will
        connect.accepted = True
        self.send(CONNACK, 0, bytes([present, 0]) + (self.announcements() if self.version == 5 else b""))

    async def judge(self, connect):
        """Returns if the CONNECT is accepted."""
        limits = self.behaviour
        if limits.on_connect == "ignore":
            await self.reader.read()
            raise Ended
        if limits.on_connect == "close":
            raise Ended
        if {4: "3.1.1", 5: "5"}.get(self.version) not in limits.versions.split(","):
            self.refuse(UNSUPPORTED_VERSION if self.version == 5 and "5" in limits.versions else 1, limits.on_version == "close")
        if limits.on_connect == "refuse":
            self.refuse(IDENTIFIER_NOT_VALID if self.version == 5 else 2)
        if limits.judge_will and connect.will_retain and not (limits.retain and limits.will_retain):
            self.refuse(RETAIN_NOT_SUPPORTED)
        if limits.judge_will and connect.will_qos is not None and connect.will_qos > limits.maximum_qos:
            self.refuse(QOS_NOT_SUPPORTED)
        most = limits.maximum_keep_alive
        if self.version == 4 and most and not 0 < connect.keep_alive <= most:
            self.refuse(2)

    def refuse(self, code, is_silent=False):
        """MQTT 3.1.1 has no code for most reasons: closes the connection without an answer."""
        if not is_silent and code <= 5:
            self.send(CONNACK, 0, bytes([0, code]))
        elif not is_silent and self.version == 5:
            self.send(CONNACK, 0, bytes([0, code, 0]))
        raise Ended

    def announcements(self):
        limits, properties = self.behaviour, b""
        if limits.announce:
            if limits.maximum_qos < 2:
                properties += bytes([0x24, limits.maximum_qos])
            if not limits.retain:
                properties += bytes([0x25, 0])
            if limits.maximum_packet:
                properties += struct.pack(">BI", 0x27, limits.maximum_packet)
        if limits.maximum_keep_alive:
            properties += struct.pack(">BH", 0x13, limits.maximum_keep_alive)
        return variable_integer(len(properties)) + properties

    def take_over(self):
        other = self.broker.clients.pop(self.client_id, None)
        if other is None:
            return
        other.will = None
        if other.version == 5 and other.behaviour.on_takeover == "disconnect":
            other.send(DISCONNECT, 0, bytes([SESSION_TAKEN_OVER, 0]))
        other.writer.close()

    async def on_packet(self, kind, flags, body):
        packet = Fields(body)
        if kind == PUBLISH:
            self.on_publish(flags, packet)
        elif kind == PUBREC:
            self.send(PUBREL, 2, body[:2])
        elif kind == PUBREL:
            self.send(PUBCOMP, 0, body[:2])
        elif kind == SUBSCRIBE:
            await self.on_subscribe(packet)
        elif kind == UNSUBSCRIBE:
            self.on_unsubscribe(packet)
        elif kind == PINGREQ:
            self.send(PINGRESP, 0, b"")
        elif kind == DISCONNECT:
            if not body or body[0] != 4:  # 4: with the will
                self.will = None
            raise Ended

    def on_publish(self, flags, packet):
        qos, retain = flags >> 1 & 3, bool(flags & 1)
        topic = packet.text()
        packet_id = packet.raw(2) if qos else b""
        properties = self.skip_properties(packet)
        payload = packet.rest()
        limits = self.behaviour
        if self.is_limited:
            self.broker.published.append((topic, payload, qos, retain))
        if qos > limits.maximum_qos:
            self.end(QOS_NOT_SUPPORTED)
        if retain and not limits.retain:
            self.end(RETAIN_NOT_SUPPORTED)
        is_too_large = limits.maximum_payload and len(payload) > limits.maximum_payload
        if qos:
            reason = bytes([PACKET_TOO_LARGE]) if is_too_large and self.version == 5 else b""
            self.send(PUBACK if qos == 1 else PUBREC, 0, packet_id + reason)
        if not is_too_large:
            self.broker.deliver(topic, payload, qos, retain, properties)

    async def on_subscribe(self, packet):
        packet_id = packet.raw(2)
        self.skip_properties(packet)
        codes, fresh = [], []
        while packet.left():
            wanted, qos = packet.text(), packet.byte() & 3
            if self.is_limited:
                self.broker.subscribes.append((wanted, qos))
            most, habit = self.behaviour.subscribe_qos, self.behaviour.on_subscribe
            if qos > most and habit == "ignore":
                return
            if qos > most and habit == "close":
                self.end(QOS_NOT_SUPPORTED)
            if qos > most and habit == "refuse":
                codes.append(QOS_NOT_SUPPORTED if self.version == 5 else UNSPECIFIED)
                continue
            codes.append(min(qos, most))
            fresh.append((wanted, codes[-1]))
        self.broker.sessions[self.client_id].update(fresh)
        self.send(SUBACK, 0, packet_id + (b"\0" if self.version == 5 else b"") + bytes(codes))
        for wanted, granted in fresh:
            for topic, (payload, qos, properties) in list(self.broker.retained.items()):
                if matches(wanted, topic):
                    self.send_publish(topic, payload, min(qos, granted), True, properties)

    def on_unsubscribe(self, packet):
        packet_id = packet.raw(2)
        self.skip_properties(packet)
        codes = b""
        while packet.left():
            self.broker.sessions[self.client_id].pop(packet.text(), None)
            codes += b"\0"
        self.send(UNSUBACK, 0, packet_id + (b"\0" + codes if self.version == 5 else b""))

    def send_publish(self, topic, payload, qos, retain, properties):
        body = struct.pack(">H", len(topic.encode())) + topic.encode()
        if qos:
            self.last_id = self.last_id % 0xFFFF + 1
            body += struct.pack(">H", self.last_id)
        if self.version == 5:
            body += variable_integer(len(properties)) + properties
        self.send(PUBLISH, qos << 1 | retain, body + payload)

    def skip_properties(self, packet):
        return packet.raw(packet.variable_integer()) if self.version == 5 else b""


class Fields:
    """Reads the fields of a packet in order."""

    def __init__(self, content):
        self.content = content
        self.at = 0

    def raw(self, count):
        if self.at + count > len(self.content):
            raise Ended
        self.at += count
        return self.content[self.at - count:self.at]

    def byte(self):
        return self.raw(1)[0]

    def word(self):
        return struct.unpack(">H", self.raw(2))[0]

    def binary(self):
        return self.raw(self.word())

    def text(self):
        return self.binary().decode()

    def rest(self):
        return self.raw(self.left())

    def left(self):
        return len(self.content) - self.at

    def variable_integer(self):
        value = shift = 0
        while True:
            byte = self.byte()
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value


def variable_integer(value):
    encoded = b""
    while True:
        value, digit = divmod(value, 128)
        encoded += bytes([digit | (128 if value else 0)])
        if not value:
            return encoded


def matches(wanted, topic):
    """Whether a topic filter matches this topic (MQTT 5, 4.7)."""
    filters, levels = wanted.split("/"), topic.split("/")
    if topic.startswith("$") and filters[0] in "#+":
        return False
    for at, level in enumerate(filters):
        if level == "#":
            return True
        if at >= len(levels) or level not in ("+", levels[at]):
            return False
    return len(filters) == len(levels)


class WebsocketStream:
    """A byte stream in binary websocket frames (RFC 6455)."""

    def __init__(self, reader, writer, frame_size):
        self.reader = reader
        self.writer = writer
        self.frame_size = frame_size
        self.waiting = b""

    async def readexactly(self, count):
        while len(self.waiting) < count:
            self.waiting += await self.read_frame()
        taken, self.waiting = self.waiting[:count], self.waiting[count:]
        return taken

    async def read(self):
        while True:
            await self.read_frame()

    async def read_frame(self):
        head, length = await self.reader.readexactly(2)
        if length & 127 == 126:
            size = struct.unpack(">H", await self.reader.readexactly(2))[0]
        elif length & 127 == 127:
            size = struct.unpack(">Q", await self.reader.readexactly(8))[0]
        else:
            size = length & 127
        mask = await self.reader.readexactly(4) if length & 128 else bytes(4)
        content = await self.reader.readexactly(size)
        if head & 15 == 8:  # close
            raise Ended
        whole = (mask * (size // 4 + 1))[:size]
        content = (int.from_bytes(content, "big") ^ int.from_bytes(whole, "big")).to_bytes(size, "big")
        if head & 15 == 9:  # ping
            self.write_frame(0x8A, content)
            return b""
        return content

    def write(self, content):
        size = self.frame_size or len(content)
        parts = [content[at:at + size] for at in range(0, len(content), size)]
        for at, part in enumerate(parts):
            is_last = at == len(parts) - 1
            self.write_frame((0x80 if is_last else 0) | (0 if at else 2), part)

    def write_frame(self, head, content):
        size = len(content)
        length = bytes([size]) if size < 126 else struct.pack(">BH", 126, size) if size < 65536 else struct.pack(">BQ", 127, size)
        self.writer.write(bytes([head]) + length + content)

    def close(self):
        self.writer.close()


async def accept_websocket(reader, writer, behaviour):
    """Answers the HTTP request whose first byte has been read."""
    request = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    headers = dict(line.split(": ", 1) for line in request.split("\r\n")[1:] if ": " in line)
    key = next(value for name, value in headers.items() if name.lower() == "sec-websocket-key")
    if behaviour.http_status == 101:
        accept = base64.b64encode(hashlib.sha1((key.strip() + WEBSOCKET_KEY).encode()).digest()).decode()
        answer = (f"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                  f"Sec-WebSocket-Accept: {accept}\r\nSec-WebSocket-Protocol: mqtt\r\n")
    else:
        answer = f"HTTP/1.1 {behaviour.http_status} Refused\r\nContent-Length: 0\r\nConnection: close\r\n"
        if 300 <= behaviour.http_status < 400:
            answer += "Location: https://elsewhere.example/mqtt\r\n"
    padding, number = behaviour.http_headers, 0
    while padding > 0:
        answer += f"X-Padding-{number}: {'x' * min(padding, 200)}\r\n"
        padding, number = padding - 200, number + 1
    content = (answer + "\r\n").encode()
    if behaviour.http_split:
        writer.write(content[:behaviour.http_split])
        await writer.drain()
        await asyncio.sleep(0.2)  # long enough for a segment of its own
        content = content[behaviour.http_split:]
    writer.write(content)
    await writer.drain()
    if behaviour.http_status != 101:
        raise Ended
    return WebsocketStream(reader, writer, behaviour.frame_size)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for field in dataclasses.fields(Behaviour):
        option = "--" + field.name.replace("_", "-")
        if field.type is bool:
            parser.add_argument(option, default=field.default, action=argparse.BooleanOptionalAction)
        else:
            parser.add_argument(option, default=field.default, type=field.type)
    broker = SimulatedBroker(**vars(parser.parse_args()))
    print(f"without limits: {broker.port}\nwith limits: {broker.limited_port}", flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main()
