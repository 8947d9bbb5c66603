# SPDX-License-Identifier: MIT
"""Home Assistant's part, played by a client that knows nothing but the discovery payload."""

import io
import json
import re
import shutil
import tempfile
import unittest

from PIL import Image

from home_assistant_schema import Discovered, entities, problems
from support import Agent, AgentCase, Broker, Client, decoded

ENABLED = """
[home_assistant]
enabled = true
"""
GPIO = """
[[gpio.output]]
name = "lamp"
chip = "a-chip-that-nobody-has"
line = 17
role = ""
[[gpio.output]]
name = "led"
chip = "a-chip-that-nobody-has"
line = 18
role = "status"
[[gpio.input]]
name = "door"
chip = "a-chip-that-nobody-has"
line = 27
"""
SECOND_SENSOR = """
[[sensor]]
name = "attic"
type = "simulated"
interval = "20s"
"""


SLOW_SENSOR = """
[[sensor]]
name = "tank"
type = "simulated"
topic = "tank/temp"
interval = "1h"
"""


MOTION = """
[camera.motion]
enabled = true
"""


def config_topic(device):
    return f"homeassistant/device/{device}/config"


class HomeAssistant:
    """Reads a device's payload and acts on its entities, by what they say alone."""

    def __init__(self, client, device):
        self.client = client
        self.topic = config_topic(device)

    def payload(self, where=lambda _: True):
        return decoded(self.client.wait(self.topic, lambda m: m.payload and where(decoded(m))))

    def latest(self):
        return entities(decoded(self.client.on(self.topic)[-1]))

    def state(self, entity, payload):
        """Waits until the entity would show `payload`."""
        self.client.wait(entity["state_topic"], lambda m: m.payload.decode() == payload)

    def is_available(self, entity):
        wanted = {entry["topic"] for entry in entity["availability"]}
        states = {topic: [m.payload for m in self.client.on(topic)][-1:] for topic in wanted}
        return all(state == [b"online"] for state in states.values())

    def wait_until_available(self, entity):
        self.client.until(lambda: self.is_available(entity), f"{entity['unique_id']} did not become available")

    def press(self, entity):
        self.client.publish(entity["command_topic"], entity["payload_press"], entity["qos"])

    def turn(self, entity, on):
        self.client.publish(entity["command_topic"], entity["payload_on" if on else "payload_off"], entity["qos"])


