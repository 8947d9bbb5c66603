# SPDX-License-Identifier: MIT
"""The usual Python script with live view: `live_loop.py HOST SOURCE QUALITY RATE`. SOURCE is a device of V4L2, or files for
cv2.VideoCapture ("/tmp/frame-%d.jpg"). It publishes each frame on python/live, with the time it was taken, and answers what arrives on
python/command."""

import sys
import time

import cv2
import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

host, source, quality, rate = sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
is_device = source.startswith("/dev/")


def opened():
    camera = cv2.VideoCapture(source, cv2.CAP_V4L2 if is_device else cv2.CAP_IMAGES)
    if is_device:
        camera.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter_fourcc(*"RGB3"))
    return camera


def on_message(client, _userdata, message):
    client.publish("python/response", message.payload)


version = {"callback_api_version": mqtt.CallbackAPIVersion.VERSION2} if hasattr(mqtt, "CallbackAPIVersion") else {}
client = mqtt.Client(protocol=mqtt.MQTTv5, **version)
client.on_message = on_message
client.connect(host)
client.subscribe("python/command")
client.publish("python/status", "online")
client.loop_start()
camera = opened()
following = time.monotonic()
while True:
    taken = time.time()
    good, frame = camera.read()
    if not good:
        if is_device:
            sys.exit(f"OpenCV reads nothing from {source}")
        camera = opened()  # the files again
        continue
    if is_device:
        taken = time.time() - time.monotonic() + camera.get(cv2.CAP_PROP_POS_MSEC) / 1000
    properties = Properties(PacketTypes.PUBLISH)
    properties.UserProperty = [("taken", str(taken))]
    good, jpeg = cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, quality])
    client.publish("python/live", jpeg.tobytes(), 0, False, properties)
    following += 1 / rate
    time.sleep(max(0.0, following - time.monotonic()))
