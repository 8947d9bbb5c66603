#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Receives what pi-edge-agent publishes, on Windows, Linux or a Mac: prints the readings, and saves each picture under its time.

    pip install paho-mqtt            (Debian: apt install python3-paho-mqtt)
    python receiver.py --broker mqtt://raspberrypi start interval=10s capture width=1280 height=720
"""

import argparse
import codecs
import contextlib
import itertools
import json
import math
import os
import pathlib
import re
import ssl
import sys
import threading
import time
import uuid
from datetime import datetime, timezone
from urllib.parse import urlsplit

import paho.mqtt.client as mqtt

PORTS = {"mqtt": 1883, "mqtts": 8883, "ws": 9001, "wss": 443}
TLS = ("mqtts", "wss")
PROTOCOLS = {"5": mqtt.MQTTv5, "3.1.1": mqtt.MQTTv311}
SOI, EOI = b"\xff\xd8", b"\xff\xd9"
START_OF_SCAN = 0xDA
CONNECT_LIMIT = 10  # seconds until the broker has answered
# Return codes of MQTT 3.1.1, reason codes of MQTT 5.
WRONG_VERSION, WRONG_LOGIN = {1, 132}, {4, 5, 134, 135}


class Problem(Exception):
    """What a person has to put right; printed without a traceback."""


def is_whole(jpeg):
    """Whether the bytes are a JPEG from its first marker to its last, its segments included."""
    if not (jpeg.startswith(SOI) and jpeg.endswith(EOI)):
        return False
    place = 2
    while place + 4 <= len(jpeg) and jpeg[place] == 0xFF:
        if jpeg[place + 1] == START_OF_SCAN:
            return True
        place += 2 + int.from_bytes(jpeg[place + 2:place + 4], "big")
    return False


def file_name(text):
    """The picture's own time where it came with it, else the time of its arrival; without ':', which Windows does not allow."""
    try:
        taken = datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(timezone.utc)
    except (AttributeError, ValueError, OverflowError):
        taken = datetime.now(timezone.utc)
    return taken.strftime("%Y-%m-%dT%H-%M-%S.") + f"{taken.microsecond // 1000:03d}Z"


def save(folder, name, jpeg):
    """Never replaces another picture, also where several receivers share the folder."""
    kind = "jpg" if is_whole(jpeg) else "incomplete"
    for number in itertools.count(1):
        path = folder / f"{name}{'' if number == 1 else f'-{number}'}.{kind}"
        with contextlib.suppress(FileExistsError):
            write_new(path, jpeg)
            return path


def write_new(path, data):
    """The whole file or none: nobody who looks into the folder sees half a picture. FileExistsError: another receiver writes it, or has."""
    part = path.with_suffix(".part")
    file = open(part, "xb")
    try:
        with file:
            if path.exists():
                raise FileExistsError(path)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except OSError:
        part.unlink()
        raise


def user_properties(message):
    properties = getattr(message, "properties", None)
    return dict(getattr(properties, "UserProperty", [])) if properties else {}


def decoded(payload):
    """A reply; {} where it is none: anyone may publish on its topic."""
    try:
        reply = json.loads(payload)
    except (ValueError, RecursionError):
        return {}
    return reply if isinstance(reply, dict) else {}


def printable(text):
    """What others publish may be no text, or commands for a terminal."""
    return "".join(character if character.isprintable() else ascii(character)[1:-1] for character in text)