class Discovery(AgentCase):
    EXTRA = SECOND_SENSOR + GPIO + ENABLED

    def setUp(self):
        super().setUp()
        self.home = HomeAssistant(self.client, "test-pi")

    def test_every_key_is_one_that_home_assistant_documents(self):
        self.assertEqual(problems(self.home.payload()), [])

    def test_home_assistant_finds_it_when_it_comes_later(self):
        self.home.payload()
        with Client(self.broker, self.home.topic) as late:
            self.assertTrue(late.wait(self.home.topic).retain)

    def test_everything_that_the_device_has_is_there(self):
        found = {entity["platform"] + ":" + key for key, entity in entities(self.home.payload()).items()}
        self.assertLessEqual({"sensor:sensor_room", "sensor:sensor_attic", "camera:camera", "image:image", "switch:publishing",
                              "button:capture", "switch:gpio_lamp", "binary_sensor:gpio_led", "binary_sensor:gpio_door"}, found)

    def test_the_switch_starts_and_stops_and_values_expire_in_between_only(self):
        home = self.home
        switch = entities(home.payload())["publishing"]
        home.state(switch, "OFF")
        self.assertNotIn("expire_after", home.latest()["sensor_room"])

        home.turn(switch, True)
        home.state(switch, "ON")
        running = entities(home.payload(lambda p: "expire_after" in p["cmps"]["sensor_room"]))
        self.assertGreaterEqual(running["sensor_room"]["expire_after"], 2)
        self.assertEqual(running["sensor_attic"]["expire_after"], 60)
        room = running["sensor_room"]
        value = decoded(self.client.wait(room["state_topic"]))["value"]
        self.assertIsInstance(value, (int, float))
        home.wait_until_available(room)

        home.turn(switch, False)
        self.client.wait(switch["state_topic"], lambda m: m.payload == b"OFF", count=2)
        self.client.until(lambda: "expire_after" not in home.latest()["sensor_room"], "the expiry stayed")

    def test_the_live_switch_shows_frames(self):
        all_entities = entities(self.home.payload())
        switch = all_entities["live"]
        self.home.turn(switch, True)
        self.home.state(switch, "ON")
        self.assertEqual(self.client.wait(all_entities["live_camera"]["topic"]).payload[:2], b"\xff\xd8")
        self.home.turn(switch, False)
        self.client.until(lambda: self.client.on(switch["state_topic"])[-1].payload == b"OFF", "it did not end")

    def test_the_number_shows_and_sets_the_interval(self):
        number = entities(self.home.payload())["interval"]
        path = re.fullmatch(r"\{\{ value_json\.([\w.]+) \}\}", number["value_template"]).group(1).split(".")

        def shown():
            value = decoded(self.client.on(number["state_topic"])[-1])
            for key in path:
                value = value[key]
            return value

        self.client.wait(number["state_topic"])
        self.assertEqual(shown(), 0.2, "right while nothing was set")
        for value, wanted in ((5, 5), (0.5, 0.5), (86400, 86400)):
            self.assertTrue(number["min"] <= value <= number["max"])
            payload = number["command_template"].replace("{{ (value * 1000) | round | int }}", str(int(round(value * 1000))))
            self.client.publish(number["command_topic"], payload, number["qos"])
            self.client.until(lambda wanted=wanted: shown() == wanted, "it was not set")

    def test_the_switch_of_motion_shows_and_sets_it(self):
        switch = entities(self.home.payload())["motion_enabled"]
        self.home.state(switch, "OFF")
        self.home.turn(switch, True)
        self.home.state(switch, "ON")
        self.client.until(lambda: "motion" in self.home.latest(), "the sensor was not offered")
        self.home.turn(switch, False)
        self.client.until(lambda: self.client.on(switch["state_topic"])[-1].payload == b"OFF", "it stayed")

    def test_the_button_makes_the_picture_that_camera_and_image_show(self):
        all_entities = entities(self.home.payload())
        button, camera, image = (all_entities[key] for key in ("capture", "camera", "image"))
        self.home.wait_until_available(button)
        self.home.press(button)
        shown = self.client.wait(camera["topic"]).payload
        self.assertEqual(image["image_topic"], camera["topic"])
        self.assertEqual(Image.open(io.BytesIO(shown)).size, (640, 480))
        self.assertEqual(self.client.wait("jpeg").payload, shown, "the plain topic has it, too")

    def test_every_subscription_and_command_is_qos_1(self):
        for key, entity in entities(self.home.payload()).items():
            self.assertEqual(entity["qos"], 1, key)

    def test_diagnostics_can_be_read(self):
        all_entities = entities(self.home.payload())
        for key, entity in all_entities.items():
            if not key.startswith("diagnostic_"):
                continue
            value = decoded(self.client.wait(entity["state_topic"]))
            for name in re.findall(r"\w+", entity["value_template"]):
                if name == "join":
                    value = ", ".join(value)
                elif name not in ("value_json", "get"):
                    value = value[name]
            self.assertIsInstance(value, (float, int, str), key)
            if entity["platform"] == "binary_sensor":
                self.assertIn(str(value), (entity["payload_on"], entity["payload_off"]), key)

    def test_birth_has_it_sent_again(self):
        self.home.payload()
        before = len(self.client.on(self.home.topic))
        self.client.publish("homeassistant/status", "online")
        self.client.wait(self.home.topic, count=before + 1)

    def test_an_answer_cannot_be_had_on_the_birth_topic(self):
        with Client(self.broker, "homeassistant/status", protocol=5) as asking:
            asking.publish("command", "status", response_topic="homeassistant/status")
            self.client.wait("edge/test-pi/response")
            self.assertEqual(asking.on("homeassistant/status"), [])


class OnePictureTopic(AgentCase):
    EXTRA = ENABLED + '[image]\ntopic = "edge/{id}/jpeg"\n'

    def test_each_picture_is_published_once(self):
        home = HomeAssistant(self.client, "test-pi")
        all_entities = entities(home.payload())
        self.assertEqual(all_entities["camera"]["topic"], "edge/test-pi/jpeg")
        home.wait_until_available(all_entities["capture"])
        home.press(all_entities["capture"])
        self.client.wait("edge/test-pi/response")
        self.assertEqual(len(self.client.on("edge/test-pi/jpeg")), 1)
        self.assertEqual(self.client.on("jpeg"), [])


class SlowSensor(AgentCase):
    """A value that expires is gone after a restart of Home Assistant, and readings are not retained."""

    EXTRA = SLOW_SENSOR + ENABLED
    TOPIC = "edge/test-pi/sensor/tank"

    def test_its_reading_comes_again_when_home_assistant_has_started(self):
        self.client.command("start")
        first = self.client.wait(self.TOPIC).payload
        with Client(self.broker, self.TOPIC, "tank/temp") as home:
            home.publish("homeassistant/status", "online")
            self.assertEqual(home.wait(self.TOPIC).payload, first, "with its own time")
            self.assertEqual(home.on("tank/temp"), [])


class TwoDevices(unittest.TestCase):
    def test_a_button_presses_one_of_them(self):
        broker = Broker().start()
        self.addCleanup(broker.close)
        for device in ("north", "south"):
            agent = Agent(broker, extra=ENABLED, device=device)
            self.addCleanup(agent.close)
            agent.start()
        with Client(broker, "#") as client:
            north, south = HomeAssistant(client, "north"), HomeAssistant(client, "south")
            pressed, other = entities(south.payload()), entities(north.payload())
            south.press(pressed["capture"])
            client.wait(pressed["camera"]["topic"])
            reply = decoded(client.wait("edge/south/response"))
            self.assertEqual(reply["status"], "ok", reply)
            south.turn(pressed["publishing"], True)
            client.wait(pressed["sensor_room"]["state_topic"])
            self.assertEqual(client.on(other["camera"]["topic"]) + client.on("edge/north/response"), [])
            self.assertEqual(client.on(other["publishing"]["state_topic"])[-1].payload, b"OFF")


