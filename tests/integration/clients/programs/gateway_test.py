# SPDX-License-Identifier: MIT
"""The gateway (scripts/clients/python/gateway.py) with the programs that use it: ffmpeg and curl. What an agent seldom does (no answer,
an error, frames of any size) a scripted agent does."""

import io
import json
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from PIL import Image

import certificates
from support import PATIENCE, AgentCase, Broker, Client, decoded, die_with_parent, free_port, raw_client

ROOT = os.path.abspath(f"{os.path.dirname(__file__)}/../../../..")
PROGRAM = ["/usr/bin/python3", "-B", f"{ROOT}/scripts/clients/python/gateway.py"]
# The same program with shorter times.
HASTY = [*PROGRAM[:2], "-c", "import gateway\ngateway.RENEWAL, gateway.RETRY, gateway.STALL, gateway.Handler.timeout = 1, 0, 3, 3\n"
         "gateway.main()"]


class Gateway:
    """The program at work, on a port of its own."""

    def __init__(self, broker, *options, command=PROGRAM, url=None, environment=None):
        self.log = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(
            [*command, "--broker", url or f"mqtt://127.0.0.1:{broker.port}", "--port", "0", *options], stdout=self.log,
            stderr=subprocess.STDOUT, preexec_fn=die_with_parent,
            env=os.environ | {"PYTHONPATH": f"{ROOT}/scripts/clients/python:{os.environ['PYTHONPATH']}"} | (environment or {}))

    def read_log(self):
        self.log.seek(0)
        return self.log.read()

    def ready(self, *agents):
        """Waits until these are online."""
        until(lambda: "connected to" in self.read_log() or self.process.poll() is not None, self.read_log)
        self.url = f"http://127.0.0.1:{re.search('port ([0-9]+)', self.read_log())[1]}"
        until(lambda: all(f"{agent} online" in self.get("/")[1].decode().splitlines() for agent in agents), self.read_log)
        return self

    def get(self, path):
        """Status and body."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=PATIENCE) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def stop(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        return self.process.wait(PATIENCE)

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.log.close()


class ScriptedAgent:
    """Obeys `capture` and `live` as the contract says. `answers[command]` is an error's sentence, or "" for no answer at all; `padding`
    makes its frames larger by so many bytes. Each frame has its number in a comment."""

    def __init__(self, broker, name="scripted", padding=0):
        self.name, self.padding = name, padding
        self.answers = {}
        self.commands, self.changed = [], threading.Condition()
        self.lease, self.number = None, 0
        self.paho = raw_client(name, mqtt.MQTTv5)
        self.paho.will_set(f"edge/{name}/status", "offline", 1, True)
        self.paho.on_connect = self._on_connect
        self.paho.on_message = self._on_message
        self.paho.reconnect_delay_set(1, 1)
        self.paho.connect("127.0.0.1", broker.port)
        self.paho.loop_start()
        self.is_closed = threading.Event()
        self.camera = threading.Thread(target=self._film, daemon=True)
        self.camera.start()

    def _on_connect(self, client, *_):
        client.subscribe(f"edge/{self.name}/command", 1)
        client.publish(f"edge/{self.name}/status", "online", 1, True)

    def _on_message(self, _client, _userdata, message):
        command = json.loads(message.payload)
        with self.changed:
            self.commands.append(command)
            self.changed.notify_all()
        answer = self.answers.get(command["command"])
        if answer == "":
            return
        reply = {"status": "ok", "command": command["command"], "data": {}, "transaction": command["transaction"]}
        if answer:
            reply |= {"status": "error", "code": "camera_unavailable", "error": answer}
        elif command["command"] == "capture":
            properties = Properties(PacketTypes.PUBLISH)
            properties.UserProperty = [("transaction", command["transaction"])]
            picture = jpeg(command.get("width", 64), command.get("height", 64), padding=self.padding)
            self.paho.publish("jpeg", picture, 1, False, properties)
        else:
            with self.changed:
                self.lease = None if command["for"] == "0s" else command
                self.changed.notify_all()
        self.paho.publish(f"edge/{self.name}/response", json.dumps(reply), 1)

    def _film(self):
        while not self.is_closed.is_set():
            with self.changed:
                self.changed.wait_for(lambda: self.lease, 0.2)
                lease = self.lease
            if lease:
                self.number += 1
                frame = jpeg(lease["width"], lease["height"], self.number, self.padding)
                self.paho.publish(f"edge/{self.name}/live", frame, 0)
                self.is_closed.wait(1 / lease["rate"])

    def wait_for(self, matches, count=1):
        def found():
            return [command for command in self.commands if matches(command)]
        with self.changed:
            if not self.changed.wait_for(lambda: len(found()) >= count, PATIENCE):
                raise AssertionError(f"command {count} of its kind did not arrive: {self.commands}")
            return found()[count - 1]

    def lives(self):
        with self.changed:
            return [command for command in self.commands if command["command"] == "live"]

    def end_lease(self):
        """As when another client ends it."""
        with self.changed:
            self.lease = None
        self.paho.publish(f"edge/{self.name}/camera/live", "OFF", 1, True).wait_for_publish()

    def close(self):
        self.is_closed.set()
        self.paho.publish(f"edge/{self.name}/status", "offline", 1, True)
        self.paho.disconnect()
        self.paho.loop_stop()


def is_lease(command):
    return command["command"] == "live" and command["for"] != "0s"


def is_end(command):
    return command["command"] == "live" and command["for"] == "0s"


def jpeg(width, height, number=0, padding=0):
    data = io.BytesIO()
    Image.new("RGB", (width, height), (number % 256, 80, 80)).save(data, "JPEG")
    comment = b"%010d" % number
    filling = b"".join(b"\xff\xfe" + (60002).to_bytes(2, "big") + bytes(60000) for _ in range(padding // 60000))
    return b"\xff\xd8\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment + filling + data.getvalue()[2:]


def until(condition, failure):
    """Other programs' logs send no event."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"{failure()} within {PATIENCE} s")
        time.sleep(0.05)


