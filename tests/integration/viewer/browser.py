# SPDX-License-Identifier: MIT
"""The viewer in a headless Chromium that can reach nothing but this machine, from a mosquitto that serves page and websockets."""

import functools
import os
import subprocess
import sys
import tempfile
import unittest

from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

ROOT = os.path.abspath(f"{os.path.dirname(__file__)}/../../..")
sys.path.insert(0, f"{ROOT}/tests/integration/clients")

from support import PATIENCE, Agent, Broker, free_port  # noqa: E402

BUILD = f"{ROOT}/build/viewer"
FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--disable-default-apps", "--no-proxy-server",
         "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]


@functools.cache
def build_viewer():
    subprocess.run([f"{ROOT}/scripts/clients/viewer/build", BUILD], check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


class ViewerBroker(Broker):
    """As the shipped snippet has it, on ports and with a page of the test's own."""

    def __init__(self, changes):
        super().__init__()
        self.web_port = free_port()
        with open(f"{ROOT}/config/mosquitto/local-viewer.conf", encoding="utf-8") as file:
            snippet = file.read()
        user = {"max_packet_size": "user root\nmax_packet_size"} if os.geteuid() == 0 else {}
        for old, new in {"listener 1883": f"listener {self.port}", "listener 9001": f"listener {self.web_port}",
                         "/usr/share/pi-edge-viewer": BUILD, **user, **changes}.items():
            if old not in snippet:
                raise RuntimeError(f"config/mosquitto/local-viewer.conf has no {old!r}")
            snippet = snippet.replace(old, new)
        with open(f"{self.directory}/mosquitto.conf", "w", encoding="utf-8") as file:
            file.write(snippet)


class Browser:
    """One page. Everything is found by id and waited for."""

    def __init__(self, language="en-US", width=1200, height=1500, dark=False):
        self.profile = tempfile.TemporaryDirectory(prefix="edge-browser-")
        options = Options()
        options.binary_location = "/usr/bin/chromium"
        for flag in FLAGS + [f"--user-data-dir={self.profile.name}", f"--window-size={width},{height}", f"--lang={language}"]:
            options.add_argument(flag)
        options.add_experimental_option("prefs", {"intl.accept_languages": language})
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)
        self.driver.set_page_load_timeout(PATIENCE)
        if dark:
            self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": "dark"}]})

    def open(self, broker, query=""):
        self.driver.get(f"http://127.0.0.1:{broker.web_port}/{query}")

    def close(self):
        self.driver.quit()
        self.profile.cleanup()

    def find(self, selector):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def all(self, selector):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def text(self, selector):
        return self.driver.execute_script("return document.querySelector(arguments[0])?.textContent ?? ''", selector)

    def texts(self, selector):
        return self.driver.execute_script("return [...document.querySelectorAll(arguments[0])].map((e) => e.textContent)", selector)

    def until(self, condition, complaint):
        WebDriverWait(self.driver, PATIENCE, poll_frequency=0.05).until(lambda _: condition(), complaint)

    def until_text(self, selector, part):
        self.until(lambda: part in self.text(selector), f"{selector} never said {part!r}")

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


class ViewerCase(unittest.TestCase):
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

    def open(self, query="", **options):
        browser = Browser(**options)
        self.addCleanup(browser.close)
        browser.open(self.broker, query)
        return browser
