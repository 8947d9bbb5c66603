# SPDX-License-Identifier: MIT
"""A minimal MQTT 3.1.1 client for measurements: one blocking socket, no threads, QoS 0."""

import socket
import struct

CONNECT, CONNACK, PUBLISH, SUBSCRIBE, SUBACK = 0x10, 0x20, 0x30, 0x82, 0x90


def _length(count):
    encoded = bytearray()
    while True:
        count, digit = divmod(count, 128)
        encoded.append(digit | (0x80 if count else 0))
        if not count:
            return bytes(encoded)


def _text(text):
    data = text.encode()
    return struct.pack(">H", len(data)) + data


class Wire:
    def __init__(self, port, client_id, patience=60):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=patience)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = bytearray()
        self._send(CONNECT, _text("MQTT") + b"\x04\x02\x00\x00" + _text(client_id))
        kind, body = self._packet()
        if kind != CONNACK or body[1] != 0:
            raise ConnectionError(f"the broker refused {client_id}: {body!r}")

    def close(self):
        self.socket.close()

    def _send(self, header, body):
        self.socket.sendall(bytes([header]) + _length(len(body)) + body)

    def _fill(self, count):
        while len(self.buffer) < count:
            chunk = self.socket.recv(1 << 20)
            if not chunk:
                raise ConnectionError("the broker closed the connection")
            # Without this, the broker's Nagle waits up to 40 ms for our acknowledgement, and we would measure ourselves.
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
            self.buffer += chunk

    def _packet(self):
        self._fill(2)
        length, shift, at = 0, 0, 1
        while True:
            self._fill(at + 1)
            digit = self.buffer[at]
            length |= (digit & 0x7F) << shift
            shift, at = shift + 7, at + 1
            if digit < 0x80:
                break
        self._fill(at + length)
        kind, body = self.buffer[0], bytes(self.buffer[at:at + length])
        del self.buffer[:at + length]
        return kind, body

    def subscribe(self, *topics):
        for topic in topics:
            self._send(SUBSCRIBE, b"\x00\x01" + _text(topic) + b"\x00")
            kind = None
            while kind != SUBACK:
                kind, _ = self._packet()

    def publish(self, topic, payload):
        self._send(PUBLISH, _text(topic) + payload)

    def forget(self, topic):
        """Removes the retained message."""
        self._send(PUBLISH | 1, _text(topic))

    def publish_many(self, topic, payloads):
        """Sends in one write, so that the messages arrive together."""
        packets = bytearray()
        for payload in payloads:
            body = _text(topic) + payload
            packets += bytes([PUBLISH]) + _length(len(body)) + body
        self.socket.sendall(packets)

    def read(self):
        """Returns (topic, payload) of the next message."""
        while True:
            kind, body = self._packet()
            if kind & 0xF0 == PUBLISH:
                at = 2 + struct.unpack_from(">H", body)[0]
                return body[2:at].decode(), body[at + (2 if kind & 0x06 else 0):]

    def read_from(self, topic):
        while True:
            heard, payload = self.read()
            if heard == topic:
                return payload