class Watcher:
    """An HTTP client of a stream that reads only when it is asked to."""

    def __init__(self, gateway, path, buffer=None):
        self.socket = socket.socket()
        if buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(("127.0.0.1", int(gateway.url.rsplit(":", 1)[1])))
        self.socket.sendall(f"GET {path} HTTP/1.1\r\nHost: gateway\r\n\r\n".encode())
        self.file = self.socket.makefile("rb")

    def frame(self):
        """The number of the next frame; None at the end of the stream."""
        length = 0
        while True:
            line = self.file.readline()
            if not line:
                return None
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
            if line == b"\r\n" and length:
                data = self.file.read(length)
                return int(data[6:16])

    def close(self):
        self.file.close()
        self.socket.close()


class GatewayCase(unittest.TestCase):
    def setUp(self):
        self.broker = Broker().start()
        self.addCleanup(self.broker.close)
        self.folder = tempfile.mkdtemp(prefix="edge-gateway-")
        self.addCleanup(shutil.rmtree, self.folder, True)

    def gateway(self, *options, agents=("scripted",), **more):
        gateway = Gateway(self.broker, *options, **more)
        self.addCleanup(gateway.close)
        return gateway.ready(*agents)

    def agent(self, *arguments, **options):
        agent = ScriptedAgent(self.broker, *arguments, **options)
        self.addCleanup(agent.close)
        return agent

    def watcher(self, *arguments, **options):
        watcher = Watcher(*arguments, **options)
        self.addCleanup(watcher.close)
        return watcher

    def curl(self, url):
        """Status and text."""
        done = subprocess.run(["curl", "-sS", "-m", str(PATIENCE), "-w", "\n%{http_code}", url], capture_output=True, text=True, check=True)
        text, status = done.stdout.rsplit("\n", 1)
        return int(status), text.strip()

    def ffmpeg(self, *options):
        subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-y", *options], cwd=self.folder, check=True, timeout=2 * PATIENCE)
        pictures = []
        for name in sorted(os.listdir(self.folder)):
            with Image.open(f"{self.folder}/{name}") as image:
                pictures.append(image.size)
        return pictures


