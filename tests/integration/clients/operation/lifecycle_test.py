# SPDX-License-Identifier: MIT
"""Start, stop, crash, restart."""

import os
import resource
import signal
import subprocess
import unittest

from support import AGENT, BASE, PATIENCE, STATUS, Agent, AgentCase, Broker, die_with_parent


def live(payload):
    return lambda m: m.payload == payload and not m.retain


class Lifecycle(AgentCase):
    def test_status_is_retained_online(self):
        self.assertEqual(self.client.wait(STATUS).payload, b"online")
        self.assertTrue(self.client.on(STATUS)[0].retain)

    def test_the_last_will_says_offline_after_a_crash(self):
        self.agent.process.kill()
        self.client.wait(STATUS, live(b"offline"))
        late = self.connect(STATUS)
        self.assertEqual(late.wait(STATUS).payload, b"offline")

    def test_signals_stop_it_cleanly_within_five_seconds(self):
        for how in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(how):
                self.client.command("start")
                self.client.publish("command", "capture")
                before = len(self.client.on(STATUS, live(b"offline")))
                code, seconds = self.agent.stop(how)
                self.assertEqual(code, 0)
                self.assertLess(seconds, 5)
                self.client.wait(STATUS, live(b"offline"), count=before + 1)
                self.agent.start()

    def test_a_warning_about_the_connection_is_logged_once(self):
        other = Agent(self.broker, servers=[f"mqtt://0.0.0.0:{self.broker.port}"], device="other-pi")  # not known to be this machine
        self.addCleanup(other.close)
        other.start()
        self.assertEqual(other.log().count("without a login"), 1)

    def test_stops_cleanly_right_after_its_start(self):
        self.agent.stop()
        self.agent.launch()
        self.agent.process.send_signal(signal.SIGTERM)
        self.assertIn(self.agent.process.wait(PATIENCE), (0, -signal.SIGTERM))

    def test_publishing_resumes_after_restart_and_crash(self):
        self.client.command({"command": "start", "interval": "150ms"})
        for stop in (self.agent.stop, self.crash):
            with self.subTest(stop.__name__):
                stop()
                before = len(self.client.on("room/temp"))
                self.agent.start()
                self.client.wait("room/temp", count=before + 3)
                self.assertEqual(self.connect(f"{BASE}/publishing").wait(f"{BASE}/publishing").payload, b"ON")

    def test_what_was_stopped_stays_stopped(self):
        self.client.command("start")
        self.client.command("stop")
        self.crash()
        before = len(self.client.on("room/temp"))
        self.agent.start()
        self.client.silence("room/temp", 0.6)
        self.assertEqual(len(self.client.on("room/temp")), before)

    def test_a_series_that_a_restart_ended_is_answered_cancelled(self):
        series = '{"command":"capture","count":1000,"every":"200ms","transaction":"cut"}'
        self.client.publish("command", series)
        self.client.wait("jpeg")
        self.client.command("stop")  # its answer comes when the journal has it, and all that was before it
        self.crash()
        self.agent.start()
        reply = self.client.wait(f"{BASE}/response", lambda m: b'"cut"' in m.payload)
        self.assertIn(b'"cancelled"', reply.payload)

    def test_a_command_sent_while_it_was_away_is_carried_out(self):
        self.agent.stop()
        self.client.publish("command", '{"command":"start","transaction":"waited"}', qos=1)
        self.agent.start()
        self.client.wait(f"{BASE}/response", lambda m: b'"waited"' in m.payload)
        self.client.wait("room/temp")

    def test_a_second_one_on_the_same_journal_is_refused(self):
        command = [AGENT, "run", "--config", self.agent.config_path]
        second = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
        self.assertEqual(second.returncode, 1)
        self.assertIn(str(self.agent.process.pid), second.stderr)
        self.assert_ok(self.client.command("stop"), "stop")

    def test_the_camera_program_ends_with_it(self):
        self.client.command("capture")
        children = children_of(self.agent.process.pid)
        self.assertTrue(children, "pi-edge-camera runs while it is warm")
        self.crash()
        for pid in children:
            self.assertTrue(ends(pid), f"process {pid} outlived the agent")

    def crash(self):
        self.agent.process.kill()
        self.agent.process.wait()


