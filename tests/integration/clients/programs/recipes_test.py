# SPDX-License-Identifier: MIT
"""docs/recipes with the real programs. Debian has collectd, InfluxDB and a YAML parser (apt install --no-install-recommends
collectd-core influxdb python3-yaml); Node-RED comes from the npm registry: EDGE_NODE_RED names the folder in which
`npm install node-red` was run. Exit code 77: something was missing, so not everything ran; what did run passed."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request

from PIL import Image

from support import PATIENCE, Agent, AgentCase, Client, decoded, die_with_parent, free_port

RECIPES = os.path.abspath(f"{os.path.dirname(__file__)}/../../../../docs/recipes")
YAML = "/usr/lib/python3/dist-packages/yaml/__init__.py"
NODE_RED = f"{os.environ.get('EDGE_NODE_RED', '')}/node_modules/node-red/red.js"
DID_NOT_RUN = 77
ABSENT = []


def needs(*programs):
    """Decorates a test case that takes these programs, or files with an absolute path."""
    missing = [program for program in programs if not (shutil.which(program) or os.path.isfile(program))]
    if missing:
        ABSENT.append(", ".join(missing))
    return unittest.skipIf(missing, f"{', '.join(missing)} missing")


def block(page, language):
    text = pathlib.Path(f"{RECIPES}/{page}.md").read_text(encoding="utf-8")
    return re.search(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)[1]


def written(page, path):
    """What the recipe writes into the file `path` with tee."""
    text = pathlib.Path(f"{RECIPES}/{page}.md").read_text(encoding="utf-8")
    return re.search(rf"^sudo tee (?:-a )?{re.escape(path)} <<'END'\n(.*?)^END$", text, re.MULTILINE | re.DOTALL)[1]


def until(condition, failure):
    """Files and other programs' answers send no event."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"{failure() if callable(failure) else failure} within {PATIENCE} s")
        time.sleep(0.1)


class RecipeCase(AgentCase):
    def setUp(self):
        super().setUp()
        self.folder = tempfile.mkdtemp(prefix="edge-recipe-")
        self.addCleanup(shutil.rmtree, self.folder, True)

    def write(self, name, text):
        path = pathlib.Path(self.folder, name)
        path.write_text(text, encoding="utf-8")
        return path

    def run_program(self, *command, environment=None):
        log = open(f"{self.folder}/log", "ab")
        self.addCleanup(log.close)
        process = subprocess.Popen(command, cwd=self.folder, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                                   preexec_fn=die_with_parent, env=os.environ | (environment or {}))
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)
        return process

    def log(self):
        return pathlib.Path(f"{self.folder}/log").read_text(encoding="utf-8", errors="replace")[-6000:]


class Class(RecipeCase):
    def test_each_agent_has_its_own_topics_and_all_obey_the_teacher(self):
        for team in ("team-7", "team-8"):
            agent = Agent(self.broker, device=team)
            self.addCleanup(agent.close)
            os.mkdir(f"{agent.directory}/agent.d")
            text = written("class", "/etc/pi-edge-agent/agent.d/class.toml").replace("team-7", team)
            pathlib.Path(f"{agent.directory}/agent.d/class.toml").write_text(text, encoding="utf-8")
            agent.start()
        self.client.publish("edge/team-7/command", "start")
        self.client.wait("class/team-7/temp", count=2)
        self.assertEqual(self.client.on("class/team-8/temp"), [])
        self.client.publish("class/command", "capture")
        for team in ("team-7", "team-8"):
            self.client.wait(f"class/{team}/jpeg")
            self.client.wait(f"edge/{team}/response", lambda m: decoded(m)["command"] == "capture")


class NodeRedCase(RecipeCase):
    def run_flow(self, flow):
        """Returns the port of Node-RED's pages."""
        port = free_port()
        self.write("flows.json", flow.replace('"raspberrypi"', '"127.0.0.1"').replace('"1883"', f'"{self.broker.port}"'))
        self.run_program("node", NODE_RED, "--userDir", self.folder, "--port", str(port), "-D", "uiHost=127.0.0.1", "flows.json")
        return port