class Snapshots(GatewayCase):
    def test_concurrent_clients_each_get_their_own_picture(self):
        self.agent()
        gateway = self.gateway()
        with ThreadPoolExecutor(16) as pool:
            widths = range(64, 64 + 40, 2)
            answers = list(pool.map(lambda width: gateway.get(f"/scripted/snapshot.jpg?width={width}"), widths))
        self.assertEqual([Image.open(io.BytesIO(body)).size[0] for _, body in answers], list(widths))

    def test_a_picture_of_another_command_is_not_taken(self):
        agent = self.agent()
        agent.answers["capture"] = ""
        gateway = self.gateway("--timeout", "1")
        with ThreadPoolExecutor(1) as pool:
            answer = pool.submit(gateway.get, "/scripted/snapshot.jpg")
            agent.wait_for(lambda command: command["command"] == "capture")
            with Client(self.broker, protocol=mqtt.MQTTv5) as other:
                other.publish("jpeg", jpeg(64, 64))
            self.assertEqual(answer.result()[0], 504)

    def test_a_slow_client_gets_the_whole_of_a_large_picture(self):
        self.agent(padding=20000000)
        gateway = self.gateway(command=HASTY)
        slow = self.watcher(gateway, "/scripted/snapshot.jpg", buffer=8192)
        line = b"x"
        length = 0
        while line != b"\r\n":
            line = slow.file.readline()
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        received, pace = 0, threading.Event()
        while piece := slow.file.read(200000):
            received += len(piece)
            pace.wait(0.05)  # for longer in all than the gateway waits for a client that takes nothing
        self.assertEqual(received, length)

    def test_errors_have_a_status_and_a_sentence(self):
        agent = self.agent()
        silent = self.agent("silent")
        silent.answers = {"capture": "", "live": ""}
        gateway = self.gateway("--timeout", "1", agents=("scripted", "silent"))
        agent.answers = {"capture": "the camera is unplugged", "live": "the camera is unplugged"}
        with Client(self.broker) as other:
            other.publish("edge/cellar/status", "offline", retain=True)
        until(lambda: b"cellar offline" in gateway.get("/")[1], gateway.read_log)
        for path, status, words in (
                ("/scripted/snapshot.jpg", 502, "the camera is unplugged"), ("/scripted/stream", 502, "the camera is unplugged"),
                ("/silent/snapshot.jpg", 504, "silent"), ("/silent/stream", 504, "silent"),
                ("/cellar/snapshot.jpg", 503, "offline"), ("/cellar/stream", 503, "offline"),
                ("/attic/snapshot.jpg", 404, "attic"), ("/attic/stream", 404, "attic"), ("/scripted/video", 404, "stream"),
                ("/scripted/snapshot.jpg?width=0", 400, "64"), ("/scripted/snapshot.jpg?width=65", 400, "even"),
                ("/scripted/snapshot.jpg?quality=101", 400, "100"), ("/scripted/snapshot.jpg?rate=1", 400, "rate"),
                ("/scripted/stream?rate=31", 400, "30"), ("/scripted/stream?rate=nan", 400, "30"),
                ("/scripted/stream?height=tall", 400, "height"), ("/scripted/stream?widht=64", 400, "width")):
            with self.subTest(path):
                found, text = self.curl(gateway.url + path)
                self.assertEqual(found, status, text)
                self.assertIn(words, text)
        silent.wait_for(is_end)

    def test_an_odd_address_is_answered(self):
        gateway = self.gateway(agents=())
        with socket.create_connection(("127.0.0.1", int(gateway.url.rsplit(":", 1)[1])), PATIENCE) as client:
            client.sendall(b"GET http://[/ HTTP/1.1\r\n\r\n")
            self.assertIn(b" 400 ", client.makefile("rb").readline())

    def test_it_survives_what_others_publish(self):
        agent = self.agent()
        gateway = self.gateway()
        with Client(self.broker) as other:
            for payload in (b"\xff", b"null", b"[1]", b'{"transaction":{}}', b"9" * 5000, b"[" * 100000):
                other.publish(f"edge/{agent.name}/response", payload)
        self.assertEqual(gateway.get("/scripted/snapshot.jpg")[0], 200, gateway.read_log())

    def test_a_time_against_caches_is_no_option(self):
        self.agent()
        gateway = self.gateway()
        self.assertEqual(gateway.get("/scripted/snapshot.jpg?1764287999000")[0], 200)
        self.assertEqual(gateway.get("/scripted/snapshot.jpg?width=64&1764287999000")[0], 200)


