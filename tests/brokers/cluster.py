# SPDX-License-Identifier: MIT
"""Three nodes of RabbitMQ with its MQTT plugin, on free ports of 127.0.0.1, as one cluster. They run in a chroot that has RabbitMQ
installed (EDGE_BROKERS_CHROOT), with names, ports and a port mapper of their own: a RabbitMQ of the machine's is not touched."""

import os
import pathlib
import shutil
import signal
import subprocess
import time

from support import PATIENCE, Client, die_with_parent, free_port, wait_for_port

CHROOT = pathlib.Path(os.environ.get("EDGE_BROKERS_CHROOT", "/"))
IN_CHROOT = pathlib.Path(__file__).parents[2] / "scripts/lib/in-chroot"
START = 180  # seconds that a node may take
NAMES = ("one", "two", "three")

CONFIG = """
listeners.tcp = none
mqtt.listeners.tcp.1 = 127.0.0.1:{port}
mqtt.allow_anonymous = true
cluster_formation.peer_discovery_backend = classic_config
cluster_formation.classic_config.nodes.1 = one@localhost
cluster_formation.classic_config.nodes.2 = two@localhost
cluster_formation.classic_config.nodes.3 = three@localhost
cluster_partition_handling = pause_minority
"""
# A session's queue is on more than one node: else it is away with its node, and its client locked out until that is back.
ADVANCED = "[{rabbitmq_mqtt, [{durable_queue_type, quorum}]}].\n"


class Node:
    """What the agent's tests call a broker: it has a `port`."""

    def __init__(self, cluster, name):
        self.cluster, self.name = cluster, name
        self.port = free_port()
        self.process = None
        folder = cluster.folder / name
        folder.mkdir(parents=True)
        inside = f"/{folder.relative_to(CHROOT)}"
        (folder / "rabbitmq.conf").write_text(CONFIG.format(port=self.port))
        (folder / "advanced.config").write_text(ADVANCED)
        (folder / "plugins").write_text("[rabbitmq_mqtt].\n")
        self.environment = cluster.environment | {
            "RABBITMQ_NODENAME": f"{name}@localhost", "RABBITMQ_DIST_PORT": str(free_port()), "RUNNING_UNDER_SYSTEMD": "yes",
            "RABBITMQ_CONFIG_FILE": f"{inside}/rabbitmq", "RABBITMQ_ADVANCED_CONFIG_FILE": f"{inside}/advanced.config",
            "RABBITMQ_ENABLED_PLUGINS_FILE": f"{inside}/plugins", "RABBITMQ_MNESIA_BASE": f"{inside}/data",
            "RABBITMQ_LOG_BASE": f"{inside}/log", "RABBITMQ_PID_FILE": f"{inside}/pid"}

    def start(self):
        self.process = self.cluster.run_in_background("/usr/lib/rabbitmq/bin/rabbitmq-server", environment=self.environment)

    def kill(self):
        """As if its machine had lost its power."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(PATIENCE)

    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def takes_subscriptions(self):
        """Its port is open, and what its plugin keeps on several nodes has a majority: it takes connections before that, and leaves
        them without an answer."""
        wait_for_port(self.port, self.process)
        try:
            Client(self, f"ready/{self.name}", qos=1, session=f"ready-{self.name}").close()
            return True
        except (AssertionError, OSError):
            return False

    def control(self, *arguments):
        command = self.cluster.command("/usr/lib/rabbitmq/bin/rabbitmqctl", "--node", f"{self.name}@localhost", *arguments,
                                       environment=self.environment)
        return subprocess.run(command, capture_output=True, text=True, timeout=START, check=False)


class Cluster:
    def __init__(self):
        self.folder = CHROOT / "brokers"
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()
        cookie = CHROOT / "root/.erlang.cookie"
        cookie.unlink(missing_ok=True)
        cookie.write_text("PIEDGEAGENTTEST")
        cookie.chmod(0o400)
        mapper = str(free_port())
        self.environment = {"ERL_EPMD_PORT": mapper, "ERL_EPMD_ADDRESS": "127.0.0.1",
                            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}"}
        self._processes = []
        self.nodes = [Node(self, name) for name in NAMES]
        self.run_in_background("epmd", "-port", mapper, "-address", "127.0.0.1", environment={})

    def command(self, *command, environment):
        return [str(IN_CHROOT), str(CHROOT), "env", *[f"{name}={value}" for name, value in environment.items()], *command]

    def run_in_background(self, *command, environment):
        with open(self.folder / "output", "ab") as output:
            process = subprocess.Popen(self.command(*command, environment=environment), stdin=subprocess.DEVNULL, stdout=output,
                                       stderr=output, start_new_session=True, preexec_fn=die_with_parent)
        self._processes.append(process)
        return process

    def start(self):
        for node in self.nodes:
            node.start()
        self.wait_until_online()
        return self

    def wait_until_online(self):
        """Until all nodes are one cluster."""
        deadline = time.monotonic() + START
        while time.monotonic() < deadline and all(node.is_running() for node in self.nodes):
            done = self.nodes[0].control("await_online_nodes", str(len(NAMES)), "--timeout", "60")
            if done.returncode == 0 and all(node.takes_subscriptions() for node in self.nodes):
                return
        raise RuntimeError(f"the cluster did not start: {(self.folder / 'output').read_text()[-5000:]}")

    def close(self):
        for process in self._processes:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(PATIENCE)
