# SPDX-License-Identifier: MIT
"""The C# program of docs/receivers.md with both of its libraries, compiled and used as on Windows: by mono, on a virtual display, with
the keyboard. Needs the libraries, which no Debian package contains: EDGE_DOTNET_LIBRARIES names a folder with M2Mqtt.Net.dll
and MQTTnet.dll. Exit code 77: did not run."""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

from PIL import ImageGrab

import certificates
from support import PATIENCE, AgentCase, Broker, die_with_parent

ROOT = os.path.abspath(f"{os.path.dirname(__file__)}/../../../..")
LIBRARIES = os.environ.get("EDGE_DOTNET_LIBRARIES", "")
DID_NOT_RUN = 77
SERIES = 150
# Each picture is 1.2 MB of pixels: a window that keeps them grows by 180 MB.
GROWTH_LIMIT = 90 << 20


def missing():
    """What it takes to run, as a sentence; "" where everything is there."""
    programs = [name for name in ("mcs", "mono", "Xvfb", "xdotool") if not shutil.which(name)]
    if programs:
        return (f"{', '.join(programs)} missing: apt install mono-mcs mono-runtime libmono-system-windows-forms4.0-cil "
                "libmono-btls-interface4.0-cil xvfb xdotool")
    if not LIBRARIES:
        return "EDGE_DOTNET_LIBRARIES names no folder with M2Mqtt.Net.dll and MQTTnet.dll"
    files = [name for name in ("M2Mqtt.Net.dll", "MQTTnet.dll") if not os.path.exists(f"{LIBRARIES}/{name}")]
    return f"{LIBRARIES} has no {', '.join(files)}" if files else ""


def source(first_line):
    """The block of docs/receivers.md that begins with this comment."""
    text = pathlib.Path(f"{ROOT}/docs/receivers.md").read_text(encoding="utf-8")
    [block] = [block for block in re.findall(r"^```csharp\n(.*?)^```", text, re.MULTILINE | re.DOTALL) if block.startswith(first_line)]
    return block


