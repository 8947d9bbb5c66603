# SPDX-License-Identifier: MIT
"""spdx.py VERSION POOL BUILDS: prints the release's bill of materials, SPDX 2.3, of the packages in POOL/SUITE/*.deb.

BUILDS/SUITE-ARCH/*.buildinfo name the versions of what they were built with. Dated SOURCE_DATE_EPOCH.
"""

import datetime
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys


def identifier(*parts):
    return "SPDXRef-" + "-".join(re.sub(r"[^A-Za-z0-9.-]", "-", part) for part in parts)


def field(deb, name):
    return subprocess.run(["dpkg-deb", "-f", deb, name], check=True, capture_output=True, text=True).stdout.strip()


def names(relations):
    """The packages of a Depends or Build-Depends field: of alternatives the first, without versions and profiles."""
    return sorted({re.match(r"[a-z0-9][a-z0-9+.-]*", relation.strip())[0] for relation in relations.split(",") if relation.strip()})


class Document:
    def __init__(self, version):
        self.packages = {}
        self.relationships = set()
        self.source = self.add("source", version, name="pi-edge-agent", versionInfo=version, licenseDeclared="MIT",
                               packageFileName=f"pi-edge-agent-{version}.tar.gz")

    def add(self, *parts, **properties):
        key = identifier(*parts)
        defaults = {"SPDXID": key, "downloadLocation": "NOASSERTION", "filesAnalyzed": False, "licenseConcluded": "NOASSERTION",
                    "licenseDeclared": "NOASSERTION", "copyrightText": "NOASSERTION"}
        self.packages[key] = defaults | properties
        return key

    def relate(self, one, kind, other):
        self.relationships.add((one, kind, other))

    def add_debian(self, suite, name, version):
        purl = f"pkg:deb/debian/{name}" + (f"@{version}" if version else "") + f"?distro={suite}"
        known = {"versionInfo": version} if version else {}
        return self.add("debian", suite, name, version, name=name, supplier="Organization: Debian", **known,
                        externalRefs=[{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": purl}])

    def add_deb(self, file, built_with):
        suite = file.parent.name
        package, version, architecture = (field(file, name) for name in ("Package", "Version", "Architecture"))
        deb = self.add("deb", package, version, architecture, name=package, versionInfo=version, licenseDeclared="MIT",
                       packageFileName=f"apt/pool/{suite}/{file.name}", primaryPackagePurpose="INSTALL",
                       checksums=[{"algorithm": "SHA256", "checksumValue": hashlib.sha256(file.read_bytes()).hexdigest()}])
        self.relate(deb, "GENERATED_FROM", self.source)
        self.relate("SPDXRef-DOCUMENT", "DESCRIBES", deb)
        for name in names(field(file, "Depends")):
            if not name.startswith("pi-edge-"):
                self.relate(deb, "DEPENDS_ON", self.add_debian(suite, name, ""))
        if architecture != "all" and not package.endswith("-dbgsym"):
            for name, built in built_with[f"{suite}-{architecture}"].items():
                self.relate(self.add_debian(suite, name, built), "BUILD_DEPENDENCY_OF", deb)
        if package == "pi-edge-viewer":
            self.add_bundled(file, deb)

    def add_bundled(self, file, deb):
        """The libraries in the page, as its copyright file lists them."""
        archive = subprocess.run(["dpkg-deb", "--fsys-tarfile", file], check=True, capture_output=True).stdout
        text = subprocess.run(["tar", "-xO", "./usr/share/doc/pi-edge-viewer/copyright"], input=archive, check=True,
                              capture_output=True).stdout.decode()
        for part in text.split("\nFiles: ")[1:]:
            found = re.search(r"^Comment: (\S+) (\S+), bundled", part, re.MULTILINE)
            licence = re.search(r"^License: (.*)$", part, re.MULTILINE)
            if not found:
                continue
            name, version = found.groups()
            short = re.sub(r"[^A-Za-z0-9.+-]", "-", name.lstrip("@"))
            self.relate(deb, "CONTAINS", self.add(
                "npm", name, version, name=name, versionInfo=version, licenseDeclared=licence[1].removesuffix(f"-{short}"),
                externalRefs=[{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
                               "referenceLocator": f"pkg:npm/{name.replace('@', '%40')}@{version}"}]))

    def text(self, version):
        packages = [self.packages[key] for key in sorted(self.packages)]
        digest = hashlib.sha256(json.dumps(packages).encode()).hexdigest()
        created = datetime.datetime.fromtimestamp(int(os.environ["SOURCE_DATE_EPOCH"]), datetime.timezone.utc)
        return json.dumps({
            "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT", "name": f"pi-edge-agent-{version}",
            "documentNamespace": f"https://spdx.org/spdxdocs/pi-edge-agent-{version}-{digest}",
            "creationInfo": {"created": created.strftime("%Y-%m-%dT%H:%M:%SZ"), "creators": ["Tool: pi-edge-agent scripts/release"]},
            "packages": packages,
            "relationships": [{"spdxElementId": one, "relationshipType": kind, "relatedSpdxElement": other}
                              for one, kind, other in sorted(self.relationships)],
        }, indent=1)


def direct_build_dependencies(control):
    return names(re.search(r"^Build-Depends:(.*?)^\S", control.read_text("utf-8"), re.MULTILINE | re.DOTALL)[1])


def main():
    version, pool, builds = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
    direct = set(direct_build_dependencies(builds.parent.parent / "debian/control"))
    built_with = {}
    for file in builds.glob("*/*.buildinfo"):
        installed = dict(re.findall(r"^ (\S+?)(?::\S+)? \(= (\S+)\),?$", file.read_text("utf-8"), re.MULTILINE))
        built_with[file.parent.name] = {name: installed[name] for name in sorted(direct & installed.keys())}
    document = Document(version)
    for file in sorted(pool.glob("*/*.deb")):
        document.add_deb(file, built_with)
    print(document.text(version))


main()
