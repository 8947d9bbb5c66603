# SPDX-License-Identifier: MIT
"""A broker with TLS and passwords, beside the one without."""

import pathlib

from agent import AGENT, CONFIG
from report import check, run
from setup import BASIC, drop_in, restart, wait_for_broker

PASSWORD = "correct-horse-battery-staple"
FOLDER = pathlib.Path("/etc/mosquitto/certs")
BROKER = f"""
per_listener_settings true
listener 1883 127.0.0.1
allow_anonymous true
listener 8883 127.0.0.1
allow_anonymous false
password_file /etc/mosquitto/passwords
cafile {FOLDER}/ca.pem
certfile {FOLDER}/server.pem
keyfile {FOLDER}/server.key
"""
SETTINGS = BASIC + f"""
[mqtt]
servers = ["mqtts://localhost:8883"]
username = "pi"
password_file = "mqtt"
[mqtt.tls]
ca_file = "{FOLDER}/ca.pem"
[journal]
flush = "1s"
"""


def certificate():
    """A certificate authority and a server's certificate that begin to be valid now."""
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    run("openssl", "req", "-x509", *key, "-keyout", f"{FOLDER}/ca.key", "-out", f"{FOLDER}/ca.pem", "-days", "3650", "-subj", "/CN=CA")
    run("openssl", "req", *key, "-keyout", f"{FOLDER}/server.key", "-out", f"{FOLDER}/server.csr", "-subj", "/CN=localhost")
    (FOLDER / "names").write_text("subjectAltName=DNS:localhost\n")
    run("openssl", "x509", "-req", "-in", f"{FOLDER}/server.csr", "-CA", f"{FOLDER}/ca.pem", "-CAkey", f"{FOLDER}/ca.key",
        "-CAcreateserial", "-days", "365", "-out", f"{FOLDER}/server.pem", "-extfile", f"{FOLDER}/names")
    run("chown", "-R", "mosquitto", str(FOLDER))


def connect(state):
    """TLS, with a password from systemd's credentials."""
    certificate()
    run("mosquitto_passwd", "-b", "-c", "/etc/mosquitto/passwords", "pi", PASSWORD)
    run("chown", "mosquitto", "/etc/mosquitto/passwords")
    pathlib.Path("/etc/mosquitto/conf.d/tls.conf").write_text(BROKER)
    run("systemctl", "restart", "mosquitto")
    wait_for_broker()
    pathlib.Path("/etc/credstore").mkdir(mode=0o700, exist_ok=True)
    pathlib.Path("/etc/credstore/mqtt").write_text(PASSWORD + "\n")
    drop_in(AGENT, "[Service]\nLoadCredential=mqtt:/etc/credstore/mqtt\n")
    CONFIG.write_text(SETTINGS)
    restart(state["bus"])
    since, reply = state["bus"].ask("start")
    check("mqtts with name and password: the agent is online, and answers", reply["status"] == "ok", reply)