class Receiver:
    def __init__(self, options):
        self.options = options
        self.folder = pathlib.Path(options.folder)
        self.waiting = {}
        for payload in options.commands:
            # A number becomes text, as in the Node.js receiver.
            payload["transaction"] = transaction = str(payload.get("transaction", f"receiver-{uuid.uuid4().hex[:12]}"))
            self.waiting[transaction] = payload
        self.requested = {key for key, payload in self.waiting.items() if payload["command"] in ("capture", "fetch")}
        self.device = options.base.replace("{id}", options.device or "+")
        self.problem = None
        self.answered = threading.Event()
        self.has_sent = False
        self.finished = threading.Event()
        self.client = make_client(options)
        self.client.on_connect = self.on_connect
        self.client.on_disconnect = self.on_disconnect
        self.client.on_message = self.on_message
        self.client.on_subscribe = self.on_subscribe

    def run(self):
        watch_threads(self)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Problem(f"--folder {self.folder}: {error.strerror}") from error
        connect(self.client, self.options)
        try:
            deadline = time.monotonic() + (self.options.timeout if self.options.once else math.inf)
            answer_by = time.monotonic() + CONNECT_LIMIT
            while not self.finished.wait(0.5):  # short: on Windows, Ctrl-C is only seen between two waits
                if time.monotonic() > deadline:
                    raise Problem(f"no picture came within {self.options.timeout:g} s")
                if not self.answered.is_set() and time.monotonic() > answer_by:
                    raise Problem(f"{self.options.broker} does not answer as an MQTT broker within {CONNECT_LIMIT} s"
                                  f"{tls_hint(self.options)}")
        finally:
            self.client.disconnect()
            self.client.loop_stop()
        if self.problem:
            raise Problem(self.problem)

    def end(self, problem=None):
        self.problem = self.problem or problem
        self.finished.set()

    def on_connect(self, client, _userdata, _flags, code, *_properties):
        self.answered.set()
        value = getattr(code, "value", code)  # MQTT 5 has objects, 3.1.1 with paho 1 numbers
        if value != 0:
            sentence = f"{self.options.broker} refuses the connection: {refusal(value, code, self.options)}"
            # What was accepted before will be again: what checks the broker's logins may be starting.
            return print(f"{sentence}; trying again", file=sys.stderr, flush=True) if self.has_sent else self.end(sentence)
        client.subscribe([(self.options.pictures, 1), (self.options.readings, 1), (f"{self.device}/response", 1)])

    def on_subscribe(self, client, _userdata, _mid, codes, *_properties):
        denied = [code for code in codes if (code.value if hasattr(code, "value") else code) >= 0x80]
        if denied:
            print("the broker does not allow one of the topics; its access list says which", file=sys.stderr)
        print(f"connected to {self.options.broker}", flush=True)
        if self.has_sent:  # a reconnect is no reason to start again
            return
        self.has_sent = True
        topic = f"{self.device}/command" if self.options.device else "command"
        for payload in self.waiting.values():
            client.publish(topic, json.dumps(payload), 1)

    def on_disconnect(self, _client, _userdata, *details):
        if self.finished.is_set() or not any(details):
            return
        if not self.answered.is_set():
            return self.end(f"{self.options.broker} closes the connection instead of answering{tls_hint(self.options)}")
        print("the connection is lost; trying again", file=sys.stderr, flush=True)

    def on_message(self, _client, _userdata, message):
        if mqtt.topic_matches_sub(f"{self.device}/response", message.topic):
            self.show_reply(message.payload)
        elif mqtt.topic_matches_sub(self.options.pictures, message.topic):
            self.take_picture(message)
        else:
            text = printable(message.payload.decode("utf-8", "replace"))
            print(f"{datetime.now():%H:%M:%S} {message.topic} {text}", flush=True)

    def show_reply(self, payload):
        reply = decoded(payload)
        payload = self.waiting.get(str(reply.get("transaction")))
        if payload is None:
            return
        word = payload["command"]
        if reply.get("status") == "ok":
            print(f"{word}: done", flush=True)
        else:
            print(printable(f"{word}: {reply.get('code')}: {reply.get('error')}"), file=sys.stderr, flush=True)
            if self.options.once:
                self.end(f"{word} failed")

    def take_picture(self, message):
        properties = user_properties(message)
        try:
            path = save(self.folder, file_name(properties.get("time")), message.payload)
        except OSError as error:
            return self.end(f"the picture cannot be saved: {error}")
        if path.suffix == ".incomplete":
            print(f"a picture of {len(message.payload)} bytes is incomplete; kept as {path}", file=sys.stderr, flush=True)
            return None
        print(f"{path} ({len(message.payload)} bytes)", flush=True)
        # Without properties (MQTT 3.1.1) any picture may be the one that was requested, but one from before.
        is_foreign = self.requested and (message.retain or (properties and properties.get("transaction") not in self.requested))
        return self.end() if self.options.once and not is_foreign else None