class Streams(GatewayCase):
    def test_ffmpeg_decodes_frames_and_its_end_ends_the_lease(self):
        agent = self.agent()
        gateway = self.gateway()
        url = f"{gateway.url}/scripted/stream?rate=20&width=320&height=240&quality=70"
        self.assertEqual(self.ffmpeg("-i", url, "-frames:v", "8", "frame%d.png"), [(320, 240)] * 8)
        lease = agent.wait_for(is_lease)
        self.assertEqual({key: lease[key] for key in ("rate", "width", "height", "quality")},
                         {"rate": 20, "width": 320, "height": 240, "quality": 70})
        agent.wait_for(is_end)
        self.assertEqual(len([command for command in agent.lives() if is_lease(command)]), 1)

    def test_the_lease_is_renewed_while_a_client_is_connected(self):
        agent = self.agent()
        watcher = self.watcher(self.gateway(command=HASTY), "/scripted/stream?rate=30")
        for _ in range(3):
            watcher.frame()
        agent.wait_for(is_lease, 3)
        self.assertEqual([command for command in agent.lives() if is_end(command)], [])
        watcher.close()
        agent.wait_for(is_end)

    def test_a_status_that_is_said_again_does_not_lose_the_lease(self):
        agent = self.agent()
        gateway = self.gateway()
        watcher = self.watcher(gateway, "/scripted/stream?rate=30")
        watcher.frame()
        agent.paho.publish("edge/scripted/status", "online", 1, True)
        agent.paho.publish("edge/later/status", "offline", 1, True)  # once this is known, so is the one before
        until(lambda: b"later" in gateway.get("/")[1], gateway.read_log)
        watcher.close()
        agent.wait_for(is_end)
        self.assertEqual(len([command for command in agent.lives() if is_lease(command)]), 1)

    def test_it_ends_when_nobody_reads_its_output(self):
        self.agent()
        with subprocess.Popen([*PROGRAM, "--broker", f"mqtt://127.0.0.1:{self.broker.port}", "--port", "0"], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, preexec_fn=die_with_parent) as process:
            gateway = SimpleNamespace(url=f"http://127.0.0.1:{re.search('port ([0-9]+)', process.stdout.readline())[1]}")
            self.assertIn("connected to", process.stdout.readline())
            until(lambda: urllib.request.urlopen(gateway.url, timeout=PATIENCE).read() == b"scripted online\n", lambda: "not online")
            process.stdout.close()
            watcher = self.watcher(gateway, "/scripted/stream")
            self.assertEqual(process.wait(PATIENCE), 1)
            watcher.close()
            error = process.stderr.read()
            self.assertIn("standard output", error)
            self.assertNotIn("Traceback", error)

    def test_a_picture_without_properties_is_found_by_its_description(self):
        agent = self.agent()
        agent.answers["capture"] = ""
        gateway = self.gateway()
        with ThreadPoolExecutor(1) as pool, Client(self.broker) as other:
            answer = pool.submit(gateway.get, "/scripted/snapshot.jpg")
            command = agent.wait_for(lambda command: command["command"] == "capture")
            picture = jpeg(64, 64)
            other.publish("jpeg", jpeg(80, 64))
            other.publish("jpeg", picture)
            other.publish("edge/scripted/image", json.dumps({"bytes": len(picture), "transaction": command["transaction"]}))
            self.assertEqual(answer.result(), (200, picture))

    def test_a_lease_that_another_client_ends_is_requested_again(self):
        agent = self.agent()
        watcher = self.watcher(self.gateway(), "/scripted/stream?rate=30")
        watcher.frame()
        agent.end_lease()
        agent.wait_for(is_lease, 2)
        self.assertIsNotNone(watcher.frame())

    def test_all_clients_share_one_live_view_of_the_largest_settings(self):
        agent = self.agent()
        gateway = self.gateway()
        small = self.watcher(gateway, "/scripted/stream?rate=30&width=64&height=64")
        small.frame()
        large = self.watcher(gateway, "/scripted/stream?rate=1&width=320&height=240")
        large.frame()
        lease = agent.wait_for(is_lease, 2)
        self.assertEqual((lease["rate"], lease["width"], lease["height"]), (30, 320, 240))
        large.close()
        lease = agent.wait_for(is_lease, 3)
        self.assertEqual((lease["rate"], lease["width"], lease["height"]), (30, 64, 64))
        self.assertEqual([command for command in agent.lives() if is_end(command)], [])
        small.close()
        agent.wait_for(is_end)

    def test_a_slow_client_delays_nobody_and_keeps_no_frames(self):
        agent = self.agent(padding=600000)
        gateway = self.gateway()
        slow = self.watcher(gateway, "/scripted/stream?rate=30", buffer=8192)
        fast = self.watcher(gateway, "/scripted/stream?rate=30")
        fast.frame()
        memory = resident(gateway.process.pid)
        numbers = [fast.frame() for _ in range(100)]
        self.assertLess(numbers[-1] - numbers[0], 150, "the fast one misses few of them")
        self.assertLess(resident(gateway.process.pid) - memory, 15 << 20, "100 frames have 60 MB")
        reached = numbers[-1]
        # What was on its way when it stopped to read; then the newest.
        late = [slow.frame() for _ in range(6)]
        self.assertGreater(late[-1], reached)
        self.assertLess(len([number for number in late if number < reached]), 6)
        self.assertEqual(agent.lives(), agent.lives()[:1])

    def test_a_client_that_takes_nothing_is_dropped(self):
        agent = self.agent(padding=600000)
        gateway = self.gateway(command=HASTY)
        self.watcher(gateway, "/scripted/stream?rate=30", buffer=8192)
        agent.wait_for(is_end)

    def test_a_stream_survives_a_restart_of_the_agent(self):
        agent = self.agent()
        gateway = self.gateway()
        watcher = self.watcher(gateway, "/scripted/stream?rate=30")
        watcher.frame()
        agent.close()
        until(lambda: b"scripted offline" in gateway.get("/")[1], gateway.read_log)
        again = self.agent()
        again.wait_for(is_lease)
        for _ in range(3):
            self.assertIsNotNone(watcher.frame())

    def test_a_stream_ends_when_no_frames_come(self):
        agent = self.agent()
        gateway = self.gateway(command=HASTY)
        watcher = self.watcher(gateway, "/scripted/stream?rate=30")
        watcher.frame()
        agent.close()
        while watcher.frame():
            pass
        self.assertEqual(gateway.get("/scripted/stream")[0], 503)

    def test_a_stream_survives_a_restart_of_the_broker(self):
        agent = self.agent()
        gateway = self.gateway()
        watcher = self.watcher(gateway, "/scripted/stream?rate=30")
        watcher.frame()
        self.broker.stop()
        until(lambda: gateway.get("/scripted/snapshot.jpg")[0] == 503, gateway.read_log)
        self.broker.start()
        agent.wait_for(is_lease, 2)
        for _ in range(30):
            self.assertIsNotNone(watcher.frame())
        self.assertEqual(gateway.get("/scripted/snapshot.jpg")[0], 200)