class UnreadAgent(Agent):
    """Its standard error is a pipe that is full already; so is that of the camera program, which inherits it."""

    def launch(self):
        self.reader, writer = os.pipe()
        os.set_blocking(writer, False)
        try:
            while True:
                os.write(writer, b"x" * 512)
        except BlockingIOError:
            os.set_blocking(writer, True)
        with open(f"{self.directory}/log", "ab") as log:
            command = [AGENT, "run", "--config", self.config_path]
            self.process = subprocess.Popen(command, stdout=log, stderr=writer, preexec_fn=die_with_parent)
        os.close(writer)
        return self

    def drain(self):
        """What the pipe holds now."""
        os.set_blocking(self.reader, False)
        text = b""
        try:
            while chunk := os.read(self.reader, 65536):
                text += chunk
        except BlockingIOError:
            pass
        return text

    def close(self):
        super().close()
        os.close(self.reader)


class UnreadLog(AgentCase):
    def setUp(self):
        self.broker = Broker().start()
        self.addCleanup(self.broker.close)
        self.agent = UnreadAgent(self.broker, extra='[log]\nlevel = "debug"\n')
        self.addCleanup(self.agent.close)
        self.agent.start()
        self.client = self.connect()

    def test_works_and_stops_while_nobody_reads_its_log(self):
        self.assert_ok(self.client.command("start"), "start")
        self.client.wait("room/temp", count=3)
        self.assert_ok(self.client.command("capture"), "capture")
        code, seconds = self.agent.stop()
        self.assertEqual(code, 0)
        self.assertLess(seconds, 5)
        self.client.wait(STATUS, live(b"offline"))

    def test_says_how_many_lines_were_dropped_when_the_log_is_read_again(self):
        self.client.command("capture")
        text = self.agent.drain()
        self.client.command("start")
        self.client.wait("room/temp")
        self.assertRegex(text + self.agent.drain(), b"[0-9]+ log lines were dropped")


class LimitedAgent(Agent):
    """No file of it, of its journal or of its camera program may grow beyond a few pages."""

    def launch(self):
        def limit():
            die_with_parent()
            resource.setrlimit(resource.RLIMIT_FSIZE, (12288, 12288))

        with open(f"{self.directory}/log", "ab") as log:
            command = [AGENT, "run", "--config", self.config_path]
            self.process = subprocess.Popen(command, stdout=log, stderr=log, preexec_fn=limit)
        return self


class ClosedAgent(Agent):
    """Without standard input, output and error."""

    def launch(self):
        def close():
            die_with_parent()
            for descriptor in range(3):
                os.close(descriptor)

        with open(f"{self.directory}/log", "ab"):
            command = [AGENT, "run", "--config", self.config_path]
            self.process = subprocess.Popen(command, preexec_fn=close)
        return self


class ClosedDescriptors(AgentCase):
    def setUp(self):
        self.broker = Broker().start()
        self.addCleanup(self.broker.close)
        self.agent = ClosedAgent(self.broker)
        self.addCleanup(self.agent.close)
        self.agent.start()
        self.client = self.connect()

    def test_no_other_file_takes_the_place_of_a_closed_descriptor(self):
        for descriptor in range(3):
            self.assertEqual(os.readlink(f"/proc/{self.agent.process.pid}/fd/{descriptor}"), "/dev/null")
        self.assert_ok(self.client.command("start"), "start")
        self.assert_ok(self.client.command("capture"), "capture")


class FileSizeLimit(AgentCase):
    def setUp(self):
        self.broker = Broker().start()
        self.addCleanup(self.broker.close)
        self.agent = LimitedAgent(self.broker)
        self.addCleanup(self.agent.close)
        self.agent.start()
        self.client = self.connect()

    def test_a_file_that_may_not_grow_is_an_error_and_not_the_end(self):
        self.assert_ok(self.client.command("start"), "start")
        self.client.wait("room/temp", count=3)
        self.assert_error(self.client.command("capture"), "camera_unavailable")
        self.assertEqual(self.agent.stop()[0], 0)


def children_of(parent):
    found = []
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{entry}/stat", encoding="ascii", errors="replace") as file:
                if int(file.read().rpartition(")")[2].split()[1]) == parent:
                    found.append(int(entry))
        except FileNotFoundError:  # ended meanwhile
            continue
    return found


def ends(pid):
    """Waits for a process that is not our child."""
    watcher = subprocess.run(["timeout", "10", "tail", f"--pid={pid}", "-f", "/dev/null"], check=False)
    return watcher.returncode == 0


if __name__ == "__main__":
    unittest.main()
