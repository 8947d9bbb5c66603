# SPDX-License-Identifier: MIT
"""Brokers that lack something, or have habits of their own: the agent goes online with what they offer, and says what is missing."""

import json
import re
import subprocess
import unittest

import paho.mqtt.client as mqtt

from simulated_broker import SimulatedBroker
from support import AGENT, BASE, PATIENCE, STATUS, Agent, AgentCase, Broker, Client, decoded, free_port

PROTOCOLS = ("auto", "3.1.1")
HEALTH = f"{BASE}/health"
PICTURE = {"command": "capture", "width": 640, "height": 480}


def run_doctor(agent):
    """The findings of its broker check: {severity: texts}."""
    done = subprocess.run([AGENT, "doctor", "--config", agent.config_path, "--json"], capture_output=True, text=True,
                          timeout=4 * PATIENCE, check=False)
    findings = {}
    for entry in json.loads(done.stdout)["findings"]:
        if entry["check"] == "broker":
            findings.setdefault(entry["severity"], []).append(f"{entry['text']} {entry.get('remedy', '')}")
    return findings


class LimitedBrokers(AgentCase):
    def setUp(self):
        """Each test starts its broker and its agent."""

    def launch(self, protocol, extra="", section="", port=None, scheme="mqtt"):
        self.agent = Agent(self.broker, protocol, extra, section, servers=[f"{scheme}://127.0.0.1:{port}"])
        self.addCleanup(self.agent.close)
        # mosquitto 2.0.21 with a max_keepalive ends clients with a longer one at once, on every listener.
        self.client = self.connect(protocol=mqtt.MQTTv5, keepalive=10)
        self.agent.launch()
        self.client.wait(STATUS, lambda m: m.payload == b"online")

    def limits(self):
        """As health shows them."""
        self.assert_ok(self.client.command("status"), "status")
        return decoded(self.client.on(HEALTH)[-1])["connection"]["limits"]

    def expect_at_work(self):
        self.assert_ok(self.client.command("start"), "start")
        self.client.wait("room/temp", count=2)
        self.assert_ok(self.client.command({"command": "capture", "width": 64, "height": 64}), "capture")
        self.client.wait("jpeg")

    def expect_online_once(self):
        """The connection that was found is kept."""
        self.expect_at_work()
        self.assertEqual(decoded(self.client.on(HEALTH)[-1])["connection"]["last_failure"], "")
        self.assertLessEqual(len(re.findall("left out", self.agent.log())), 2, self.agent.log())

    def expect_doctor_agrees(self, pattern):
        findings = run_doctor(self.agent)
        self.assertNotIn("error", findings)
        if pattern:
            self.assertRegex("\n".join(findings.get("note", [])), pattern)