class Program(GatewayCase):
    def test_sigterm_ends_it_and_its_leases(self):
        agent = self.agent()
        for how in (signal.SIGTERM, signal.SIGINT):
            gateway = self.gateway()
            self.watcher(gateway, "/scripted/stream?rate=30").frame()
            self.assertEqual(gateway.stop(how), 0, gateway.read_log())
            agent.wait_for(is_end)
            agent.commands.clear()

    def test_a_broker_that_is_not_ready_is_tried_again(self):
        busy = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(busy.close)
        busy.settimeout(PATIENCE)
        gateway = Gateway(None, url=f"mqtt://127.0.0.1:{busy.getsockname()[1]}")
        self.addCleanup(gateway.close)
        for _ in range(2):
            connection, _ = busy.accept()
            with connection:
                connection.recv(1024)
                connection.sendall(b"\x20\x03\x00\x88\x00")  # CONNACK of MQTT 5: server unavailable
        self.assertEqual(gateway.stop(), 0, gateway.read_log())
        self.assertIn("refuses the connection", gateway.read_log())

    def test_a_broker_that_refuses_it_for_a_while_is_tried_again(self):
        agent = self.agent()
        gateway = self.gateway()
        for is_allowed in (False, True):
            self.broker.stop()
            self.broker.allow_anonymous(is_allowed)
            self.broker.start()
            if not is_allowed:
                until(lambda: "refuses the connection" in gateway.read_log(), gateway.read_log)
        until(lambda: gateway.get(f"/{agent.name}/snapshot.jpg")[0] == 200, gateway.read_log)

    def test_it_listens_on_this_machine_only(self):
        gateway = self.gateway(agents=())
        port = int(gateway.url.rsplit(":", 1)[1])
        with socket.socket() as here, socket.socket() as elsewhere:
            self.assertEqual(here.connect_ex(("127.0.0.1", port)), 0)
            self.assertNotEqual(elsewhere.connect_ex(("127.0.0.2", port)), 0)

    def test_it_ends_without_a_connection(self):
        gateway = self.gateway(agents=())
        self.broker.stop()
        until(lambda: "connection to the broker is lost" in gateway.read_log(), gateway.read_log)
        self.assertEqual(gateway.stop(), 0)

    def test_mistakes_are_explained(self):
        taken = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(taken.close)
        port = str(taken.getsockname()[1])
        for options, code, words in (
                (["--port", port], 1, port), (["--port", "80000"], 1, "80000"), (["--listen", "nowhere.invalid"], 1, "nowhere"),
                (["--broker", f"mqtt://127.0.0.1:{free_port()}"], 1, "cannot be reached"), (["--timeout", "soon"], 2, "soon"),
                (["--broker", f"mqtts://127.0.0.1:{self.broker.port}"], 1, "cannot be reached"),
                (["--broker", "http://127.0.0.1"], 2, "http"), (["--base", "garden"], 2, "{id}"), (["--base", "{id}/{id}"], 2, "once")):
            with self.subTest(options):
                done = subprocess.run([*PROGRAM, "--broker", f"mqtt://127.0.0.1:{self.broker.port}", "--port", "0", *options],
                                      capture_output=True, text=True, timeout=PATIENCE, check=False)
                self.assertEqual(done.returncode, code, done.stderr)
                self.assertIn(words, done.stderr)
                self.assertNotIn("Traceback", done.stderr)

    def test_the_list_of_agents_follows_their_status(self):
        self.agent("attic")
        cellar = self.agent("cellar")
        gateway = self.gateway(agents=("attic", "cellar"))
        cellar.close()
        until(lambda: gateway.get("/")[1] == b"attic online\ncellar offline\n", gateway.read_log)
        with Client(self.broker) as other:
            for name in ("cellar", "never"):
                other.publish(f"edge/{name}/status", "", retain=True)
        until(lambda: gateway.get("/")[1] == b"attic online\n", gateway.read_log)


