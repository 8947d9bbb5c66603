# SPDX-License-Identifier: MIT
"""The client tests with aedes as the broker: another implementation of MQTT 3.1.1."""

import importlib
import os
import pathlib
import subprocess
import unittest

import support

AEDES = pathlib.Path(os.environ["EDGE_AEDES"])  # the folder with its packages and broker.js


class Aedes(support.Broker):
    def start(self):
        with open(f"{self.directory}/log", "ab") as log:
            command = ["node", str(AEDES / "broker.js"), str(self.port)]
            self.process = subprocess.Popen(command, stdout=log, stderr=log, preexec_fn=support.die_with_parent)
        support.wait_for_port(self.port, self.process)
        return self


support.Broker = Aedes  # before the tests import it
MODULES = [importlib.import_module(f"{name}_test") for name in (
    "captures", "commands", "existing_programs", "hostile_input", "lifecycle", "network_faults", "outages", "repeats", "retained_commands")]

# Tests that aedes cannot pass: it does not support MQTT 5 and keeps nothing over a restart. The last two count connections, and the
# agent makes two, one for each version.
LEFT_OUT = {
    "captures_test.Captures.test_mqtt5_clients_see_what_it_is",
    "commands_test.Commands.test_every_qos_protocol_and_topic_is_answered_once",
    "existing_programs_test.ExistingPrograms.test_readings_are_integers_and_pictures_are_jpegs",
    "hostile_input_test.TooLongFor5.test_does_not_cost_the_connection_over_5",
    "repeats_test.Repeats.test_the_same_correlation_takes_one_picture",
    "retained_commands_test.RetainedCommands.test_a_retained_start_is_refused_once_and_does_nothing",
    "network_faults_test.NetworkFaults.test_a_slow_link_takes_the_picture_and_the_readings",
    "network_faults_test.NetworkFaults.test_cut_again_and_again",
}


def load_tests(loader, _tests, _pattern):
    found = [test for module in MODULES for case in loader.loadTestsFromModule(module) for test in case]
    names = {test.id() for test in found}
    if not LEFT_OUT <= names:
        raise RuntimeError(f"there is no {LEFT_OUT - names}")
    return unittest.TestSuite(test for test in found if test.id() not in LEFT_OUT)


if __name__ == "__main__":
    unittest.main()