def discard_output():
    """After a failure to write: what still waits to be written would make Python complain at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def watch_threads(program):
    """What goes wrong in a thread calls program.end(): without its MQTT thread, the program would wait for ever."""
    def failed(details):
        if issubclass(details.exc_type, Problem):
            return program.end(str(details.exc_value))
        if not issubclass(details.exc_type, BrokenPipeError):
            threading.__excepthook__(details)
            return program.end("this is a fault of the program; please report the lines above")
        discard_output()
        return program.end("standard output is closed")
    threading.excepthook = failed
    sys.stdout.reconfigure(errors="backslashreplace")  # a console or file of Windows may not have every character


def make_client(options):
    """A client for --broker and the login, not connected yet."""
    version = {"callback_api_version": mqtt.CallbackAPIVersion.VERSION2} if hasattr(mqtt, "CallbackAPIVersion") else {}
    url = urlsplit(options.broker)
    client = mqtt.Client(client_id="", protocol=PROTOCOLS[options.protocol],
                         transport="websockets" if url.scheme in ("ws", "wss") else "tcp", **version)
    if url.scheme in ("ws", "wss"):
        client.ws_set_options(path=url.path or "/mqtt")
    if url.scheme in TLS:
        use_tls(client, options)
    if options.user:
        client.username_pw_set(options.user, read_password(options))
    return client


def use_tls(client, options):
    files = {"--ca": options.ca, "--cert": options.cert, "--key": options.key}
    for option, path in files.items():
        if path:
            readable(option, path)
    try:
        client.tls_set(ca_certs=files["--ca"], certfile=files["--cert"], keyfile=files["--key"], cert_reqs=ssl.CERT_REQUIRED)
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        given = ", ".join(f"{option} {path}" for option, path in files.items() if path)
        raise Problem(f"{given}: not a certificate or key in PEM form, or they do not belong together: {error}") from error


def connect(client, options):
    """Starts the client's thread, too; from now on it reconnects by itself."""
    url = urlsplit(options.broker)
    try:
        client.connect(url.hostname, url.port or PORTS[url.scheme])
    except (OSError, ValueError) as error:  # ValueError: a name that is none, or an HTTP answer instead of a websocket
        raise Problem(f"{options.broker} cannot be reached: {error}{tls_hint(options, error)}") from error
    client.loop_start()


def tls_hint(options, error=None):
    if isinstance(error, ssl.SSLCertVerificationError):
        return "; --ca names the CA that signed the broker's certificate, which must be for this name"
    if urlsplit(options.broker).scheme in TLS:
        return "; is this port without TLS (mqtt, ws)?" if isinstance(error, ssl.SSLError) else ""
    return "" if error and not isinstance(error, ConnectionResetError) else "; does this port want TLS (mqtts, wss)?"


def refusal(value, code, options):
    reason = mqtt.connack_string(value) if isinstance(code, int) else str(code)
    if value in WRONG_LOGIN and not options.user:
        return f"{reason}; it asks for --user and a password (--password-file, or $MQTT_PASSWORD)"
    if value in WRONG_LOGIN:
        return f"{reason}; look at --user and at the password in {options.password_file or '$MQTT_PASSWORD'}"
    if value in WRONG_VERSION:
        return f"{reason}; try --protocol {'3.1.1' if options.protocol == '5' else '5'}"
    return reason


def readable(option, path):
    """The file's bytes."""
    try:
        return pathlib.Path(path).read_bytes()
    except OSError as error:
        raise Problem(f"{option} {path}: {error.strerror}") from error


