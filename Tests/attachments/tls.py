#!/usr/bin/env python3
"""A bucket over https whose certificate an own authority signed, and what must be refused.

    tls.py --binary .build/debug/redsteward

Needs `moto[server]` and openssl. Ends with `N passed, M failed`.
"""
import argparse
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "faults"))
from certificates import Authority  # noqa: E402
from s3 import BUCKET, Store, digest  # noqa: E402

import boto3  # noqa: E402
from botocore.config import Config  # noqa: E402


class SecretStore(Store):
    """moto's server with a certificate."""

    def __init__(self, folder, authority):
        super().__init__(folder)
        self.url = f"https://localhost:{self.port}"
        self.authority = authority
        self.certificate, self.key = authority.certificate("localhost")

    def start(self):
        # The address is bound as the name that the certificate tells.
        self.process = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port), "-s", "-c",
             str(self.certificate), "-k", str(self.key)], stdout=self.log, stderr=subprocess.STDOUT)
        for _ in range(300):
            try:
                self.client("s3").create_bucket(Bucket=BUCKET)
                return
            except Exception:  # noqa: BLE001
                time.sleep(0.1)
        raise RuntimeError("moto's server did not start")

    def client(self, service):
        return boto3.client(
            service, endpoint_url=self.url, region_name="us-east-1", aws_access_key_id=self.keys[0],
            aws_secret_access_key=self.keys[1], verify=str(self.authority.path),
            config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 1}))


class Run:
    def __init__(self, binary):
        self.binary = str(Path(binary).resolve())
        self.passed = self.failed = 0
        self.folder = Path(tempfile.mkdtemp(prefix="redsteward-s3-tls-"))
        self.stores = []

    def check(self, name, good, detail=""):
        if good:
            self.passed += 1
        else:
            self.failed += 1
        print(("ok   " if good else "FAIL ") + name + (f": {detail}" if detail and not good else ""), flush=True)

    def copy(self, store, target, **more):
        began = time.monotonic()
        done = subprocess.run([self.binary, "files", "copy", str(self.files), target],
                              env=store.environment(**more), capture_output=True, text=True, timeout=60)
        return done.returncode, (done.stdout + done.stderr).strip(), time.monotonic() - began

    def all(self):
        ours, other = Authority(self.folder, "ours"), Authority(self.folder, "other")
        self.files = self.folder / "files"
        data = bytes(range(256)) * 4000
        place = self.files / digest(data)[:2] / digest(data)[2:4]
        place.mkdir(parents=True)
        (place / digest(data)).write_bytes(data)
        store = SecretStore(self.folder, ours)
        self.stores.append(store)
        store.start()
        target = f"s3://{BUCKET}/house"
        for number, name in enumerate(("REDSTEWARD_S3_CA", "AWS_CA_BUNDLE")):
            code, text, _ = self.copy(store, f"{target}{number}", **{name: str(ours.path)})
            self.check(f"with {name} the files go there over https", code == 0 and "copied 1" in text, text)
        kept = store.objects()
        self.check("and are there byte for byte", list(kept.values()) == [data, data], str(list(kept)))

        refused = (
            ("an authority that the system does not know", {}, "not signed by an authority"),
            ("another authority", {"REDSTEWARD_S3_CA": str(other.path)}, "not signed by an authority"),
            ("a server of another name",
             {"REDSTEWARD_S3_CA": str(ours.path), "REDSTEWARD_S3_ENDPOINT": f"https://127.0.0.1:{store.port}"},
             "for another name"),
            ("an authority's file that is not there", {"REDSTEWARD_S3_CA": "/nowhere/ca.crt"}, "/nowhere/ca.crt"),
            ("an authority's file that is none", {"REDSTEWARD_S3_CA": str(ours.key)}, "holds no certificate"),
        )
        for name, more, words in refused:
            code, text, took = self.copy(store, f"{target}9", **more)
            self.check(f"{name} is refused at once and in words",
                       code != 0 and words in text and took < 4 and "Fatal" not in text, f"{code} {took:.1f} s {text}")
            print(f"#   {text.splitlines()[0] if text else ''}", flush=True)
        plain = Store(self.folder)
        self.stores.append(plain)
        plain.start()
        code, text, took = self.copy(plain, f"{target}9", REDSTEWARD_S3_CA=str(ours.path),
                                     REDSTEWARD_S3_ENDPOINT=f"https://localhost:{plain.port}")
        self.check("a store without TLS is refused at once and in words",
                   code != 0 and "does not speak TLS" in text and took < 4, f"{code} {took:.1f} s {text}")
        self.check("nothing came to a store that was refused",
                   not [key for key in [*store.objects(), *plain.objects()] if key.startswith("house9")])
        process = subprocess.Popen([self.binary, "serve", "--data", str(self.folder / "data"), "--port", "0"],
                                   env=store.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            _, text = process.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            _, text = process.communicate()
        self.check("a server does not begin with a store that it cannot trust",
                   process.returncode not in (0, -9) and "not signed by an authority" in text, text[-300:])


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--binary", required=True)
    run = Run(arguments.parse_args().binary)
    try:
        run.all()
    except Exception as error:  # noqa: BLE001
        run.check("runs to its end", False, repr(error))
        traceback.print_exc()
    finally:
        for store in run.stores:
            store.kill()
        shutil.rmtree(run.folder, ignore_errors=True)
    print(f"{run.passed} passed, {run.failed} failed")
    return 1 if run.failed else 0


if __name__ == "__main__":
    sys.exit(main())