def until(condition, failure):
    """A window sends no event to this program."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"{failure} within {PATIENCE} s")
        time.sleep(0.05)


class Display:
    def __init__(self):
        read, write = os.pipe()
        self.process = subprocess.Popen(["Xvfb", "-displayfd", str(write), "-screen", "0", "1000x800x24", "-nolisten", "tcp"],
                                        pass_fds=[write], stderr=subprocess.DEVNULL, preexec_fn=die_with_parent)
        os.close(write)
        with os.fdopen(read) as pipe:
            self.name = ":" + pipe.readline().strip()

    def close(self):
        self.process.terminate()
        self.process.wait()


class Window:
    """The program on a display of its own."""

    def __init__(self, program, port):
        self.display = Display()
        self.environment = os.environ | {"DISPLAY": self.display.name}
        self.process = subprocess.Popen(["mono", program, "127.0.0.1", str(port)], env=self.environment, preexec_fn=die_with_parent)
        self.handle = self.xdotool("search", "--sync", "--onlyvisible", "--name", "pi-edge receiver").split()[0]
        self.xdotool("windowfocus", "--sync", self.handle)

    def xdotool(self, *arguments):
        return subprocess.run(["xdotool", *arguments], env=self.environment, check=True, capture_output=True, text=True,
                              timeout=PATIENCE).stdout

    def press(self, *keys):
        self.xdotool("key", "--window", "0", *keys)

    def type(self, text):
        self.xdotool("type", "--delay", "1", text)

    def colours(self):
        """Those of a good part of the window."""
        image = ImageGrab.grab(xdisplay=self.display.name)
        return {colour for count, colour in image.getcolors(1 << 24) if count > 10000}

    def memory(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) << 10

    def close(self):
        self.process.kill()
        self.process.wait()
        self.display.close()


class Program:
    LIBRARY = ""
    LINK = ""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.folder = tempfile.mkdtemp(prefix="edge-windows-")
        cls.addClassCleanup(shutil.rmtree, cls.folder, True)
        shutil.copy(f"{LIBRARIES}/{cls.LIBRARY}", cls.folder)
        for name, first_line in (("Receiver.cs", "// Receiver.cs"), ("Link.cs", cls.LINK)):
            pathlib.Path(cls.folder, name).write_text(source(first_line), encoding="utf-8")
        # Version 5 of C# is what Windows has without Visual Studio.
        subprocess.run(["mcs", "-langversion:5", "-out:Receiver.exe", f"-r:System.Windows.Forms.dll,System.Drawing.dll,{cls.LIBRARY}",
                        "Receiver.cs", "Link.cs"], cwd=cls.folder, check=True)

    def show(self, port):
        window = Window(f"{self.folder}/Receiver.exe", port)
        self.addCleanup(window.close)
        return window


class Plain(Program):
    def command(self, window, key, payload):
        """Presses again where the buttons were not enabled yet."""
        def arrives():
            window.press(key)
            self.client.wait_for_more(0.5)
            return self.client.on("command", lambda m: m.payload == payload and m.qos == 1)
        until(arrives, f"{payload} did not arrive")

    def test_buttons_send_commands_and_the_picture_is_shown(self):
        window = self.show(self.broker.port)
        before = window.colours()
        window.press("alt+o")
        self.broker.wait_for_subscription("jpeg")
        self.command(window, "alt+s", b"start")
        self.client.wait("room/temp", count=2)
        self.command(window, "alt+c", b"capture")
        self.client.wait("jpeg")
        until(lambda: len(window.colours() - before) >= 5, "the bars of the test picture are not shown")
        self.command(window, "alt+p", b"stop")

    def test_old_pictures_are_let_go(self):
        window = self.show(self.broker.port)
        window.press("alt+o")
        self.broker.wait_for_subscription("jpeg")
        self.client.publish("command", '{"command":"capture","count":20,"every":"100ms"}')
        self.client.wait("jpeg", count=20)
        before = window.memory()
        self.client.publish("command", f'{{"command":"capture","count":{SERIES},"every":"100ms"}}')
        self.client.wait("jpeg", count=20 + SERIES, timeout=60)
        self.assertLess(window.memory() - before, GROWTH_LIMIT)

    def test_it_goes_on_when_the_broker_was_away(self):
        window = self.show(self.broker.port)
        window.press("alt+o")
        self.broker.wait_for_subscription("jpeg")
        self.broker.stop()
        os.truncate(f"{self.broker.directory}/log", 0)
        self.broker.start()
        self.broker.wait_for_subscription("edge/+/response")
        self.broker.wait_for_subscription("jpeg")
        self.client = self.connect("command")
        self.command(window, "alt+c", b"capture")


class Tls(Program):
    def setUp(self):
        self.authority = certificates.Authority(f"{self.folder}/{self.id()}", certificates.RSA_KEY)
        certificate, key = self.authority.issue("127.0.0.1", key=certificates.RSA_KEY, kind="IP")  # mono knows no other
        passwords = f"{self.folder}/passwords"
        subprocess.run(["mosquitto_passwd", "-b", "-c", passwords, "operator", "sesame"], check=True, capture_output=True)
        os.chmod(passwords, 0o644)
        self.broker = Broker()
        path = f"{self.broker.directory}/mosquitto.conf"
        text = pathlib.Path(path).read_text(encoding="utf-8").replace("allow_anonymous true", "allow_anonymous false")
        pathlib.Path(path).write_text(f"{text}\npassword_file {passwords}\ncafile {self.authority.file}\ncertfile {certificate}\n"
                                      f"keyfile {key}\n", encoding="utf-8")
        self.broker.start()
        self.addCleanup(self.broker.close)

    def connect(self, ca, password):
        window = self.show(self.broker.port)
        window.press("alt+t", "Tab")
        window.type(str(ca))
        window.press("Tab")
        window.type("operator")
        window.press("Tab")
        window.type(password)
        window.press("alt+o")

    def log(self):
        return pathlib.Path(f"{self.broker.directory}/log").read_text(encoding="utf-8", errors="replace")

    def test_connects_with_the_ca_and_the_password(self):
        self.connect(self.authority.file, "sesame")
        self.broker.wait_for_subscription("jpeg")

    def test_refuses_a_broker_that_another_ca_signed(self):
        other = certificates.Authority(f"{self.folder}/other-{self.id()}", certificates.RSA_KEY)
        self.connect(other.file, "sesame")
        until(lambda: self.log().count("New connection from") >= 2, "it did not try again")
        self.assertNotIn("u'operator'", self.log())


class M2Mqtt:
    LIBRARY = "M2Mqtt.Net.dll"
    LINK = "// Link.cs for M2Mqtt"


class MqttNet:
    LIBRARY = "MQTTnet.dll"
    LINK = "// Link.cs for MQTTnet"


class M2MqttPlain(M2Mqtt, Plain, AgentCase):
    pass


class MqttNetPlain(MqttNet, Plain, AgentCase):
    pass


class M2MqttTls(M2Mqtt, Tls, unittest.TestCase):
    pass


class MqttNetTls(MqttNet, Tls, unittest.TestCase):
    pass


if __name__ == "__main__":
    if missing():
        print(f"did not run: {missing()}")
        sys.exit(DID_NOT_RUN)
    unittest.main()