def read_password(options):
    """The first line. Windows PowerShell 5 writes UTF-16 with '>', and some editors put a byte order mark in front."""
    if not options.password_file:
        return os.environ.get("MQTT_PASSWORD", "")
    data = readable("--password-file", options.password_file)
    try:
        text = data.decode("utf-16" if data[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise Problem(f"--password-file {options.password_file}: not text in UTF-8") from error
    return text.splitlines()[0] if text else ""


def broker_url(text):
    url = urlsplit(text if "://" in text else f"mqtt://{text}")
    try:
        is_good = url.scheme in PORTS and url.hostname and url.port != 0
    except ValueError:  # a port that is no number, or above 65535
        is_good = False
    if not is_good:
        raise argparse.ArgumentTypeError(f"'{text}' is not a broker; write for example mqtt://raspberrypi or mqtts://broker.example:8883")
    return url.geturl()


def seconds(text):
    try:
        value = float(text)
    except ValueError:
        value = 0
    if not 0 < value <= 1e6:
        raise argparse.ArgumentTypeError(f"'{text}' is not a number of seconds, at most 1000000")
    return value


def topic_filter(text):
    levels = text.split("/")
    if not text or "#" in levels[:-1] or any(len(level) > 1 and re.search("[+#]", level) for level in levels):
        raise argparse.ArgumentTypeError(f"'{text}' is not a topic; + may stand for one level, # at the end for all others")
    return text


def base_topic(text):
    if re.search("[+#]", text):
        raise argparse.ArgumentTypeError(f"'{text}' has a wildcard; write {{id}} for the device")
    return text


def device_id(text):
    if not re.fullmatch("[A-Za-z0-9_-]*", text):
        raise argparse.ArgumentTypeError(f"'{text}' is not a device.id, which has letters, digits, '_' and '-'")
    return text


def no_number(name):
    """NaN and Infinity, which JSON does not have."""
    raise ValueError(name)


def commands(words):
    """The JSON commands that the words make: `start`, `capture width=640 count=3`, or an object as it stands."""
    found = []
    for word in words:
        name, equals, value = word.partition("=")
        if word.startswith("{"):
            try:
                payload = json.loads(word, parse_constant=no_number)
                if not isinstance(payload.get("command"), str):
                    raise ValueError
            except (ValueError, AttributeError, RecursionError):
                raise Problem(f"{word} is not a JSON object with a \"command\"; some shells remove the quotes: write for example "
                              "capture width=640") from None
            found.append(payload)
        elif equals and found:
            try:
                found[-1][name] = json.loads(value, parse_constant=no_number)
            except (ValueError, RecursionError):
                found[-1][name] = value
        elif equals:
            raise Problem(f"{word} stands in front of every command; write for example capture width=640")
        else:
            found.append({"command": word})
    return found


def add_broker_options(parser):
    """Where the agents are; make_client() and connect() take them."""
    parser.add_argument("--broker", type=broker_url, default="mqtt://localhost",
                        help="mqtt, mqtts, ws or wss://HOST[:PORT] (default: %(default)s)")
    parser.add_argument("--user", default="", help="the password comes from --password-file, or from $MQTT_PASSWORD")
    parser.add_argument("--password-file")
    parser.add_argument("--ca", metavar="FILE", help="the CA that signed the broker's certificate; without it, the system's")
    parser.add_argument("--cert", metavar="FILE", help="a client certificate")
    parser.add_argument("--key", metavar="FILE", help="its key")
    parser.add_argument("--base", type=base_topic, default="edge/{id}", metavar="TOPIC",
                        help="topics.base of the agents, {id} for the device (default: %(default)s)")
    parser.add_argument("--pictures", type=topic_filter, default="jpeg", metavar="TOPIC", help="default: %(default)s")


def main():
    parser = argparse.ArgumentParser(description="Prints the readings and saves the pictures of pi-edge-agent.")
    parser.add_argument("commands", nargs="*", metavar="command",
                        help="start, stop, capture or another command, sent once at the beginning; its options behind it: "
                             "capture width=1280 height=720")
    add_broker_options(parser)
    parser.add_argument("--device", type=device_id, default="",
                        help="send the commands to this device alone; without it, all carry them out")
    parser.add_argument("--folder", default="pictures", help="where the pictures go (default: %(default)s)")
    parser.add_argument("--once", action="store_true", help="end after the first picture")
    parser.add_argument("--timeout", type=seconds, default=30, help="with --once: give up after so many seconds (default: %(default)s)")
    parser.add_argument("--readings", type=topic_filter, default="room/temp", metavar="TOPIC", help="default: %(default)s")
    parser.add_argument("--protocol", choices=PROTOCOLS, default="5", help="3.1.1 for a broker without MQTT 5 (default: %(default)s)")
    options = parser.parse_args()
    try:
        options.commands = commands(options.commands)
        Receiver(options).run()
    except Problem as problem:
        sys.exit(str(problem))
    except KeyboardInterrupt:
        print()


if __name__ == "__main__":
    main()