@needs("node", NODE_RED)
class NodeRed(NodeRedCase):
    def test_buttons_readings_and_pictures(self):
        # Shows on the console what the debug sidebar would get.
        port = self.run_flow(block("node-red", "json").replace('"tosidebar": true', '"tosidebar": false, "console": true'))
        self.broker.wait_for_subscription("jpeg")
        self.broker.wait_for_subscription("edge/+/sensor/+")

        def press(button):
            request = urllib.request.Request(f"http://127.0.0.1:{port}/inject/{button}", data=b"", method="POST")
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                self.assertEqual(answer.status, 200)

        press("edge-start")
        self.client.wait("command", lambda m: m.payload == b"start")
        until(lambda: "value:" in self.log() and "unit: '°C'" in self.log(), self.log)
        press("edge-capture")
        self.client.wait("jpeg")
        until(lambda: os.path.exists(f"{self.folder}/picture.jpg") and self.is_whole("picture.jpg"), self.log)
        with Image.open(f"{self.folder}/picture.jpg") as image:
            self.assertEqual(image.size, (1280, 720))

    def is_whole(self, name):
        data = pathlib.Path(self.folder, name).read_bytes()
        return data[:2] == b"\xff\xd8" and data[-2:] == b"\xff\xd9"


class Greenhouse:
    """The agent of the recipe about rules, whose sensor reads what set_temperature wrote. There is no GPIO chip: what the rules send
    is seen at the broker."""

    FAN = "edge/garden/gpio/fan/set"

    def start_greenhouse(self, extra=""):
        self.set_temperature(25)
        sensor = f'[[sensor]]\nname = "room"\ntype = "file"\ndevice = "{self.folder}/temperature"\n'
        agent = Agent(self.broker, device="garden")
        self.addCleanup(agent.close)
        os.mkdir(f"{agent.directory}/agent.d")
        recipe = written("rules", "/etc/pi-edge-agent/agent.d/fan.toml").replace('"10s"', '"200ms"')
        pathlib.Path(f"{agent.directory}/agent.d/fan.toml").write_text(f"{recipe}\n{sensor}\n{extra}", encoding="utf-8")
        return agent.start()

    def set_temperature(self, degrees):
        self.write("new", f"{degrees}\n").rename(f"{self.folder}/temperature")

    def read_twice(self, degrees):
        """Returns when two readings of this temperature have been published since now: the first one has then been dealt with."""
        before = len(self.client.on("edge/garden/sensor/room", lambda m: decoded(m)["value"] == degrees))
        self.set_temperature(degrees)
        self.client.wait("edge/garden/sensor/room", lambda m: decoded(m)["value"] == degrees, count=before + 2)


@needs("node", NODE_RED)
class NodeRedRule(Greenhouse, NodeRedCase):
    def run_rule(self, silence='"5", "units": "min"'):
        """Before the agent: Node-RED then sees all of it in order."""
        self.run_flow(block("rules", "json").replace('"5", "units": "min"', silence))
        self.broker.wait_for_subscription("edge/garden/sensor/room")
        self.broker.wait_for_subscription("edge/garden/status")
        return self.start_greenhouse()

    def sent(self, *expected):
        """Waits until the rule has sent as many commands, and compares them."""
        self.client.wait(self.FAN, count=len(expected))
        self.assertEqual([m.payload.decode() for m in self.client.on(self.FAN)], list(expected))

    def test_a_fan_with_two_limits(self):
        agent = self.run_rule()
        self.sent("OFF")
        self.set_temperature(30.5)
        self.sent("OFF", "ON")
        self.read_twice(29.5)
        self.set_temperature(27.5)
        self.sent("OFF", "ON", "OFF")
        self.read_twice(29.5)
        self.set_temperature(30.5)
        self.sent("OFF", "ON", "OFF", "ON")
        agent.stop()
        agent.start()
        self.sent("OFF", "ON", "OFF", "ON", "ON")

    def test_the_fan_runs_when_readings_stop(self):
        agent = self.run_rule('"5", "units": "s"')
        self.sent("OFF")
        agent.stop()
        self.sent("OFF", "ON")


