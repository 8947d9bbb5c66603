# SPDX-License-Identifier: MIT
"""The usual Python script: `incumbent.py PORT PICTURE COMMAND JPEG TEMPERATURE`. Its frame is in memory already."""

import random
import sys
import time

import cv2
import paho.mqtt.client as mqtt

port, picture, command_topic, jpeg_topic, temperature_topic = sys.argv[1:]
frame = cv2.imread(picture)
publishing = False


def on_connect(client, _userdata, _flags, _code):
    client.subscribe(command_topic)
    client.publish(jpeg_topic + "/status", "online", retain=True)


def on_message(client, _userdata, message):
    global publishing
    if message.payload == b"start":
        publishing = True
    elif message.payload == b"stop":
        publishing = False
    elif message.payload == b"capture":
        ok, jpeg = cv2.imencode(".jpg", frame)
        if ok:
            client.publish(jpeg_topic, jpeg.tobytes())


arguments = () if not hasattr(mqtt, "CallbackAPIVersion") else (mqtt.CallbackAPIVersion.VERSION1,)
client = mqtt.Client(*arguments)
client.on_connect = on_connect
client.on_message = on_message
client.connect("127.0.0.1", int(port))
client.loop_start()
while True:
    if publishing:
        client.publish(temperature_topic, random.randint(20, 30))
    time.sleep(2)
