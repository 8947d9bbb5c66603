# SPDX-License-Identifier: MIT
"""What Home Assistant takes in a device's discovery payload, after its documentation (the pages on MQTT, "Device discovery
payload" and "Using availability topics", and on the MQTT sensor, binary sensor, switch, button, camera and image) and after the
rules of its releases 2024.12 to 2026.10. It ignores keys of a component that it does not know, which hides spelling mistakes;
here they are mistakes. One unknown key in "device" or "origin" makes it drop the whole payload."""

import re

ABBREVIATIONS = {"avty": "availability", "avty_mode": "availability_mode", "dev": "device", "o": "origin", "cmps": "components",
                 "p": "platform", "t": "topic", "ids": "identifiers", "mf": "manufacturer", "mdl": "model", "sw": "sw_version"}


def text(value):
    return isinstance(value, str) and value != ""


def whole(value):
    return isinstance(value, int) and not isinstance(value, bool)


def number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def topic(value):
    return text(value) and not any(c in value for c in "+#\0")


def template(value):
    return text(value) and re.fullmatch(r"\{\{ value_json(\.\w+)+( \| join\(', '\))? \}\}", value) is not None


def one_of(*values):
    return lambda value: value in values


def entity_id(platform):
    return lambda value: isinstance(value, str) and re.fullmatch(platform + r"\.[a-z0-9_]+", value) is not None


def availability(value):
    return isinstance(value, list) and value != [] and all(
        set(entry) <= {"topic", "payload_available", "payload_not_available"} and topic(entry["topic"]) for entry in value)


# What every entity takes; True = required.
COMMON = {
    "platform": (True, text),
    "unique_id": (True, text),
    "name": (False, lambda value: value is None or text(value)),
    "default_entity_id": (False, None),  # by platform
    "availability": (False, availability),
    "availability_mode": (False, one_of("all", "any", "latest")),
    "entity_category": (False, one_of("diagnostic", "config")),
    "icon": (False, lambda value: isinstance(value, str) and re.fullmatch(r"mdi:[a-z0-9-]+", value) is not None),
    # Beside the components it is ignored by releases before May 2026 (home-assistant/core, issue 170166).
    "qos": (True, one_of(1, 2)),
}
SENSOR_CLASSES = {"temperature": {"°C", "°F", "K"}, "data_size": {"B", "KiB", "MiB", "GiB"}, "signal_strength": {"dB", "dBm"},
                  "timestamp": {None}, None: {None}}
PLATFORMS = {
    "sensor": {
        "state_topic": (True, topic), "value_template": (False, template), "device_class": (False, one_of(*SENSOR_CLASSES)),
        "unit_of_measurement": (False, text), "state_class": (False, one_of("measurement", "total", "total_increasing")),
        "suggested_display_precision": (False, whole), "expire_after": (False, lambda value: whole(value) and value >= 0),
    },
    "binary_sensor": {
        "state_topic": (True, topic), "value_template": (False, template), "payload_on": (False, text), "payload_off": (False, text),
        "device_class": (False, one_of("problem", "motion", "connectivity")),
    },
    "switch": {
        "command_topic": (True, topic), "state_topic": (False, topic), "payload_on": (False, text), "payload_off": (False, text),
        "state_on": (False, text), "state_off": (False, text),
    },
    "number": {
        "command_topic": (True, topic), "command_template": (False, text), "state_topic": (False, topic),
        "value_template": (False, template), "device_class": (False, one_of("duration")),
        "unit_of_measurement": (False, one_of("d", "h", "min", "s", "ms", "µs")),
        "mode": (False, one_of("auto", "box", "slider")), "min": (False, number), "max": (False, number), "step": (False, number),
    },
    "button": {"command_topic": (True, topic), "payload_press": (False, text)},
    "camera": {"topic": (True, topic)},
    "image": {"image_topic": (True, topic), "content_type": (False, one_of("image/jpeg"))},
}
# What every release accepts; model_id came later.
DEVICE = {"identifiers": (True, lambda value: isinstance(value, list) and value != [] and all(map(text, value))),
          "name": (False, text), "sw_version": (False, text), "manufacturer": (False, text), "hw_version": (False, text),
          "serial_number": (False, text), "connections": (False, lambda value: isinstance(value, list)),
          "model": (False, lambda value: text(value) and value != "unknown")}
