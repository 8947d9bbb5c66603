# SPDX-License-Identifier: MIT
"""The viewer in a headless Chromium that can reach nothing but this machine, from a mosquitto that serves page and websockets."""

import atexit
import datetime
import functools
import json
import os
import subprocess
import tempfile
import unittest

from selenium import webdriver
from selenium.common.exceptions import NoSuchElementException, StaleElementReferenceException
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from support import PATIENCE, Agent, Broker, Client, free_port

ROOT = os.path.abspath(f"{os.path.dirname(__file__)}/../../..")
BUILD = f"{ROOT}/build/viewer"
SENSORS = ("room", "cpu", "damp", "air", "co2")
FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--disable-default-apps", "--no-proxy-server",
         "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]


@functools.cache
def build_viewer():
    subprocess.run([f"{ROOT}/scripts/clients/viewer/build", BUILD], check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


class ViewerBroker(Broker):
    """classroom-viewer.conf on a port and with a page of the test's own, beside a broker that asks for no password."""

    def __init__(self, changes):
        super().__init__()
        self.web_port = free_port()
        with open(f"{ROOT}/config/mosquitto/classroom-viewer.conf", encoding="utf-8") as file:
            snippet = file.read()
        user = "user root\n" if os.geteuid() == 0 else ""
        snippet += f"{user}listener {self.port} 127.0.0.1\nallow_anonymous true\nmax_packet_size 1000000\n"
        for old, new in {"listener 9001": f"listener {self.web_port} 127.0.0.1", "/usr/share/pi-edge-viewer": BUILD, **changes}.items():
            if old not in snippet:
                raise RuntimeError(f"config/mosquitto/classroom-viewer.conf has no {old!r}")
            snippet = snippet.replace(old, new)
        with open(f"{self.directory}/mosquitto.conf", "w", encoding="utf-8") as file:
            file.write(snippet)


@functools.cache
def chromium():
    """One for all tests of a run: its start takes longer than most tests. Their pages come from ports of their own, so that none sees what
    another one stored."""
    profile = tempfile.TemporaryDirectory(prefix="edge-browser-")
    atexit.register(profile.cleanup)
    options = Options()
    options.binary_location = "/usr/bin/chromium"
    for flag in FLAGS + [f"--user-data-dir={profile.name}", "--window-size=1200,1500"]:
        options.add_argument(flag)
    options.add_experimental_option("prefs", {"download.default_directory": f"{profile.name}/downloads"})
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)
    atexit.register(driver.quit)
    driver.set_page_load_timeout(PATIENCE)
    driver.downloads = f"{profile.name}/downloads"
    return driver


