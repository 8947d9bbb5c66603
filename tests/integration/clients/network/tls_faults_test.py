# SPDX-License-Identifier: MIT
"""Servers that are not who they should be: the agent never says a word to them, its name and password least of all, at the first
attempt and at every later one."""

import os
import pathlib
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading
import unittest

from certificates import FUTURE, PAST, WEAK_KEY, Authority
from support import AGENT, PATIENCE, Agent, AgentCase, Broker

ATTEMPTS = int(os.environ.get("EDGE_TLS_ATTEMPTS", "4"))
SECRET = "a secret that must not leave"


class SpyingServer:
    """A TLS server that keeps what it is told inside of TLS."""

    def __init__(self, pair, oldest=ssl.TLSVersion.TLSv1_2, newest=ssl.TLSVersion.TLSv1_3):
        self.told = b""
        self.connections = 0
        self.names = []  # what the clients asked for (SNI)
        self._changed = threading.Condition()
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.set_ciphers("DEFAULT:@SECLEVEL=0")
        self._context.load_cert_chain(*pair)
        self._context.sni_callback = lambda _socket, name, _context: self.names.append(name)
        self._context.minimum_version, self._context.maximum_version = oldest, newest
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                client, _ = self._socket.accept()
            except OSError:
                return
            client.settimeout(PATIENCE)
            told = b""
            try:
                with self._context.wrap_socket(client, server_side=True) as inside:
                    told = inside.recv(4096)
            except OSError:
                pass  # refused by the agent
            with self._changed:
                self.told += told
                self.connections += 1
                self._changed.notify_all()

    def wait_for(self, condition):
        with self._changed:
            if not self._changed.wait_for(lambda: condition(self), PATIENCE * 2 + ATTEMPTS):
                raise AssertionError(f"{self.connections} connections, told {self.told!r}")

    def close(self):
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


class TlsFaults(AgentCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="edge-tls-"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.authority = Authority(self.folder / "ours")
        self.broker = Broker()  # for its port's sake: nothing of these tests gets to a broker
        self.addCleanup(self.broker.close)
        password = self.folder / "password"
        password.write_text(SECRET)
        password.chmod(0o600)
        self.login = f'username = "pi"\npassword_file = "{password}"\n'

    def launch(self, port, ca_file, host="localhost"):
        agent = Agent(self.broker, mqtt=self.login, servers=[f"mqtts://{host}:{port}"],
                      extra=f'[mqtt.tls]\nca_file = "{ca_file}"\n')
        self.addCleanup(agent.close)
        return agent.launch()

    def server(self, *arguments, **options):
        server = SpyingServer(*arguments, **options)
        self.addCleanup(server.close)
        return server

    def test_a_right_server_is_told_who_we_are(self):
        """So that the other tests would see it."""
        server = self.server(self.authority.issue("localhost"))
        self.launch(server.port, self.authority.file)
        server.wait_for(lambda s: s.told)
        self.assertEqual(server.told[0], 0x10, "a CONNECT")
        self.assertIn(SECRET.encode(), server.told)

    def test_a_name_is_asked_for_and_an_address_is_not(self):
        for host, kind, asked in (("localhost", "DNS", "localhost"), ("127.0.0.1", "IP", None)):
            with self.subTest(host):
                server = self.server(self.authority.issue(host, kind=kind))
                self.launch(server.port, self.authority.file, host)
                server.wait_for(lambda s: s.told)
                self.assertEqual(server.names[0], asked)

    def test_a_wrong_server_is_told_nothing(self):
        old = {"oldest": ssl.TLSVersion.TLSv1, "newest": ssl.TLSVersion.TLSv1_1}
        servers = {
            "expired": (self.authority.issue("localhost", PAST), {}, "expired"),
            "not valid yet": (Authority(self.folder / "later").issue("localhost", FUTURE), {}, ""),
            "another host": (self.authority.issue("wrong.example"), {}, "not for localhost"),
            "another CA": (Authority(self.folder / "other").issue("localhost"), {}, "CA"),
            "self-signed": (self.authority.self_signed("localhost"), {}, "self-signed"),
            "1024 bits": (Authority(self.folder / "weak").issue("localhost", key=WEAK_KEY), {}, "too weak"),
            "TLS 1.1": (Authority(self.folder / "old").issue("localhost"), old, ""),
        }
        for name, (pair, options, reason) in servers.items():
            with self.subTest(name):
                ca_file = pair[0].parent / "ca.pem" if name in ("not valid yet", "1024 bits", "TLS 1.1") else self.authority.file
                server = self.server(pair, **options)
                agent = self.launch(server.port, ca_file)
                server.wait_for(lambda s: s.connections >= ATTEMPTS)
                agent.close()
                self.assertEqual(server.told, b"")
                self.assertIn(reason, agent.log())
                self.assertNotIn(SECRET, agent.log())
                said = [line for line in agent.log().splitlines() if "warning" in line]
                print(f"{name}: {server.connections} connections; {said[0][said[0].index('mqtts'):]}")

    def test_a_ca_file_that_is_none_is_a_mistake_in_the_configuration(self):
        (self.folder / "empty").touch()
        (self.folder / "garbage").write_bytes(os.urandom(5000))
        (self.folder / "text").write_text("-----BEGIN CERTIFICATE-----\nnot base64\n-----END CERTIFICATE-----\n")
        server = self.server(self.authority.issue("localhost"))
        for name in ("missing", "empty", "garbage", "text", "."):
            with self.subTest(name):
                agent = self.launch(server.port, self.folder / name)
                self.assertEqual(agent.process.wait(PATIENCE), 78)
                self.assertIn("ca_file", agent.log())
                checked = subprocess.run([AGENT, "check-config", agent.config_path], capture_output=True, text=True, check=False)
                self.assertEqual(checked.returncode, 78, checked.stdout)
                self.assertIn("ca_file", checked.stdout + checked.stderr)
        self.assertEqual(server.connections, 0)


if __name__ == "__main__":
    unittest.main()
