# SPDX-License-Identifier: MIT
"""Watches a live view, on the far side: `live_watch.py mqtt HOST NAME` or `live_watch.py http URL` (ustreamer). Prints a line for each
frame: "frame ARRIVED TAKEN BYTES", in seconds of the clock. With mqtt, each line of the input is a command for NAME, and a line "reply
SECONDS" tells how long its reply took."""

import sys
import time
import urllib.error
import urllib.request
from datetime import datetime


def frame(taken, size):
    print(f"frame {time.time():.4f} {taken:.4f} {size}", flush=True)


def opened(url):
    while True:
        try:
            return urllib.request.urlopen(url)
        except urllib.error.URLError:  # not listening yet
            time.sleep(0.1)


def watch_http(url):
    with opened(url) as stream:
        taken = None
        while True:
            line = stream.readline().decode("ascii", "replace").lower()
            if not line:
                sys.exit("the stream has ended")
            if line.startswith("content-length:"):
                size = int(line.split(":")[1])
            elif line.startswith("x-ustreamer-grab-time:"):
                grabbed = float(line.split(":")[1])
                taken = time.time() - time.monotonic() + grabbed if grabbed else None  # none in its picture "no signal"
            elif line == "\r\n" and taken is not None:
                stream.read(size)
                frame(taken, size)
                taken = None


def watch_mqtt(host, name):
    import paho.mqtt.client as mqtt
    base = name if name == "python" else f"edge/{name}"
    live, command, reply, status = (f"{base}/{kind}" for kind in ("live", "command", "response", "status"))
    version = {"callback_api_version": mqtt.CallbackAPIVersion.VERSION2} if hasattr(mqtt, "CallbackAPIVersion") else {}
    client = mqtt.Client(protocol=mqtt.MQTTv5, **version)
    sent = []

    def on_message(_client, _userdata, message):
        if message.topic == live:
            properties = dict(message.properties.UserProperty)
            taken = float(properties["taken"]) if "taken" in properties else datetime.fromisoformat(
                properties["time"].replace("Z", "+00:00")).timestamp()
            frame(taken, len(message.payload))
        elif message.topic == reply:
            print(f"reply {time.monotonic() - sent[-1]:.4f}", flush=True)
        elif message.payload == b"online":
            print("online", flush=True)

    client.on_message = on_message
    client.connect(host)
    client.subscribe([(live, 0), (reply, 1), (status, 1)])
    client.loop_start()
    for text in sys.stdin:
        sent.append(time.monotonic())
        client.publish(command, text.strip(), 1)


if sys.argv[1] == "http":
    watch_http(sys.argv[2])
else:
    watch_mqtt(*sys.argv[2:])
