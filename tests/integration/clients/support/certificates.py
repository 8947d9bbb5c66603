# SPDX-License-Identifier: MIT
"""Certificate authorities and certificates for one test, made with the openssl program."""

import pathlib
import subprocess

NOW = ("", "")
PAST = ("20200101000000Z", "20200201000000Z")
FUTURE = ("20990101000000Z", "20990201000000Z")
KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
RSA_KEY = ("-newkey", "rsa:2048", "-nodes")
WEAK_KEY = ("-newkey", "rsa:1024", "-nodes")
CONFIG = """[ca]
default_ca = test
[test]
database = {folder}/index
rand_serial = yes
new_certs_dir = {folder}
default_md = sha256
policy = any
copy_extensions = copy
unique_subject = no
default_days = 30
[any]
commonName = supplied
[req]
distinguished_name = name
[name]
"""


def openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


class Authority:
    def __init__(self, folder, key=KEY):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.file = self.folder / "ca.pem"
        (self.folder / "index").touch()
        (self.folder / "conf").write_text(CONFIG.format(folder=self.folder))
        openssl("req", "-x509", *key, "-keyout", self.folder / "ca.key", "-out", self.file, "-days", 30, "-subj", "/CN=Test CA")

    def issue(self, host, validity=NOW, key=KEY, kind="DNS"):
        """Certificate and key for `host`, a name or (`kind` "IP") an address, as two files."""
        pair = self.folder / f"{host}.pem", self.folder / f"{host}.key"
        request = self.folder / "request"
        openssl("req", *key, "-keyout", pair[1], "-out", request, "-subj", f"/CN={host}", "-addext",
                f"subjectAltName={kind}:{host}")
        dates = ("-startdate", validity[0], "-enddate", validity[1]) if validity[0] else ()
        openssl("ca", "-batch", "-notext", "-config", self.folder / "conf", "-cert", self.file, "-keyfile", self.folder / "ca.key",
                "-in", request, "-out", pair[0], *dates)
        return pair

    def self_signed(self, host):
        pair = self.folder / "self.pem", self.folder / "self.key"
        openssl("req", "-x509", *KEY, "-keyout", pair[1], "-out", pair[0], "-days", 30, "-subj", f"/CN={host}",
                "-addext", f"subjectAltName=DNS:{host}")
        return pair