ORIGIN = {"name": (True, text), "sw_version": (False, text), "support_url": (False, text)}
ROOT = {"device": (True, None), "origin": (True, None), "components": (True, None), "availability": (False, availability),
        "availability_mode": (False, one_of("all", "any", "latest"))}
SHARED = ("availability", "availability_mode")


def expand(value):
    """Abbreviated keys in full; the names of components are no keys."""
    if isinstance(value, list):
        return [expand(entry) for entry in value]
    if not isinstance(value, dict):
        return value
    full = {}
    for key, entry in value.items():
        name = ABBREVIATIONS.get(key, key)
        full[name] = {k: expand(v) for k, v in entry.items()} if name == "components" else expand(entry)
    return full


def check(options, schema, where):
    """What is wrong with `options`, as sentences."""
    wrong = [f"{where}: {key} is missing" for key, (required, _) in schema.items() if required and key not in options]
    for key, value in options.items():
        if key not in schema:
            wrong.append(f"{where}: {key} is not documented")
        elif schema[key][1] is not None and not schema[key][1](value):
            wrong.append(f"{where}: {key} = {value!r}")
    return wrong


def is_removal(component):
    """A component with its platform alone is removed."""
    return set(component) == {"platform"}


def check_component(key, component):
    platform = component.get("platform")
    if platform not in PLATFORMS:
        return [f"{key}: platform {platform!r}"]
    if is_removal(component):
        return []
    wrong = check(component, COMMON | PLATFORMS[platform], key)
    if "default_entity_id" in component and not entity_id(platform)(component["default_entity_id"]):
        wrong.append(f"{key}: default_entity_id = {component['default_entity_id']!r}")
    if platform == "sensor":
        unit = component.get("unit_of_measurement")
        if unit not in SENSOR_CLASSES.get(component.get("device_class"), ()):
            wrong.append(f"{key}: unit {unit!r} with class {component.get('device_class')!r}")
    return wrong


def problems(payload):
    """Everything that is wrong with a decoded payload, as sentences; [] where it is fine."""
    full = expand(payload)
    wrong = check(full, ROOT, "payload")
    wrong += check(full.get("device", {}), DEVICE, "device") + check(full.get("origin", {}), ORIGIN, "origin")
    unique = [(c.get("platform"), c.get("unique_id")) for c in full.get("components", {}).values() if not is_removal(c)]
    if len(unique) != len(set(unique)):
        wrong.append("a unique_id stands twice")
    for key, component in full.get("components", {}).items():
        wrong += check_component(key, component)
    return wrong


def entities(payload):
    """The components by name, with what they share filled in, as Home Assistant sees them."""
    full = expand(payload)
    shared = {key: full[key] for key in SHARED if key in full}
    return {key: shared | component for key, component in full["components"].items() if not is_removal(component)}


class Discovered:
    """What a Home Assistant that runs has, by platform and key; another one begins with nothing, as after a restart."""

    def __init__(self):
        self.entities = {}

    def receive(self, payload):
        """One message on the device's topic; `payload` is decoded, or None where it is empty."""
        if payload is None:
            self.entities.clear()
            return
        for key, component in expand(payload)["components"].items():
            if is_removal(component):
                self.entities.pop((component["platform"], key), None)
            elif all(known["unique_id"] != component["unique_id"] or platform != component["platform"] or name == key
                     for (platform, name), known in self.entities.items()):
                self.entities[component["platform"], key] = component

    def unique_ids(self, platform):
        return {component["unique_id"] for (which, _), component in self.entities.items() if which == platform}