class Changes(unittest.TestCase):
    """What an earlier configuration announced does not stay."""

    def setUp(self):
        self.broker = Broker().start()
        self.addCleanup(self.broker.close)
        self.directory = tempfile.mkdtemp(prefix="edge-agent-")
        self.addCleanup(shutil.rmtree, self.directory, True)

    def run_once(self, device="test-pi", **options):
        """What one run of the agent published on any discovery topic, while it came online and until it answered."""
        with Client(self.broker, "#") as client:
            agent = Agent(self.broker, device=device, directory=self.directory, **options)
            agent.start()
            client.publish(f"edge/{device}/command", "cancel")
            client.wait(f"edge/{device}/response")
            agent.stop()
            return [(m.topic, m.payload) for m in client.messages if m.topic.endswith("/config") and not m.retain]

    def retained(self, topics="homeassistant/#"):
        end = topics.replace("#", "end")
        with Client(self.broker, topics) as client:
            client.publish(end, "x")
            client.wait(end)
            return {m.topic: m.payload for m in client.messages if m.topic != end}

    def announcement(self, device="test-pi"):
        """What a Home Assistant gets that connects now."""
        payload = self.retained().get(config_topic(device))
        return json.loads(payload) if payload else None

    def test_a_removed_sensor_is_removed_by_a_home_assistant_that_was_away(self):
        home = Discovered()
        self.run_once(extra=SECOND_SENSOR + ENABLED)
        home.receive(self.announcement())
        self.assertIn("test-pi_sensor_attic", home.unique_ids("sensor"))

        self.run_once(extra=ENABLED)
        self.run_once(extra=ENABLED)
        home.receive(self.announcement())
        self.assertNotIn("test-pi_sensor_attic", home.unique_ids("sensor"))
        self.assertIn("test-pi_sensor_room", home.unique_ids("sensor"))
        self.assertEqual(problems(self.announcement()), [])

        self.run_once(extra=SECOND_SENSOR + ENABLED)
        home.receive(self.announcement())
        self.assertIn("test-pi_sensor_attic", home.unique_ids("sensor"), "it is back")

    def test_a_status_lamp_that_was_a_free_output_keeps_an_entity(self):
        home = Discovered()
        self.run_once(extra=GPIO + ENABLED)
        home.receive(self.announcement())
        for role, platform, other in (("status", "binary_sensor", "switch"), ("", "switch", "binary_sensor")):
            announced = self.run_once(extra=GPIO.replace('role = ""', f'role = "{role}"') + ENABLED)
            self.assertEqual(len(announced), 1, "no second message right behind")
            home.receive(json.loads(announced[0][1]))
            self.assertIn("test-pi_gpio_lamp", home.unique_ids(platform))
            self.assertNotIn("test-pi_gpio_lamp", home.unique_ids(other))
            self.assertEqual(problems(self.announcement()), [])

    def test_nothing_retained_is_left_of_what_was_removed(self):
        self.run_once(extra=SECOND_SENSOR + MOTION + ENABLED)
        everything = set(self.retained("edge/#"))
        gone = {"edge/test-pi/sensor/attic/status", "edge/test-pi/camera/motion"}
        self.assertLessEqual(gone, everything)
        self.run_once()
        self.assertEqual(set(self.retained("edge/#")), everything - gone)

    def test_nothing_retained_is_left_of_an_old_id(self):
        self.run_once("old", extra=SECOND_SENSOR + MOTION + GPIO + ENABLED)
        self.run_once("new", extra=ENABLED)
        self.assertEqual([topic for topic in self.retained("#") if "old" in topic.split("/")], [])

    def test_a_new_id_leaves_no_ghost(self):
        self.run_once("old", extra=ENABLED)
        self.run_once("new", extra=ENABLED)
        self.assertEqual(list(self.retained()), [config_topic("new")])

    def test_disabling_removes_the_device(self):
        self.run_once(extra=ENABLED)
        self.assertEqual(self.run_once(), [(config_topic("test-pi"), b"")])
        self.assertEqual(self.retained(), {})
        self.assertEqual(self.run_once(), [])

    def test_another_prefix_is_used_and_the_old_one_left(self):
        self.run_once(extra=ENABLED)
        self.run_once(extra='[home_assistant]\nenabled = true\nprefix = "house/ha"\n')
        self.assertEqual(self.retained(), {})
        with Client(self.broker, "house/#") as client:
            client.wait("house/ha/device/test-pi/config")


if __name__ == "__main__":
    unittest.main()
