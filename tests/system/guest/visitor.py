# SPDX-License-Identifier: MIT
"""What clients other than the documents' do to the broker, from the machine on which this runs. Prints JSON.

visitor.py anonymous HOST PORT…                       where a client without a name is let in, of all protocols
visitor.py forge URL USER PASSWORD CA                 whether `room/temp` from this user reaches others
visitor.py retained URL USER PASSWORD CA TOPIC        the retained message of a topic, or null
visitor.py page URL CA                                the first bytes of a web page; CA "" = no TLS
"""

import json
import ssl
import sys
import time
import urllib.request
from urllib.parse import urlsplit

import paho.mqtt.client as mqtt

PATIENCE = 20


def client_for(url, user=None, password=None, ca=None):
    """A client that is about to connect; `code` becomes the broker's answer."""
    parts = urlsplit(url)
    client = mqtt.Client(transport="websockets" if parts.scheme in ("ws", "wss") else "tcp")
    if parts.scheme in ("mqtts", "wss"):
        client.tls_set(ca, cert_reqs=ssl.CERT_REQUIRED if ca else ssl.CERT_NONE)
        client.tls_insecure_set(not ca)
    if user:
        client.username_pw_set(user, password)
    client.code = None
    client.on_connect = lambda client, _data, _flags, code: setattr(client, "code", code)
    client.connect(parts.hostname, parts.port)
    return client


def run_until(client, condition, seconds):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        if client.loop(0.2) != mqtt.MQTT_ERR_SUCCESS:
            break
    return condition()


def anonymous(host, *ports):
    """Whoever is let in publishes a forged reading, too."""
    open_to_all = []
    for port in ports:
        for scheme in ("mqtt", "mqtts", "ws", "wss"):
            url = f"{scheme}://{host}:{port}"
            try:
                client = client_for(url)
                if run_until(client, lambda: client.code is not None, 3) and client.code == 0:
                    open_to_all.append(url)
                client.disconnect()
            except (OSError, mqtt.WebsocketConnectionError):
                pass  # nothing listens here for this machine, or it speaks another protocol
    return open_to_all


def forge(url, user, password, ca):
    client = client_for(url, user, password, ca)
    seen, acknowledged = [], []
    client.on_message = lambda _client, _data, message: seen.append(message.payload.decode())
    client.on_publish = lambda _client, _data, number: acknowledged.append(number)
    client.on_subscribe = lambda client, *_: client.publish("room/temp", "99", qos=1)
    run_until(client, lambda: client.code is not None, PATIENCE)
    client.subscribe("room/temp", 1)
    # What the broker passes on, it passes on before it answers a later command of the same client.
    run_until(client, lambda: acknowledged, PATIENCE)
    client.publish("command", "status", qos=1)
    run_until(client, lambda: len(acknowledged) > 1, PATIENCE)
    return {"connected": client.code == 0, "acknowledged": len(acknowledged), "passed on": "99" in seen}


def retained(url, user, password, ca, topic):
    client = client_for(url, user, password, ca or None)
    seen = []
    client.on_message = lambda _client, _data, message: seen.append(message.payload.decode())
    run_until(client, lambda: client.code is not None, PATIENCE)
    client.subscribe(topic, 1)
    return seen[0] if run_until(client, lambda: seen, PATIENCE) else None


def page(url, ca):
    context = ssl.create_default_context(cafile=ca) if ca else None
    with urllib.request.urlopen(url, timeout=PATIENCE, context=context) as answer:
        return answer.read(2000).decode(errors="replace")


print(json.dumps({"anonymous": anonymous, "forge": forge, "retained": retained, "page": page}[sys.argv[1]](*sys.argv[2:])))