class RealAgent(AgentCase):
    """With pi-edge-agent itself, whose camera draws a pattern."""

    def setUp(self):
        super().setUp()
        self.folder = tempfile.mkdtemp(prefix="edge-gateway-")
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.gateway = Gateway(self.broker)
        self.addCleanup(self.gateway.close)
        self.gateway.ready("test-pi")

    ffmpeg = GatewayCase.ffmpeg

    def test_ffmpeg_gets_a_picture(self):
        url = f"{self.gateway.url}/test-pi/snapshot.jpg?width=320&height=240&quality=80"
        self.assertEqual(self.ffmpeg("-i", url, "-frames:v", "1", "picture.png"), [(320, 240)])
        description = decoded(self.client.wait("edge/test-pi/image"))
        self.assertEqual((description["width"], description["quality"]), (320, 80))

    def test_ffmpeg_watches_the_live_view_and_its_end_ends_it(self):
        url = f"{self.gateway.url}/test-pi/stream?rate=10&width=320&height=240"
        self.assertEqual(self.ffmpeg("-i", url, "-frames:v", "5", "frame%d.png"), [(320, 240)] * 5)
        self.client.wait("edge/test-pi/camera/live", lambda m: m.payload == b"ON")
        self.client.until(lambda: self.client.on("edge/test-pi/camera/live")[-1].payload == b"OFF", "live view did not end")

    def test_a_picture_is_taken_during_live_view(self):
        with urllib.request.urlopen(f"{self.gateway.url}/test-pi/stream?rate=10", timeout=PATIENCE) as stream:
            stream.read(1000)
            status, body = self.gateway.get("/test-pi/snapshot.jpg?width=1280&height=720")
            self.assertEqual(status, 200)
            self.assertEqual(Image.open(io.BytesIO(body)).size, (1280, 720))
            stream.read(1000)

    def test_an_agent_that_has_stopped_is_offline(self):
        self.agent.stop()
        until(lambda: self.gateway.get("/test-pi/snapshot.jpg")[0] == 503, self.gateway.read_log)