class SimulatedBrokers(LimitedBrokers):
    def start(self, protocol="auto", extra="", section="", scheme="mqtt", **behaviour):
        """An agent on the limited port of such a broker, online, and a client on the other port that hears everything."""
        self.broker = SimulatedBroker(**behaviour)
        self.addCleanup(self.broker.close)
        self.launch(protocol, extra, section, self.broker.limited_port, scheme)

    def versions(self):
        return [connect.version for connect in self.broker.connects]

    def test_a_broker_without_limits(self):
        self.start()
        self.expect_online_once()
        self.assertEqual(self.versions(), [5])
        self.assertEqual(self.limits(), {})
        self.expect_doctor_agrees("")

    def test_a_broker_that_refuses_mqtt_5(self):
        self.start(versions="3.1.1")
        self.expect_online_once()
        self.assertEqual(self.versions(), [5, 4])

    def test_a_broker_that_closes_the_connection_on_mqtt_5(self):
        self.start(versions="3.1.1", on_version="close")
        self.expect_online_once()
        self.assertEqual(self.versions(), [5, 4])

    def test_websocket_answers_that_are_split_or_long(self):
        for behaviour in ({"http_split": 40}, {"http_headers": 4000}, {"http_split": 1500, "http_headers": 3000}, {"frame_size": 100}):
            with self.subTest(**behaviour):
                self.start(scheme="ws", **behaviour)
                self.expect_online_once()
                self.expect_doctor_agrees("")

    def test_a_websocket_request_that_is_refused_for_a_while(self):
        self.broker = SimulatedBroker(http_status=403)
        self.addCleanup(self.broker.close)
        self.agent = Agent(self.broker, servers=[f"ws://127.0.0.1:{self.broker.limited_port}"])
        self.addCleanup(self.agent.close)
        # mosquitto 2.0.21 with a max_keepalive ends clients with a longer one at once, on every listener.
        self.client = self.connect(protocol=mqtt.MQTTv5, keepalive=10)
        self.agent.launch()
        self.client.until(lambda: "403" in self.agent.log(), "the agent does not name the status")
        self.assertIn("403", " ".join(run_doctor(self.agent)["error"]))
        self.broker.set(http_status=101)
        self.client.wait(STATUS, lambda m: m.payload == b"online")
        self.expect_at_work()

    def test_brokers_without_qos_2(self):
        for protocol in PROTOCOLS:
            for habit in ("grant", "refuse", "ignore", "close"):
                with self.subTest(protocol=protocol, habit=habit):
                    self.start(protocol, maximum_qos=1, subscribe_qos=1, on_subscribe=habit)
                    self.expect_online_once()
                    if protocol == "auto":
                        self.assertEqual({qos for _, qos in self.broker.subscribes}, {1}, "as the CONNACK says")
                    else:
                        self.assertEqual(self.limits(), {} if habit == "grant" else {"subscribe_qos": 1})
                    wills = [(connect.will_qos, connect.will_retain) for connect in self.broker.connects]
                    self.assertEqual(set(wills), {(1, True)}, "the will has nothing to do with it")
                    self.expect_doctor_agrees("")

    def test_mqtt_5_without_announced_limits(self):
        for habit in ("refuse", "ignore", "close"):
            with self.subTest(habit):
                self.start(maximum_qos=1, subscribe_qos=1, on_subscribe=habit, announce=False)
                self.expect_online_once()
                self.assertEqual(self.limits(), {"subscribe_qos": 1})
                self.assertEqual({connect.will_qos for connect in self.broker.connects}, {1})

    def test_what_was_found_is_remembered(self):
        self.start("3.1.1", subscribe_qos=1, on_subscribe="close")
        before = len(self.broker.connects)
        self.broker.drop()
        self.client.wait(STATUS, lambda m: m.payload == b"online", count=2)
        self.assertEqual(len(self.broker.connects), before + 1)
        self.expect_at_work()

    def test_readings_at_a_qos_that_ends_the_connection(self):
        self.start("3.1.1", section="qos = 2", maximum_qos=1)
        self.client.publish(f"{BASE}/command", "start")
        self.client.wait("room/temp", count=2)
        self.assertEqual(self.limits(), {"publish_qos": 1})
        self.expect_doctor_agrees("QoS above 1")

    def test_publications_that_end_the_connection_although_the_will_did_not(self):
        self.start("3.1.1", retain=False, judge_will=False)
        self.expect_online_once()
        self.assertEqual(self.limits(), {"retain": False, "will_retain": False})
        self.start("3.1.1", maximum_qos=0, judge_will=False)
        self.expect_online_once()
        self.assertEqual(self.limits(), {"publish_qos": 0})

    def test_a_keep_alive_that_a_311_broker_refuses(self):
        self.start("3.1.1", maximum_keep_alive=15)
        self.expect_online_once()
        self.assertEqual(self.limits(), {"keep_alive_s": 10})
        self.assertEqual([connect.keep_alive for connect in self.broker.connects], [20, 10])
        self.expect_doctor_agrees("keep-alive above 10s")

    def test_a_broker_that_refuses_the_client_id(self):
        self.broker = SimulatedBroker(on_connect="refuse")
        self.addCleanup(self.broker.close)
        agent = Agent(self.broker, "3.1.1", servers=[f"mqtt://127.0.0.1:{self.broker.limited_port}"])
        self.addCleanup(agent.close)
        findings = run_doctor(agent)
        self.assertRegex("\n".join(findings["error"]), "device.id.*mqtt.keep_alive")
        self.assertEqual([connect.keep_alive for connect in self.broker.connects], [20, 10])

    def test_another_client_with_the_same_id(self):
        self.start(on_takeover="close")
        for count in range(2, 5):
            with Client(self.broker, session="test-pi"):  # what a second agent does
                pass
            self.client.wait(STATUS, lambda m: m.payload == b"online", count=count)
        self.assertRegex(self.agent.log(), "another client.*device.id")

    def test_packet_sizes_that_are_only_felt(self):
        for protocol, limit in (("auto", {"maximum_payload": 10_000}), ("3.1.1", {"maximum_packet": 10_000})):
            with self.subTest(protocol):
                self.start(protocol, announce=False, **limit)
                for _ in range(8):
                    reply = self.client.command(PICTURE)
                    if reply["status"] == "ok":
                        break
                self.assert_ok(reply, "capture")
                self.assertLessEqual(len(self.client.on("jpeg")[-1].payload), 10_000)
                failures = len(self.broker.connects)
                for _ in range(3):
                    self.assert_ok(self.client.command(PICTURE), "capture")
                self.assertEqual(len(self.broker.connects), failures, "no picture ends the connection any more")
                self.assertLess(self.limits()["packet_size"], 11_000)