@needs(YAML)
class HomeAssistantRule(Greenhouse, RecipeCase):
    """Evaluates the automation as docs/scripts/conditions of Home Assistant says: above and below exclude the limit itself."""

    def setUp(self):
        super().setUp()
        import yaml  # only here: not every machine has it

        self.rule = yaml.safe_load(block("rules", "yaml"))

    def holds(self, condition, states, trigger):
        state = states.get(condition.get("entity_id"))
        if condition["condition"] == "trigger":
            return trigger == condition["id"]
        if condition["condition"] == "state":
            return state == condition["state"]
        self.assertEqual(condition["condition"], "numeric_state")
        try:
            return condition.get("below", float("inf")) > float(state) > condition.get("above", float("-inf"))
        except ValueError:
            return False

    def action(self, temperature, fan, trigger=None):
        states = {"sensor.garden_sensor_room": str(temperature), "switch.garden_gpio_fan": fan}
        [step] = self.rule["actions"]
        for branch in step["choose"]:
            if all(self.holds(condition, states, trigger) for condition in branch["conditions"]):
                [action] = branch["sequence"]
                self.assertEqual(action["target"], {"entity_id": "switch.garden_gpio_fan"})
                return action["action"]
        return None

    def test_a_fan_with_two_limits(self):
        for temperature, fan, expected in (
                (30.5, "off", "switch.turn_on"), (30.5, "on", None), (30, "off", None), (29.5, "on", None), (29.5, "off", None),
                (28, "on", None), (27.5, "on", "switch.turn_off"), (27.5, "off", None), ("unavailable", "on", None),
                ("unavailable", "off", None), (30.5, "unavailable", None)):
            with self.subTest(f"{temperature}, fan {fan}"):
                self.assertEqual(self.action(temperature, fan), expected)

    def test_the_fan_runs_when_readings_stop(self):
        [trigger] = [trigger for trigger in self.rule["triggers"] if "id" in trigger]
        self.assertEqual(self.action("unavailable", "off", trigger["id"]), "switch.turn_on")

    def test_its_entities_are_those_that_the_agent_announces(self):
        self.start_greenhouse("[home_assistant]\nenabled = true\n")
        announcement = decoded(self.client.wait("homeassistant/device/garden/config"))
        announced = {component.get("default_entity_id") for component in announcement["cmps"].values()}
        self.assertLessEqual({trigger["entity_id"] for trigger in self.rule["triggers"]}, announced)


@needs("collectd", "influxd", "mosquitto_sub")
class Collectd(RecipeCase):
    def test_readings_arrive_in_influxdb(self):
        if os.geteuid() != 0:
            self.skipTest("collectd changes the user of the program it runs")
        udp, http, rpc = free_port(), free_port(), free_port()
        os.chmod(self.folder, 0o755)
        influx = written("grafana", "/etc/influxdb/influxdb.conf").replace("8089", str(udp))
        self.write("influxdb.conf", f"""reporting-disabled = true
bind-address = "127.0.0.1:{rpc}"
[meta]
dir = "{self.folder}/meta"
[data]
dir = "{self.folder}/data"
wal-dir = "{self.folder}/wal"
[http]
bind-address = "127.0.0.1:{http}"
log-enabled = false
{influx}""")
        script = written("grafana", "/usr/local/bin/edge-readings").replace("-h localhost -u class -P a-long-word",
                                                                            f"-h 127.0.0.1 -p {self.broker.port}")
        self.write("edge-readings", script).chmod(0o755)
        config = written("grafana", "/etc/collectd/collectd.conf").replace("8089", str(udp)).replace(
            "/usr/local/bin/edge-readings", f"{self.folder}/edge-readings")
        self.write("collectd.conf", f'BaseDir "{self.folder}"\nPIDFile "{self.folder}/pid"\nTypesDB "/usr/share/collectd/types.db"\n'
                                    f"Interval 1\n{config}")
        self.run_program("influxd", "-config", f"{self.folder}/influxdb.conf")
        until(lambda: f"127.0.0.1:{udp}" in self.log() or "Started listening on UDP" in self.log(), self.log)
        self.run_program("collectd", "-f", "-C", f"{self.folder}/collectd.conf")
        self.broker.wait_for_subscription("room/temp")
        self.client.command("start")
        expected = int(self.client.wait("room/temp", count=2).payload)
        query = re.search(r"-execute '(.*?)'", pathlib.Path(f"{RECIPES}/grafana.md").read_text(encoding="utf-8"))[1]

        def stored():
            address = f"http://127.0.0.1:{http}/query?" + urllib.parse.urlencode({"db": "edge", "q": query})
            try:
                with urllib.request.urlopen(address, timeout=PATIENCE) as answer:
                    result = json.load(answer)["results"][0]
            except urllib.error.URLError:
                return None
            return result.get("series")
        until(stored, self.log)
        [series] = stored()
        values = [dict(zip(series["columns"], row)) for row in series["values"]]
        self.assertLessEqual(abs(values[0]["value"] - expected), 10)
        self.assertEqual((values[0]["host"], values[0]["instance"]), ("garden", "room"))