class Secured(unittest.TestCase):
    def test_tls_user_and_password(self):
        folder = tempfile.mkdtemp(prefix="edge-gateway-")
        self.addCleanup(shutil.rmtree, folder, True)
        authority = certificates.Authority(folder)
        certificate, key = authority.issue("localhost")
        subprocess.run(["mosquitto_passwd", "-b", "-c", f"{folder}/passwords", "reader", "secret"], check=True, capture_output=True)
        port = free_port()
        broker = Broker(f"listener {port} 127.0.0.1\ncertfile {certificate}\nkeyfile {key}\nallow_anonymous false\n"
                        f"password_file {folder}/passwords\n", first="per_listener_settings true").start()
        self.addCleanup(broker.close)
        agent = ScriptedAgent(broker)
        self.addCleanup(agent.close)

        def gateway(*options, password="secret", url=f"mqtts://localhost:{port}"):
            made = Gateway(broker, *options, url=url, environment={"MQTT_PASSWORD": password})
            self.addCleanup(made.close)
            return made

        login = ("--ca", authority.file, "--user", "reader")
        self.assertEqual(gateway(*login).ready("scripted").get("/scripted/snapshot.jpg")[0], 200)
        for refused, words in ((gateway(*login, password="wrong"), "--user"), (gateway("--user", "reader"), "--ca"),
                               (gateway(*login, url=f"mqtt://localhost:{port}"), "mqtts")):
            self.assertEqual(refused.process.wait(PATIENCE), 1)
            self.assertIn(words, refused.read_log())
            self.assertNotIn("Traceback", refused.read_log())


def resident(pid):
    """Bytes of memory."""
    with open(f"/proc/{pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


if __name__ == "__main__":
    unittest.main()
