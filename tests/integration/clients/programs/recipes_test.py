# SPDX-License-Identifier: MIT
"""docs/recipes with the real programs. Debian has collectd and InfluxDB (apt install --no-install-recommends collectd-core influxdb);
Node-RED comes from the npm registry: EDGE_NODE_RED names the folder in which `npm install node-red` was run. Exit
code 77: something was missing, so not everything ran; what did run passed."""

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


@needs("node", NODE_RED)
class NodeRed(RecipeCase):
    def test_buttons_readings_and_pictures(self):
        flow = block("node-red", "json").replace('"raspberrypi"', '"127.0.0.1"').replace('"1883"', f'"{self.broker.port}"')
        self.write("flows.json", flow)
        port = free_port()
        # Shows on the console what the debug sidebar would get.
        self.write("flows.json", flow.replace('"tosidebar": true', '"tosidebar": false, "console": true'))
        self.run_program("node", NODE_RED, "--userDir", self.folder, "--port", str(port), "-D", "uiHost=127.0.0.1", "flows.json")
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