class Browser:
    """One page. Everything is found by id and waited for."""

    def __init__(self, language="en-US", width=1200, height=1500, dark=False):
        self.driver = chromium()
        self.driver.get_log("browser")  # of the test before
        self.cdp("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.cdp("Emulation.setUserAgentOverride", userAgent=self.driver.execute_script("return navigator.userAgent"),
                 acceptLanguage=language)
        self.set_dark(dark)

    def cdp(self, command, **parameters):
        return self.driver.execute_cdp_cmd(command, parameters)

    def set_dark(self, dark):
        self.cdp("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])

    def open(self, broker, query=""):
        self.driver.get(f"http://127.0.0.1:{broker.web_port}/{query}")

    def close(self):
        self.driver.get("about:blank")

    def find(self, selector):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def all(self, selector):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def text(self, selector):
        return self.driver.execute_script("return document.querySelector(arguments[0])?.textContent ?? ''", selector)

    def texts(self, selector):
        return self.driver.execute_script("return [...document.querySelectorAll(arguments[0])].map((e) => e.textContent)", selector)

    def attribute(self, selector, name):
        """Of an element that the page may be replacing."""
        return self.driver.execute_script("return document.querySelector(arguments[0])?.getAttribute(arguments[1])", selector, name)

    def until(self, condition, complaint):
        WebDriverWait(self.driver, PATIENCE, poll_frequency=0.05).until(lambda _: condition(), complaint)

    def until_text(self, selector, part):
        self.until(lambda: part in self.text(selector), f"{selector} never said {part!r}")

    def count(self, selector, number):
        self.until(lambda: len(self.all(selector)) == number, f"{selector} is not there {number} times")

    def hover(self, selector, x=0):
        """Over its middle, or so many pixels to the right of that."""
        self.act(selector, lambda actions, element: actions.move_to_element_with_offset(element, x, 0))

    def drag(self, selector, start, end):
        """From one place to another, in pixels to the right of its middle."""
        self.act(selector, lambda actions, element: actions.move_to_element_with_offset(element, start, 0).click_and_hold()
                 .move_by_offset(end - start, 0).release())

    def act(self, selector, prepare):
        """Moves the mouse; once more where the page replaced the element meanwhile."""
        def is_done():
            try:
                prepare(ActionChains(self.driver), self.find(selector)).perform()
            except (NoSuchElementException, StaleElementReferenceException):
                return False
            return True
        self.until(is_done, f"the mouse cannot reach {selector}")

    def reload(self):
        self.driver.refresh()

    def click(self, selector):
        def is_done():
            try:
                self.find(selector).click()
            except StaleElementReferenceException:  # its row had news in between
                return False
            return True
        self.until(is_done, f"{selector} cannot be clicked")

    def fill(self, selector, value):
        field = self.find(selector)
        field.clear()
        field.send_keys(value)

    def key(self, key):
        self.find("body").send_keys(key)

    def style(self, selector, name):
        return self.find(selector).value_of_css_property(name)

    def errors(self):
        """What the page complained about, save for connections that a test broke on purpose."""
        return [entry["message"] for entry in self.driver.get_log("browser")
                if entry["level"] == "SEVERE" and "WebSocket" not in entry["message"]]


class Device:
    """What an agent publishes, said by the test: what takes a real one long, or a broken camera."""

    def __init__(self, client, name, camera="libcamera", label="", outputs=()):
        self.client = client
        self.id = name
        self.base = f"edge/{name}"
        capabilities = {"sensors": [{"name": name} for name in SENSORS], "camera": {"backend": camera, "topic": f"jpeg/{name}"},
                        "gpio": {"inputs": [], "outputs": list(outputs)}}
        self.retain("info", {"id": name, "name": label or name, "version": "1.0", "model": "Raspberry Pi Zero 2 W",
                             "capabilities": capabilities})
        for output in outputs:
            self.retain(f"gpio/{output}", "OFF")
        self.retain("publishing", "OFF")
        self.health()
        self.retain("status", "online")

    def retain(self, leaf, payload):
        self.client.publish(f"{self.base}/{leaf}", payload if isinstance(payload, str) else json.dumps(payload), retain=True)

    def health(self, age=0, queued=0, **more):
        self.retain("health", {"time": moment(-age), "clock": "synchronised", "readings": {"queued": queued}, **more})

    def reading(self, value, age=0, sensor="room", live=True, quantity="temperature", unit="°C"):
        """`value`: a number, or a text with the decimals that the agent writes."""
        self.client.publish(f"{self.base}/sensor/{sensor}{'' if live else '/backlog'}",
                            f'{{"value":{value},"unit":"{unit}","quantity":"{quantity}","time":"{moment(-age)}"}}', qos=0)

    def picture(self, jpeg, age=0):
        """Its description says which bytes are meant by their number, as for a client of MQTT 3.1.1."""
        self.client.publish(f"jpeg/{self.id}", jpeg)
        description = {"id": f"{self.id}-{age}", "time": moment(-age), "width": 640, "height": 480, "bytes": len(jpeg), "quality": 85,
                       "trigger": "command"}
        self.client.publish(f"{self.base}/image", json.dumps(description))

    def reply(self, **reply):
        self.client.publish(f"{self.base}/response", json.dumps(reply))


def moment(seconds):
    """As the agent writes a time, that many seconds from now."""
    time = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class ViewerCase(unittest.TestCase):
    """A broker of its own. `agent` is a real one; where only what is seen matters, Device says what an agent would."""

    BROKER = {}

    @classmethod
    def setUpClass(cls):
        build_viewer()

    def setUp(self):
        self.broker = ViewerBroker(self.BROKER).start()
        self.addCleanup(self.broker.close)

    def start_agent(self, **options):
        agent = Agent(self.broker, **options)
        self.addCleanup(agent.close)
        return agent.start()

    def connect(self, *topics, **options):
        client = Client(self.broker, *topics, **options)
        self.addCleanup(client.close)
        return client

    def open(self, query="", **options):
        browser = Browser(**options)
        self.addCleanup(browser.close)
        browser.open(self.broker, query)
        return browser