@needs("ffmpeg")
class Mediamtx(RecipeCase):
    """ffmpeg's test picture stands for the stream of mediamtx."""

    def test_pictures_from_frames_that_ffmpeg_writes(self):
        unit = written("mediamtx", "/etc/systemd/system/edge-frames.service")
        command = re.search(r"^ExecStart=(.*)$", unit, re.MULTILINE)[1]
        source = "-re -f lavfi -i testsrc=size=1280x720:rate=10"
        command = command.replace("-rtsp_transport tcp -i rtsp://localhost:8554/cam", source).replace("/run/edge-frames", self.folder)
        self.run_program(*command.split())
        until(lambda: os.path.exists(f"{self.folder}/frame.jpg"), self.log)
        config = written("mediamtx", "/etc/pi-edge-agent/agent.d/frames.toml").replace("/run/edge-frames", self.folder)
        agent = Agent(self.broker, device="frames")
        self.addCleanup(agent.close)
        os.mkdir(f"{agent.directory}/agent.d")
        pathlib.Path(f"{agent.directory}/agent.d/frames.toml").write_text(config, encoding="utf-8")
        agent.start()
        with Client(self.broker, "jpeg", "edge/frames/response") as client:
            client.publish("edge/frames/command", '{"command":"capture","width":1280,"height":720,"count":3,"every":"1s"}')
            pictures = [bytes(client.wait("jpeg", count=number).payload) for number in (1, 2, 3)]
        self.assertEqual(len(set(pictures)), 3, "each picture is another frame")


@needs("ffmpeg", "ffprobe")
class Timelapse(RecipeCase):
    EXTRA = RecipeCase.EXTRA + '\n[archive]\nmax_size = "64MiB"\nmin_free = "0MiB"\n'

    def frames_of(self, command):
        self.run_program("sh", "-c", f"cd {self.folder} && exec {command}").wait(PATIENCE)
        probe = ["ffprobe", "-v", "error", "-count_frames", "-show_entries", "stream=codec_name,width,height,nb_read_frames", "-of",
                 "csv=p=0", f"{self.folder}/garden.mp4"]
        return subprocess.run(probe, capture_output=True, text=True, check=False).stdout.strip()

    def test_a_video_of_received_pictures_and_of_the_archive(self):
        with open(f"{RECIPES}/timelapse.md", encoding="utf-8") as file:
            received, archived = re.findall("^ffmpeg -framerate .*$", file.read(), re.MULTILINE)
        reply = self.client.command({"command": "capture", "count": 30, "width": 640, "height": 480})
        self.assert_ok(reply, "capture")
        shutil.copytree(f"{self.agent.directory}/pictures/archive", f"{self.folder}/garden")
        day = decoded(self.client.on("edge/test-pi/image")[0])["time"][:10]
        self.assertEqual(self.frames_of(archived.replace("2026-11-20", day)), "h264,640,480,30")
        os.remove(f"{self.folder}/garden.mp4")
        os.mkdir(f"{self.folder}/pictures")
        for number, picture in enumerate(self.client.on("jpeg")):
            self.write(f"pictures/2026-11-20T09-30-{number:02}.123Z.jpg", "").write_bytes(picture.payload)
        self.assertEqual(self.frames_of(received), "h264,640,480,30")


if __name__ == "__main__":
    program = unittest.main(exit=False)
    if not program.result.wasSuccessful():
        sys.exit(1)
    if ABSENT:
        print(f"not everything ran; missing: {'; '.join(ABSENT)}")
        sys.exit(DID_NOT_RUN)
