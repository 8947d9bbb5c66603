# SPDX-License-Identifier: MIT
"""The command doctor: the report of pi-edge-agent doctor --json over MQTT, while everything else goes on."""

import json
import os
import shutil
import subprocess
import tempfile
import unittest

from support import AGENT, BASE, PATIENCE, RESPONSE, AgentCase, decoded


def checks(report):
    return [(finding["check"], finding["severity"]) for finding in report["findings"]]


class DoctorCommand(AgentCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="edge-doctor-command-")
        self.addCleanup(shutil.rmtree, self.folder, True)
        super().setUp()

    def send(self, transaction):
        self.client.publish(f"{BASE}/command", json.dumps({"command": "doctor", "transaction": transaction}))

    def reply(self, transaction):
        return decoded(self.client.wait(RESPONSE, lambda m: decoded(m).get("transaction") == transaction, timeout=4 * PATIENCE))

    def health(self):
        self.client.command("status")
        return decoded(self.client.on(f"{BASE}/health")[-1])

    def test_the_report_is_that_of_the_program(self):
        local = subprocess.run([AGENT, "doctor", "--json", "--config", self.agent.config_path], capture_output=True, text=True,
                               timeout=4 * PATIENCE, check=False)
        self.send("one")
        reply = self.assert_ok(self.reply("one"), "doctor")
        self.assertEqual(checks(reply["data"]), checks(json.loads(local.stdout)))
        self.assertEqual(reply["data"]["status"], json.loads(local.stdout)["status"])

    def test_one_at_a_time_and_everything_else_goes_on(self):
        for transaction in ("one", "two"):
            self.send(transaction)
        self.assert_error(self.reply("two"), "busy")
        self.assert_ok(self.client.command("status"), "status")
        self.assertEqual(self.client.on(RESPONSE, lambda m: decoded(m).get("transaction") == "one"), [])
        self.assert_ok(self.reply("one"), "doctor")
        self.send("three")
        self.assert_ok(self.reply("three"), "doctor")

    def test_it_leaves_no_trace_but_the_command(self):
        before = self.health()
        self.send("one")
        self.reply("one")
        after = self.health()
        self.assertEqual(after["commands"]["received"], before["commands"]["received"] + 2)
        self.assertEqual(after["commands"]["refused"], 0)
        self.assertEqual(after["connection"]["connects"], 1)
        for counter in ("captured", "published", "failed"):
            self.assertEqual(after["camera"].get(counter), before["camera"].get(counter), counter)
        self.agent.stop()
        journal = subprocess.run([AGENT, "journal", "--config", self.agent.config_path, "--json"], capture_output=True, text=True,
                                 timeout=PATIENCE, check=True)
        rows = [json.loads(line) for line in journal.stdout.splitlines()]
        self.assertEqual([row["command"] for row in rows if row["kind"] == "command"], ["status", "doctor", "status"])
        self.assertNotIn("capture", [row["kind"] for row in rows])

    def test_nothing_else_looks_like_its_reply_where_there_is_no_journal(self):
        self.agent.stop()
        with open(self.agent.config_path, encoding="utf-8") as file:
            text = file.read().replace(f"{self.agent.directory}/journal.db", "/proc/none/journal.db")
        with open(self.agent.config_path, "w", encoding="utf-8") as file:
            file.write(text)
        self.agent.start()
        self.send("one")
        report = self.assert_ok(self.reply("one"), "doctor")["data"]
        self.assertEqual(len(self.client.on(RESPONSE)), 1)
        self.assertNotIn("others", [check for check, _ in checks(report)], "it takes its own agent for another one")

    def test_a_stop_does_not_wait_for_it(self):
        self.send("one")
        self.client.command("status")
        code, _ = self.agent.stop()
        self.assertEqual(code, 0)
        self.assertEqual(self.reply("one")["code"], "cancelled")

    def test_a_password_is_not_in_it(self):
        secret = f"{self.folder}/secret"
        with open(secret, "w", encoding="utf-8") as file:
            file.write("correct horse battery staple\n")
        os.chmod(secret, 0o600)
        with open(self.agent.config_path, encoding="utf-8") as file:
            text = file.read().replace("[mqtt]", f'[mqtt]\nusername = "pi"\npassword_file = "{secret}"')
        with open(self.agent.config_path, "w", encoding="utf-8") as file:
            file.write(text)
        self.send("one")
        self.assertNotIn("horse", json.dumps(self.reply("one")))

    def test_a_configuration_that_has_become_wrong_is_told(self):
        with open(self.agent.config_path, "a", encoding="utf-8") as file:
            file.write("broken [[[")
        self.send("one")
        reply = self.assert_ok(self.reply("one"), "doctor")
        self.assertIn(("configuration", "error"), checks(reply["data"]))


if __name__ == "__main__":
    unittest.main()
