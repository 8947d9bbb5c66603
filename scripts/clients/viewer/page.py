# SPDX-License-Identifier: MIT
"""page.py SOURCE WORK COPYRIGHT TARGET: makes TARGET/index.html of the parts in SOURCE and WORK, and TARGET/copyright.

One file: mosquitto names no content types, and without one a browser takes neither modules nor fonts.
"""

import html
import json
import pathlib
import re
import sys


# Its code for a web worker is a text inside of its own, so that esbuild does not see the packages that it is made of.
INSIDE_TEXTS = {"worker-timers": ("worker-timers-worker", "worker-factory")}


def bundled(work):
    """The directories of the packages that the bundle has code of."""
    inputs = json.loads((work / "bundle.json").read_text("utf-8"))["outputs"]["viewer.js"]["inputs"]
    matches = (re.match(r"(.*node_modules/(?:@[^/]+/)?[^/]+)/", path) for path, part in inputs.items() if part["bytesInOutput"] > 0)
    packages = {work / match[1] for match in matches if match}
    packages |= {package.parent / name for package in packages for name in INSIDE_TEXTS.get(package.name, ())}
    return sorted(packages)


def licence_of(package):
    """(name and version, licence's short name, its text). A package without a text cannot be passed on."""
    about = json.loads((package / "package.json").read_text("utf-8"))
    files = [file for file in sorted(package.iterdir()) if re.match(r"(licen[cs]e|copying)(\.|$)", file.name, re.IGNORECASE)]
    if not files:
        sys.exit(f"{package}: no licence text; the page must not be passed on without it")
    text = "\n".join(file.read_text("utf-8").strip() for file in files)
    return about["name"], about["version"], about["license"], text.replace("\r\n", "\n")


def copyright_paragraph(name, version, licence, text):
    """For Debian's machine-readable format. Texts under one short name differ in small ways, so each package has a name of its own."""
    holders = re.findall(r"^[^A-Za-z0-9]*(Copyright (?:[(©\d]|[A-Z]).*?)\.?$", text, re.MULTILINE) or [f"the authors of {name}"]
    lines = "\n".join(f" {line.rstrip()}" if line.strip() else " ." for line in text.splitlines())
    short = re.sub(r"[^A-Za-z0-9.+-]", "-", name.lstrip("@"))
    return "\n".join([f"Files: node_modules/{name}/*", "Copyright: " + "\n           ".join(holders), f"License: {licence}-{short}", lines,
                      f"Comment: {name} {version}, bundled in index.html", ""])


def main():
    source, work, project, target = (pathlib.Path(argument) for argument in sys.argv[1:])
    licences = [licence_of(package) for package in bundled(work)]
    notices = [f"{name} {version} ({licence})\n\n{text}\n" for name, version, licence, text in licences]
    own = (project.parent.parent / "LICENSE").read_text("utf-8")
    styles = (work / "node_modules/uplot/dist/uPlot.min.css").read_text("utf-8") + (source / "viewer.css").read_text("utf-8")
    script = (work / "viewer.js").read_text("utf-8").replace("</script", "<\\/script")
    page = (source / "index.html").read_text("utf-8")
    for mark, part in (("styles", f"<style>\n{styles}</style>"), ("script", f"<script>\n{script}</script>"),
                       ("licences", html.escape("\n\n".join([f"pi-edge viewer\n\n{own}", *notices]), quote=False))):
        page = page.replace(f"<!-- {mark} -->", part)
    (target / "index.html").write_text(page, "utf-8")
    paragraphs = [project.read_text("utf-8"), *(copyright_paragraph(*licence) for licence in licences)]
    (target / "copyright").write_text("\n".join(paragraphs), "utf-8")


main()
