# SPDX-License-Identifier: MIT
"""SIGHUP (systemctl reload): what changed is applied in place; everything else goes on, on the same connection."""

import os
import pathlib
import queue
import shutil
import signal
import socket
import tempfile
import threading
import unittest

from support import BASE, PATIENCE, RESPONSE, STATUS, AgentCase, Broker, Client, decoded


class Reload(AgentCase):
    EXTRA = '[log]\nlevel = "info"\n[image]\nquality = 80\n'

    def setUp(self):
        directory = tempfile.mkdtemp(prefix="edge-notify-")
        self.addCleanup(shutil.rmtree, directory, ignore_errors=True)
        manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(manager.close)
        manager.bind(f"{directory}/socket")
        self.notified = queue.Queue()
        # All the time, as systemd does: the socket holds few messages, and who sends waits.
        threading.Thread(target=self.listen, args=(manager,), daemon=True).start()
        self.ENVIRONMENT = {"NOTIFY_SOCKET": f"{directory}/socket"}
        super().setUp()

    def listen(self, manager):
        while True:
            try:
                self.notified.put(manager.recv(4096))
            except OSError:
                return

    def wait_notified(self, *wanted):
        """Until the agent has said each of these, in this order."""
        for what in wanted:
            while not self.notified.get(timeout=PATIENCE).startswith(what):
                pass

    def write(self, *pairs):
        """Changes the file as an editor does."""
        with open(self.agent.config_path, encoding="utf-8") as file:
            text = file.read()
        for old, new in pairs:
            self.assertIn(old, text)
            text = text.replace(old, new)
        with open(f"{self.agent.config_path}.new", "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(f"{self.agent.config_path}.new", self.agent.config_path)

    def hang_up(self):
        self.agent.process.send_signal(signal.SIGHUP)

    def wait_until_reloaded(self):
        """As systemctl reload does: READY=1 after RELOADING=1."""
        self.wait_notified(b"RELOADING=1", b"READY=1")

    def reload(self, *pairs):
        self.write(*pairs)
        self.hang_up()
        self.wait_until_reloaded()

    def health(self):
        self.client.command("status")
        return decoded(self.client.on(f"{BASE}/health")[-1])

    def statuses(self):
        return [m.payload for m in self.client.on(STATUS)]

    def assert_never_offline(self):
        self.assertEqual(self.health()["connection"]["connects"], 1)
        self.assertNotIn(b"offline", self.statuses())

    # ---- what goes on

    def test_a_series_goes_on_through_ten_reloads(self):
        self.client.publish(f"{BASE}/command", '{"command":"capture","count":20,"every":"50ms","transaction":"series"}')
        for i in range(10):
            self.client.wait("jpeg", count=2 * i + 1)
            level = ("info", "warning")[i % 2], ("warning", "info")[i % 2]
            self.reload((f'level = "{level[0]}"', f'level = "{level[1]}"'))
        reply = decoded(self.client.wait(RESPONSE, lambda m: b"series" in m.payload))
        self.assert_ok(reply, "capture")
        self.assertEqual(reply["data"], {"taken": 20, "count": 20})
        self.client.wait("jpeg", count=20)
        self.assert_never_offline()
        self.assertEqual(len(self.client.on(RESPONSE, lambda m: b"series" in m.payload)), 1)
        self.assertEqual(len(self.client.on("jpeg")), 20)

    def test_a_series_takes_new_image_and_camera_settings_as_it_goes(self):
        self.client.publish(f"{BASE}/command", '{"command":"capture","count":6,"every":"200ms","transaction":"series"}')
        self.client.wait(f"{BASE}/image")
        self.reload(("quality = 80", "quality = 40"))
        self.client.wait(f"{BASE}/image", lambda m: decoded(m)["quality"] == 40)
        self.reload(('backend = "pattern"', 'backend = "pattern"\nwidth = 320\nheight = 240'))
        reply = decoded(self.client.wait(RESPONSE, lambda m: b"series" in m.payload))
        self.assert_ok(reply, "capture")
        sizes = [decoded(m)["width"] for m in self.client.on(f"{BASE}/image")]
        self.assertEqual((len(sizes), sizes[0], sizes[-1]), (6, 640, 320))
        self.assert_never_offline()

    def test_commands_that_come_meanwhile_are_all_answered_once(self):
        wanted = set()
        for round_ in range(5):
            for i in range(20):
                transaction = f"{round_}-{i}"
                wanted.add(transaction)
                self.client.paho.publish(f"{BASE}/command", '{"command":"cancel","transaction":"%s"}' % transaction, 1)
                if i == 10:
                    self.hang_up()
        self.client.until(lambda: len(self.client.on(RESPONSE)) >= len(wanted), "not all were answered")
        answered = [decoded(m)["transaction"] for m in self.client.on(RESPONSE)]
        self.assertEqual(sorted(answered), sorted(wanted))
        self.assert_never_offline()

    def test_readings_keep_their_numbers_when_interval_and_topic_change(self):
        self.client.command("start")
        topic = f"{BASE}/sensor/room"
        self.client.wait(topic)
        self.reload(('interval = "200ms"', 'interval = "100ms"'))
        self.client.wait(topic, count=len(self.client.on(topic)) + 3)
        self.reload(('topic = "room/temp"', 'topic = "lab/temp"'))
        self.client.wait("lab/temp", count=3)
        self.client.command("stop")
        readings = [decoded(m) for m in self.client.on(topic)]
        self.assertEqual(len({reading["boot"] for reading in readings}), 1)
        self.assertEqual([reading["seq"] for reading in readings], list(range(1, len(readings) + 1)))
        self.assert_never_offline()

    def test_sensors_come_and_go(self):
        self.client.command("start")
        self.client.wait("room/temp")
        self.reload(("[camera]", '[[sensor]]\nname = "attic"\ntype = "simulated"\ntopic = "attic/temp"\n[camera]'))
        self.client.wait("attic/temp")
        info = decoded(self.client.on(f"{BASE}/info")[-1])
        self.assertEqual([s["name"] for s in info["capabilities"]["sensors"]], ["room", "attic"])
        self.reload(('name = "room"', 'name = "lab"'))
        self.client.wait(f"{BASE}/sensor/lab")
        self.assertEqual([s["name"] for s in self.health()["sensors"]], ["lab", "attic"])
        self.assert_never_offline()

    def test_what_was_stopped_stays_stopped(self):
        self.client.command("start")
        self.client.command("stop")
        self.reload(('interval = "200ms"', 'interval = "100ms"\non_boot = "start"'))
        self.client.silence("room/temp", 0.5)
        self.assertEqual(self.client.on(f"{BASE}/publishing")[-1].payload, b"OFF")

    def test_a_new_output_is_listened_to_on_the_same_connection(self):
        lamp = '[[gpio.output]]\nname = "lamp"\nchip = "a-chip-that-nobody-has"\nline = 17\n'
        self.reload(("[camera]", f"{lamp}[camera]"))
        self.broker.wait_for_subscription(f"{BASE}/gpio/lamp/set")
        self.client.publish(f"{BASE}/gpio/lamp/set", "ON")
        reply = decoded(self.client.wait(RESPONSE, lambda m: b"lamp" in m.payload))
        self.assertEqual(reply["command"], "set")
        self.assert_never_offline()

    def test_a_command_on_a_topic_that_is_listened_to_no_more_is_not_carried_out(self):
        self.reload(("[telemetry]", '[topics]\ncommand = "other"\n[telemetry]'))
        self.broker.wait_for_subscription("other")
        self.client.publish("command", "start")
        self.assert_ok(self.client.command("cancel", "other"), "cancel")
        self.assertEqual(self.client.on(f"{BASE}/publishing")[-1].payload, b"OFF")
        self.assert_never_offline()

    def test_the_journal_goes_on_in_another_file(self):
        self.client.command("start")
        self.reload(("/journal.db", "/elsewhere.db"))
        self.assert_ok(self.client.command({"command": "cancel", "transaction": "t"}), "cancel")
        self.assertEqual(self.health()["journal"]["status"], "ok")
        self.agent.stop()
        self.agent.start()
        self.client.wait(f"{BASE}/publishing", lambda m: m.payload == b"ON" and not m.retain, count=2)
        self.assertTrue(os.path.exists(f"{self.agent.directory}/elsewhere.db"))

    # ---- what needs another connection

    def test_another_id_says_goodbye_for_the_old_one(self):
        self.client.publish(f"{BASE}/command", '{"command":"capture","count":5,"every":"200ms","transaction":"series"}')
        self.client.wait("jpeg")
        self.reload(('id = "test-pi"', 'id = "other-pi"'))
        self.client.wait(STATUS, lambda m: m.payload == b"offline")
        self.client.wait("edge/other-pi/status", lambda m: m.payload == b"online")
        reply = decoded(self.client.wait(RESPONSE, lambda m: b"series" in m.payload))  # where it was asked for
        self.assertIn(reply["status"], ("ok", "error"))
        self.assertEqual(reply["data"]["count"], 5)
        self.client.publish("edge/other-pi/command", "cancel")
        self.assert_ok(decoded(self.client.wait("edge/other-pi/response")), "cancel")

    def test_settings_of_the_connection_make_another_one(self):
        self.reload(('reconnect_min = "100ms"', 'reconnect_min = "150ms"'))
        self.client.wait(STATUS, lambda m: m.payload == b"offline")
        self.client.wait(STATUS, lambda m: m.payload == b"online", count=2)
        self.assert_ok(self.client.command("cancel"), "cancel")
        self.assertEqual(self.health()["connection"]["connects"], 2)

    def test_a_new_password_makes_another_connection_and_the_same_one_does_not(self):
        secret = pathlib.Path(self.agent.directory, "password")
        secret.write_text("old\n", encoding="utf-8")
        secret.chmod(0o600)
        self.reload(("[mqtt]", f'[mqtt]\nusername = "pi"\npassword_file = "{secret}"'))
        self.client.wait(STATUS, lambda m: m.payload == b"online", count=2)
        self.reload(("quality = 80", "quality = 70"))
        self.assertEqual(self.health()["connection"]["connects"], 2)
        secret.write_text("new\n", encoding="utf-8")
        self.reload()
        self.client.wait(STATUS, lambda m: m.payload == b"online", count=3)

    def test_the_broker_that_is_left_is_told_that_live_view_has_ended(self):
        other = Broker().start()
        self.addCleanup(other.close)
        live = f"{BASE}/camera/live"
        self.client.command({"command": "live", "for": "5m", "width": 64, "height": 64})
        self.client.wait(live, lambda m: m.payload == b"ON")
        with Client(other, "#") as client:
            self.reload((str(self.broker.port), str(other.port)))
            client.wait(live, lambda m: m.payload == b"OFF")
            self.client.wait(STATUS, lambda m: m.payload == b"offline")
            self.assertEqual([m.payload for m in self.client.on(live)][-2:], [b"ON", b"OFF"])

    # ---- what must not happen

    def test_pieces_come_and_go(self):
        piece = f"{self.agent.directory}/agent.d/10-garden.toml"
        os.mkdir(os.path.dirname(piece))
        with open(piece, "w", encoding="utf-8", newline="\r\n") as file:
            file.write('[[sensor]]\nname = "tank"\ntype = "simulated"\n[image]\nquality = 12\n')
        self.hang_up()
        self.wait_until_reloaded()
        self.assertEqual([s["name"] for s in self.health()["sensors"]], ["room", "tank"])
        self.client.command("capture")
        self.assertEqual(decoded(self.client.wait(f"{BASE}/image"))["quality"], 12)

        with open(piece, "a", encoding="utf-8") as file:
            file.write("\nquality = 0\n")
        self.hang_up()
        self.wait_until_reloaded()
        self.assertIn(f"{piece}:7: image.quality", self.agent.log())
        self.assertEqual([s["name"] for s in self.health()["sensors"]], ["room", "tank"])

        os.remove(piece)
        self.hang_up()
        self.wait_until_reloaded()
        self.assertEqual([s["name"] for s in self.health()["sensors"]], ["room"])
        self.assert_never_offline()

    def test_a_mistake_changes_nothing(self):
        self.reload(('interval = "200ms"', 'interval = "soon"'), ("quality = 80", "quality = 10"))
        reply = self.assert_ok(self.client.command("capture"), "capture")
        self.assertEqual(reply["data"]["quality"], 80)
        with open(self.agent.config_path, encoding="utf-8") as file:
            line = next(i for i, text in enumerate(file, 1) if "soon" in text)
        self.assertIn(f"{self.agent.config_path}:{line}: telemetry.interval", self.agent.log())
        self.assert_never_offline()

    def test_the_last_of_several_signals_counts(self):
        for quality in range(81, 91):
            self.write((f"quality = {quality - 1}", f"quality = {quality}"))
            self.hang_up()
        while self.client.command("capture")["data"]["quality"] != 90:
            self.wait_until_reloaded()

    def test_a_signal_during_the_start_is_not_lost(self):
        self.agent.stop()
        self.wait_notified(b"STOPPING=1")
        self.agent.launch()
        self.wait_notified(b"STATUS=")  # it has read its file
        self.write(("quality = 80", "quality = 33"))
        self.hang_up()
        self.wait_until_reloaded()
        self.client.wait(STATUS, lambda m: m.payload == b"online" and not m.retain)
        self.assertEqual(self.client.command("capture")["data"]["quality"], 33)

    def test_ending_while_it_reconnects_says_goodbye(self):
        self.write(('reconnect_min = "100ms"', 'reconnect_min = "150ms"'))
        self.hang_up()
        code, seconds = self.agent.stop()
        self.assertEqual(code, 0)
        self.assertLess(seconds, 5)
        self.client.wait(STATUS, lambda m: m.payload == b"offline")

    def test_a_hundred_reloads_take_no_memory_and_no_descriptors(self):
        process = pathlib.Path("/proc", str(self.agent.process.pid))

        def resident():
            lines = (process / "status").read_text(encoding="ascii").splitlines()
            return int(next(line.split()[1] for line in lines if line.startswith("VmRSS:")))

        sensor = '[[sensor]]\nname = "attic"\ntype = "simulated"\n'
        changes = (("[camera]", f"{sensor}[camera]"), ("quality = 80", "quality = 70"), ("width = 320", "width = 640"))
        self.reload(('backend = "pattern"', 'backend = "pattern"\nwidth = 320'))
        self.assert_ok(self.client.command("capture"), "capture")
        figures = []
        for i in range(100):
            old, new = changes[i % 3]
            if i % 6 >= 3:
                old, new = new, old
            self.reload((old, new))
            if i % 6 == 5:
                self.assert_ok(self.client.command("capture"), "capture")
                figures.append((resident(), len(os.listdir(process / "fd"))))
        first, last = figures[1], figures[-1]
        self.assertLess(last[0] - first[0], 4 << 10, f"KiB at the second and at the last round: {figures}")
        self.assertLessEqual(last[1], first[1] + 2, figures)
        self.assert_never_offline()


if __name__ == "__main__":
    unittest.main()