class Mosquitto(LimitedBrokers):
    def start(self, protocol, options):
        """Some options are of a listener; the client of the test has another one."""
        port = free_port()
        self.broker = Broker(f"listener {port} 127.0.0.1\n{options}").start()
        self.addCleanup(self.broker.close)
        self.launch(protocol, port=port)

    def test_no_retained_messages(self):
        for protocol in PROTOCOLS:
            with self.subTest(protocol):
                self.start(protocol, "retain_available false")
                self.expect_online_once()
                self.assertEqual(self.limits(), {"retain": False, "will_retain": False})
                self.expect_doctor_agrees("retained messages")

    def test_qos_0_only(self):
        for protocol in PROTOCOLS:
            with self.subTest(protocol):
                self.start(protocol, "max_qos 0")
                self.expect_online_once()
                self.assertEqual(self.limits()["publish_qos"], 0)
                self.expect_doctor_agrees("QoS above 0")

    def test_qos_1_at_most(self):
        for protocol in PROTOCOLS:
            with self.subTest(protocol):
                self.start(protocol, "max_qos 1")
                self.expect_online_once()
                self.expect_doctor_agrees("QoS above 1" if protocol == "auto" else "")

    def test_neither_retained_messages_nor_qos(self):
        self.start("3.1.1", "retain_available false\nmax_qos 0")
        self.expect_online_once()
        self.assertEqual(self.limits(), {"publish_qos": 0, "retain": False, "will_retain": False})
        self.expect_doctor_agrees("retained messages")

    def test_a_shorter_keep_alive(self):
        for protocol in PROTOCOLS:
            with self.subTest(protocol):
                self.start(protocol, "max_keepalive 15")
                self.expect_online_once()
                if protocol == "auto":
                    self.assertEqual(self.limits(), {"keep_alive_s": 15})
                else:  # 2.0.11 accepts a longer one, later versions refuse it
                    self.assertIn(self.limits(), ({}, {"keep_alive_s": 10}))
                self.expect_doctor_agrees("")

    def test_short_packets(self):
        for protocol, option in (("auto", "max_packet_size"), ("3.1.1", "max_packet_size"), ("auto", "message_size_limit")):
            with self.subTest(protocol=protocol, option=option):
                self.start(protocol, f"{option} 10000")
                for _ in range(8):
                    reply = self.client.command(PICTURE)
                    if reply["status"] == "ok":
                        break
                self.assert_ok(reply, "capture")
                self.assertLessEqual(len(self.client.on("jpeg")[-1].payload), 10_000)
                self.assertLess(self.limits()["packet_size"], 11_000)
                self.expect_at_work()


if __name__ == "__main__":
    unittest.main()
