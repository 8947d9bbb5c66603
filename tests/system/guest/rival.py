# SPDX-License-Identifier: MIT
"""What people's scripts do: `rival.py cam` calls libcamera's program for each picture, `rival.py videocapture` keeps OpenCV's
VideoCapture open. Both encode with cv2.imencode and publish at QoS 0. Topics: HOW/command, HOW/jpeg, HOW/age, HOW/status."""

import glob
import os
import subprocess
import sys
import time

import cv2
import numpy
import paho.mqtt.client as mqtt

WIDTH, HEIGHT = 636, 480  # the virtual camera's sizes are multiples of 6: the nearest
HOW = sys.argv[1]
FOLDER = "/tmp/rival"
STREAM = f"width={WIDTH},height={HEIGHT},pixelformat=BGR888"


def shoot():
    """The last of two frames, by `cam`: with fewer the virtual camera does not begin."""
    for old in glob.glob(f"{FOLDER}/*"):
        os.unlink(old)
    subprocess.run(["cam", "--camera", "1", "--capture=2", "--stream", STREAM, f"--file={FOLDER}/frame-#.bin"], check=True)
    data = numpy.fromfile(sorted(glob.glob(f"{FOLDER}/*"))[-1], dtype=numpy.uint8)
    return data.reshape(HEIGHT, -1)[:, :WIDTH * 3].reshape(HEIGHT, WIDTH, 3), None


def opened():
    """The virtual camera's other sensor, which gives 640x480 without further processing; OpenCV makes colours of it."""
    subprocess.run(["media-ctl", "--device", "/dev/media0", "--set-v4l2", '"Sensor A":0[fmt:SBGGR8_1X8/640x480]'], check=True)
    device = subprocess.run(["media-ctl", "--device", "/dev/media0", "--entity", "Raw Capture 0"], check=True, capture_output=True,
                            text=True).stdout.strip()
    camera = cv2.VideoCapture(device, cv2.CAP_V4L2)
    camera.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter_fourcc(*"BA81"))
    good, frame = camera.read()
    if not good:
        raise SystemExit(f"OpenCV reads nothing from {device}")
    print(device, frame.shape, flush=True)
    return camera


os.makedirs(FOLDER, exist_ok=True)
CAMERA = opened() if HOW == "videocapture" else None


def read():
    """The frame, and when the driver says that it was filled."""
    good, frame = CAMERA.read()
    assert good
    return frame, CAMERA.get(cv2.CAP_PROP_POS_MSEC)


def on_message(client, _data, _message):
    asked = time.monotonic() * 1000
    frame, filled = read() if CAMERA else shoot()
    jpeg = cv2.imencode(".jpg", frame)[1].tobytes()
    client.publish(f"{HOW}/jpeg", jpeg, 0)
    if filled is not None:
        client.publish(f"{HOW}/age", f"{asked - filled:.1f}", 0)


client = mqtt.Client()
client.on_message = on_message
client.connect("127.0.0.1")
client.subscribe(f"{HOW}/command", 0)
client.loop_start()
client.publish(f"{HOW}/status", "ready", 1)
while True:
    time.sleep(2)
