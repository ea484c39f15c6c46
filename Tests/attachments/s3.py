#!/usr/bin/env python3
"""Photos in an S3-compatible store: the built server against moto's server, which checks every signature; and photos in
a folder whose disk is full.

    s3.py --binary .build/debug/redsteward

Needs `moto[server]` (with its boto3). The full disk is a small tmpfs; without the right to mount one, that part says
SKIPPED. One line a check, then `N passed, N failed`.
"""
import argparse
import hashlib
import http.client
import json
import os
import random
import re
import shutil
import signal
import sqlite3
import struct
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
import zlib
from pathlib import Path

import boto3
from botocore.config import Config

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from checks import Checks, at_end, begin, command, free_port, join, kill, run, small_disk, wait_until  # noqa: E402
from house import Server, form_token, multipart, text_id  # noqa: E402

BUCKET, PREFIX = "estate-files", "house/one"
MIB = 1 << 20


def photo(seed, width=900, height=700):
    """A PNG of coloured noise, different for each seed."""
    noise = random.Random(seed)
    rows = b"".join(b"\0" + noise.randbytes(width * 3) for _ in range(height))

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows, 1)) + chunk(b"IEND", b"")


def digest(data):
    return hashlib.sha256(data).hexdigest()


class Store:
    """moto's server in a process of its own. It keeps everything in memory: killed, it forgets."""

    def __init__(self, folder):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = open(folder / "moto.log", "a", encoding="utf-8")
        self.keys = ("AKIAIOSFODNN7EXAMPLE", "not-checked-by-a-store-that-forgot")
        self.process = None

    def start(self):
        self.process = begin([sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", self.port],
                             stdout=self.log, stderr=subprocess.STDOUT)

        def answers():
            try:
                with urllib.request.urlopen(f"{self.url}/moto-api/", timeout=2):
                    return True
            except OSError:
                return False

        if not wait_until(answers, 60):
            raise RuntimeError("moto's server did not start")
        self.client("s3").create_bucket(Bucket=BUCKET)

    def client(self, service):
        return boto3.client(
            service, endpoint_url=self.url, region_name="us-east-1", aws_access_key_id=self.keys[0],
            aws_secret_access_key=self.keys[1],
            config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 1}))

    def lock(self):
        """From now on every request must be signed by a user who may use this bucket and no other."""
        iam = self.client("iam")
        iam.create_user(UserName="redsteward")
        policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Resource": "*", "Action": [
            "s3:ListBucket", "s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:GetObjectAcl"]}]}
        iam.put_user_policy(UserName="redsteward", PolicyName="files", PolicyDocument=json.dumps(policy))
        key = iam.create_access_key(UserName="redsteward")["AccessKey"]
        self.keys = (key["AccessKeyId"], key["SecretAccessKey"])
        request = urllib.request.Request(f"{self.url}/moto-api/reset-auth", data=b"0",
                                         headers={"Content-Type": "text/plain"})
        urllib.request.urlopen(request, timeout=5).close()

    def environment(self, **more):
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "REDSTEWARD_"))}
        return {**clean, "REDSTEWARD_FILES": f"s3://{BUCKET}/{PREFIX}", "REDSTEWARD_S3_ENDPOINT": self.url,
                "REDSTEWARD_S3_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": self.keys[0],
                "AWS_SECRET_ACCESS_KEY": self.keys[1], **more}

    def objects(self):
        s3, found = self.client("s3"), {}
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET):
            for item in page.get("Contents", []):
                found[item["Key"]] = s3.get_object(Bucket=BUCKET, Key=item["Key"])["Body"].read()
        return found

    def kill(self):
        kill(self.process)


class Person:
    """Somebody at a browser, or a program with a token."""

    def __init__(self, base, token=None):
        self.base, self.token, self.cookies = base, token, {}

    def ask(self, path, data=None, kind=None, timeout=60, **headers):
        headers = {"Accept-Language": "zh-CN", **{k.replace("_", "-"): v for k, v in headers.items()}}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        elif self.cookies:
            headers["Cookie"] = "; ".join(f"{k}={v}" for k, v in self.cookies.items())
        if kind:
            headers["Content-Type"] = kind
        host, port = self.base.removeprefix("http://").split(":")
        connection = http.client.HTTPConnection(host, int(port), timeout=timeout)
        try:
            connection.request("GET" if data is None else "POST", path, body=data, headers=headers)
            answer = connection.getresponse()
            body = answer.read()
            for name, value in answer.getheaders():
                if name.lower() == "set-cookie":
                    cookie = value.split(";")[0].split("=", 1)
                    self.cookies[cookie[0]] = cookie[1]
            return answer.status, dict((k.lower(), v) for k, v in answer.getheaders()), body
        finally:
            connection.close()

    def page(self, path):
        status, _, body = self.ask(path)
        if status != 200:
            raise RuntimeError(f"{path}: {status}")
        return body.decode()

    def form_token(self, path):
        return form_token(self.page(path))

    def sign_in(self, account):
        fields = {"_form": self.form_token("/sign-in?staff=1"), "login": account["login"],
                  "password": account["password"]}
        status, _, _ = self.ask("/sign-in/password", urllib.parse.urlencode(fields).encode(),
                                "application/x-www-form-urlencoded")
        if status != 303:
            raise RuntimeError(f"sign-in of {account['login']}: {status}")
        return self

    def report(self, words, photos):
        """The page's form, filled and sent as a browser sends it."""
        page = self.page("/report")
        fields = {
            "_form": form_token(page), "what": words,
            "key": re.search(r'name="?key"? value="([^"]+)"', page)[1],
            "area": re.search(r'<option value="([^"]+)"', page)[1]
            if "<option value" in page else re.search(r'name="area" value="([^"]+)"', page)[1]}
        body, kind = multipart(
            fields, [("photo", f"{index}.png", "image/png", data) for index, data in enumerate(photos)])
        status, headers, body = self.ask("/report", body, kind)
        return status, headers.get("location"), body.decode()


class Run(Checks):
    def __init__(self, binary):
        super().__init__()
        self.binary = str(Path(binary).resolve())
        self.folder = Path(tempfile.mkdtemp(prefix="redsteward-s3-"))
        at_end(lambda: shutil.rmtree(self.folder, ignore_errors=True))
        self.data = self.folder / "data"
        self.store = Store(self.folder)
        self.settings = {}
        self.house = Server(self.binary, self.data, environment=lambda: self.store.environment(**self.settings))

    # ---------- the server and the commands ----------

    @property
    def base(self):
        return self.house.base

    @property
    def server(self):
        return self.house.process

    @property
    def accounts(self):
        return self.house.people

    def command(self, *words, **more):
        return command([self.binary, *words], env=self.store.environment(**more))

    def start(self, **more):
        self.settings = more
        self.house.start()

    def stop(self):
        self.house.stop()

    def server_log(self):
        return self.house.log.read_text(encoding="utf-8") if self.house.log.exists() else ""

    def rows(self, sql):
        return self.house.rows(sql)

    def named(self):
        return {name for row in self.rows("select full_name, medium_name, square_name from attachments_picture")
                for name in row}

    def counts(self):
        return [self.rows(f"select count(*) from {table}")[0][0]
                for table in ("cases_case", "cases_photo", "attachments_picture")]

    @staticmethod
    def key(name):
        return f"{PREFIX}/{name[:2]}/{name[2:4]}/{name}"

    def spooled(self):
        return [name for name in os.listdir(self.data / "files" / "tmp")]

    @staticmethod
    def memory_of(process):
        """The memory that is a process's own, in bytes, in the machine or swapped out; 0 when it is gone.

        Pages of files are left out: the kernel takes them away and gives them back as it likes, so what is mapped of a
        program grows and shrinks without the program's doing, by more than what is looked for here."""
        try:
            status = Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8")
        except OSError:
            return 0
        return sum(int(n) for n in re.findall(r"^(?:RssAnon|VmSwap):\s+(\d+) kB", status, re.MULTILINE)) * 1024

    # ---------- the parts ----------

    def wrong_settings(self):
        for name, words, more in (
                ("keys that are missing", "AWS_ACCESS_KEY_ID", {"AWS_ACCESS_KEY_ID": ""}),
                ("a wrong secret", "SignatureDoesNotMatch", {"AWS_SECRET_ACCESS_KEY": "x" * 40}),
                ("keys of nobody", "InvalidAccessKeyId", {"AWS_ACCESS_KEY_ID": "AKIAAAAAAAAAAAAAAAAA"}),
                ("a bucket that is not there", "NoSuchBucket", {"REDSTEWARD_FILES": "s3://no-such-bucket/x"}),
                ("a place that is none", "REDSTEWARD_S3_ENDPOINT", {"REDSTEWARD_S3_ENDPOINT": "nowhere"})):
            code, text = self.command("serve", "--data", str(self.folder / "none"), "--port", "0", **more)
            secret = more.get("AWS_SECRET_ACCESS_KEY", self.store.keys[1])
            self.check(f"{name}: the server says so and does not start",
                       code not in (0, None) and words in text and secret not in text, f"{code} {text[:300]}")

    def upload_and_read(self):
        self.start()
        self.resident = Person(self.base).sign_in(self.accounts["resident"])
        status, place, text = self.resident.report("厨房水管漏水，请看照片", [photo(1), photo(2)])
        if not self.check("a resident reports with two photos", status == 303, f"{status} {text[:200]}"):
            raise RuntimeError("nothing to go on with")
        program = Person(self.base, self.accounts["resident"]["token"])
        status, other, text = program.report("楼道灯不亮，请看照片", [photo(3)])
        self.check("and with the token of a program", status == 303, f"{status} {text[:200]}")
        self.shown = {}
        for case in (place, other):
            for source in re.findall(r'(?:src|href)="(/photos/[^"]+)"', self.resident.page(case)):
                self.shown[source] = None
        good = True
        for source in self.shown:
            status, headers, body = self.resident.ask(source)
            self.shown[source] = body
            good = good and status == 200 and body[:3] == b"\xff\xd8\xff" and digest(body) in self.named() \
                and int(headers["content-length"]) == len(body) and headers["etag"] == f'"{digest(body)}"' \
                and headers["cache-control"] == "private, max-age=3600" and headers["content-type"] == "image/jpeg"
        self.check("every photo comes back whole, with length, digest as ETag, and kept by the browser alone",
                   good and len(self.shown) == 6, f"{len(self.shown)}")
        source, body = next(iter(self.shown.items()))
        status, _, nothing = self.resident.ask(source, If_None_Match=f'"{digest(body)}"')
        self.check("what the browser has is not sent again", status == 304 and not nothing, str(status))
        stranger = Person(self.base, self.accounts["tenant"]["token"])
        statuses = {stranger.ask(s)[0] for s in self.shown} | {Person(self.base).ask(s)[0] for s in self.shown}
        self.check("another resident and a visitor see none of them", statuses == {404}, str(statuses))

    def bucket(self):
        objects = self.store.objects()
        self.check("the bucket holds exactly what the house names, by its content",
                   set(objects) == {self.key(name) for name in self.named()} and len(objects) == 9,
                   f"{len(objects)} {len(self.named())}")
        self.check("every object is what its name says",
                   all(key.endswith(digest(body)) for key, body in objects.items()))
        acl = self.store.client("s3").get_object_acl(Bucket=BUCKET, Key=next(iter(objects)))["Grants"]
        self.check("nobody but the owner of the bucket may read",
                   all(g["Grantee"]["Type"] == "CanonicalUser" for g in acl), str(acl))
        try:
            urllib.request.urlopen(f"{self.store.url}/{BUCKET}/{next(iter(objects))}", timeout=5).close()
            nothing = 200
        except urllib.error.HTTPError as error:
            nothing = error.code
        self.check("without keys the store shows nothing", nothing == 403, str(nothing))
        kept = [f for f in (self.data / "files").rglob("*") if f.is_file()]
        self.check("nothing of it is left on the server's own disk", not kept, str(kept))
        status, place, _ = self.resident.report("还是那张照片", [photo(1)])
        self.check("the same photo again is kept once",
                   status == 303 and set(self.store.objects()) == set(objects), str(status))

    def restart(self):
        self.stop()
        self.start()
        self.resident = Person(self.base).sign_in(self.accounts["resident"])
        good = all(self.resident.ask(source)[2] == body for source, body in self.shown.items())
        self.check("after a restart every photo is there", good)
        code, text = self.command("files", "verify", "--data", str(self.data))
        self.check("files verify finds all sound while the house serves",
                   code == 0 and "files 9," in text and "missing 0" in text and "sound" in text, text)

    def copy(self):
        self.backup = self.folder / "backup"
        code, text = self.command("files", "copy", f"s3://{BUCKET}/{PREFIX}", str(self.backup))
        self.check("files copy brings the bucket to a disk", code == 0 and "copied 9" in text, text)
        kept = {f.name: f for f in self.backup.rglob("*") if f.is_file()}
        self.check("each file is what its name says",
                   set(kept) == self.named() and all(digest(f.read_bytes()) == n for n, f in kept.items()))
        code, text = self.command("files", "copy", f"s3://{BUCKET}/{PREFIX}", str(self.backup))
        self.check("a second copy has nothing to do", code == 0 and "already 9, copied 0" in text, text)
        victim = next(iter(kept.values()))
        victim.unlink()
        code, text = self.command("files", "copy", f"s3://{BUCKET}/{PREFIX}", str(self.backup))
        self.check("a broken copy goes on where it stopped", code == 0 and "copied 1" in text, text)

    def paused(self):
        """The store takes connections and says nothing."""
        before, objects = self.counts(), set(self.store.objects())
        self.store.process.send_signal(signal.SIGSTOP)
        try:
            began = time.monotonic()
            status, headers, body = self.resident.ask(next(iter(self.shown)))
            took = time.monotonic() - began
            self.check("a silent store: a photo is refused in words, not hung",
                       status == 503 and "照片库暂时连不上" in body.decode() and took < 14, f"{status} {took:.1f} s")
            print(f"# a photo of a silent store was refused after {took:.1f} s", flush=True)
            began = time.monotonic()
            status, _, text = self.resident.report("暂停时的报事，文字要留着", [photo(11)])
            took = time.monotonic() - began
            self.check("a form is refused with its words kept",
                       status == 503 and "照片库暂时连不上" in text and "暂停时的报事，文字要留着" in text and took < 14,
                       f"{status} {took:.1f} s")
            print(f"# a form to a silent store was refused after {took:.1f} s", flush=True)
            status, _, _ = self.resident.report("暂停时没有照片的报事", [])
            self.check("a form without photos is taken meanwhile", status == 303, str(status))
        finally:
            self.store.process.send_signal(signal.SIGCONT)
        after = self.counts()
        self.check("nothing half done is in the database", after == [before[0] + 1, before[1], before[2]],
                   f"{before} {after}")
        status, place, _ = self.resident.report("暂停时的报事，文字要留着", [photo(11)])
        self.check("it works again at once when the store speaks again", status == 303, str(status))
        now = self.store.objects()
        self.check("what is in the bucket is whole and by its content",
                   all(k == self.key(digest(b)) for k, b in now.items()) and objects <= set(now)
                   and {self.key(n) for n in self.named()} <= set(now))
        self.check("the spool is empty", not self.spooled(), str(self.spooled()))

    def killed(self):
        code, text = self.command("files", "copy", f"s3://{BUCKET}/{PREFIX}", str(self.backup))
        self.check("the backup is brought up to date", code == 0, text)
        saved = {f.name for f in self.backup.rglob("*") if f.is_file()}
        before, answers, waits, lock = self.counts(), [], [], threading.Lock()

        def send(number):
            person = Person(self.base).sign_in(self.accounts["resident"])
            for turn in range(4):
                began = time.monotonic()
                answer = person.report(f"断电报事 {number} {turn}", [photo(100 + number * 10 + turn)])
                with lock:
                    answers.append((answer, f"断电报事 {number} {turn}"))
                    waits.append(time.monotonic() - began)

        threads = [threading.Thread(target=send, args=(i,)) for i in range(4)]
        for thread in threads:
            thread.start()
        wait_until(lambda: answers, 60, 0.01)
        self.store.kill()
        join(threads, 180)
        taken = [a for a, _ in answers if a[0] == 303]
        refused = [(a, words) for a, words in answers if a[0] == 503]
        self.check("a killed store: every form is taken or refused in words, with its words kept",
                   len(taken) + len(refused) == 16 and len(refused) > 0
                   and all("照片库暂时连不上" in a[2] and words in a[2] for a, words in refused),
                   str([a[0] for a, _ in answers]))
        print(f"# killed under 4 uploads: {len(taken)} taken, {len(refused)} refused, the slowest after "
              f"{max(waits):.1f} s", flush=True)
        after = self.counts()
        self.check("every taken form has its photo and no refused one left a trace",
                   [a - b for a, b in zip(after, before)] == [len(taken)] * 3, f"{before} {after} {len(taken)}")
        # A store of memory forgets when it is killed: all it had is brought back from the disk.
        self.store.start()
        code, text = self.command("files", "copy", str(self.backup), f"s3://{BUCKET}/{PREFIX}")
        self.check("files copy brings the disk to the bucket", code == 0 and f"copied {len(saved)}" in text, text)
        lost = self.named() - saved
        code, text = self.command("files", "verify", "--data", str(self.data))
        missing = set(re.findall(r"MISSING (\w{64})", text))
        self.check("files verify names exactly what the store has lost",
                   missing == lost and (code == 0) == (not lost) and "corrupt 0" in text, f"{len(missing)} {len(lost)}")
        good = all(self.resident.ask(source)[2] == body for source, body in self.shown.items())
        self.check("the photos are shown again without a restart", good)
        status, _, _ = self.resident.report("恢复之后", [photo(12)])
        self.check("and new ones are kept", status == 303, str(status))
        if lost:
            number = self.rows("select p.id from cases_photo p join attachments_picture a on a.id = p.file_id"
                               f" where a.full_name = '{sorted(lost & self.fulls())[0]}'")[0][0]
            status, _, _ = self.resident.ask(f"/photos/{text_id(number)}")
            self.check("a photo that the store has lost is a fault of ours and said so", status == 500, str(status))
        self.check("the server's log tells the operator, without the secret",
                   "s3://estate-files" in self.server_log() and self.store.keys[1] not in self.server_log())

    def fulls(self):
        return {row[0] for row in self.rows("select full_name from attachments_picture")}

    def damaged(self):
        s3 = self.store.client("s3")
        source = next(s for s in self.shown if not s.endswith("/small"))
        name = digest(self.shown[source])
        s3.put_object(Bucket=BUCKET, Key=self.key(name), Body=bytes(len(self.shown[source])))
        try:
            status, _, body = self.resident.ask(source)
        except http.client.IncompleteRead as error:
            status, body = None, error.partial
        self.check("a changed object is never shown whole", status != 200 or len(body) < len(self.shown[source]),
                   str(status))
        code, text = self.command("files", "verify", "--data", str(self.data))
        self.check("files verify finds it", code == 1 and f"CORRUPT {name}" in text, text[:300])
        s3.put_object(Bucket=BUCKET, Key=self.key(name), Body=self.shown[source])
        self.check("and it is shown when it is right again", self.resident.ask(source)[2] == self.shown[source])

    def memory(self):
        """A file of 64 MiB through every way, and the memory that it took beyond a file of a few bytes."""
        big = random.Random(64).randbytes(64 * MIB)
        name = digest(big)

        def place(folder, data):
            path = folder / digest(data)[:2] / digest(data)[2:4]
            path.mkdir(parents=True)
            (path / digest(data)).write_bytes(data)
            return folder

        def peak(*words):
            process = begin([self.binary, "files", "copy", *words], env=self.store.environment(),
                            stdout=subprocess.DEVNULL)
            most, until = 0, time.monotonic() + 120
            while process.poll() is None and time.monotonic() < until:
                most = max(most, self.memory_of(process))
                time.sleep(0.002)
            return process.returncode, most

        small, large = place(self.folder / "small", b"a few bytes"), place(self.folder / "large", big)
        for way, words in (("put", lambda f, n: (f, f"s3://{BUCKET}/{f.name}-{n}")),
                           ("get", lambda f, n: (f"s3://{BUCKET}/{f.name}-{n}", self.folder / f"{f.name}-back-{n}"))):
            # How many pools the allocator makes depends on how threads met: the least of three of each is what it needs.
            tries = [(peak(*words(small, n)), peak(*words(large, n))) for n in range(3)]
            code = [pair[0] for both in tries for pair in both]
            least, most = min(few[1] for few, _ in tries), min(much[1] for _, much in tries)
            print(f"# {way} of 64 MiB: {most / MIB:.1f} MiB of its own, of a few bytes {least / MIB:.1f} MiB", flush=True)
            self.check(f"{way} of 64 MiB takes at most 4 MiB more than {way} of a few bytes",
                       set(code) == {0} and 0 < most < least + 4 * MIB, f"{code} {least} {most}")
        back = self.folder / "large-back-0" / name[:2] / name[2:4] / name
        self.check("it comes back byte for byte", back.read_bytes() == big)

        # The server sends the same file to a browser that takes its time.
        code, text = self.command("files", "copy", str(large), f"s3://{BUCKET}/{PREFIX}")
        source = next(s for s in self.shown if not s.endswith("/small"))
        old = digest(self.shown[source])
        self.stop()
        with sqlite3.connect(self.data / "redsteward.db") as database:
            database.execute("update attachments_picture set full_name = ? where full_name = ?", (name, old))
        self.start()
        self.resident = Person(self.base).sign_in(self.accounts["resident"])
        self.resident.ask(source + "/small")
        host, port = self.base.removeprefix("http://").split(":")
        cookies = "; ".join(f"{k}={v}" for k, v in self.resident.cookies.items())
        grown, whole = [], True
        for _ in range(3):
            before = most = self.memory_of(self.server)
            connection = http.client.HTTPConnection(host, int(port), timeout=60)
            connection.request("GET", source, headers={"Cookie": cookies})
            answer = connection.getresponse()
            seen, got = hashlib.sha256(), 0
            for turn in range(10_000):
                chunk = answer.read(MIB)
                if not chunk:
                    break
                seen.update(chunk)
                got += len(chunk)
                for _ in range(50 if turn < 4 else 1):
                    most = max(most, self.memory_of(self.server))
                    time.sleep(0.01 if turn < 4 else 0)
            connection.close()
            whole = whole and seen.hexdigest() == name and got == len(big)
            grown.append(most - before)
        print(f"# serving 64 MiB to a slow browser three times: {[round(n / MIB, 1) for n in grown]} MiB more", flush=True)
        self.check("64 MiB reach a slow browser whole", whole, f"{code} {got}")
        self.check("and the server's memory grows by at most 4 MiB", min(grown) < 4 * MIB, str(grown))

    def full(self):
        """The files lie in a folder of their own, on a disk that is full."""
        with small_disk(self.folder / "disk", "8m") as disk:
            if not disk:
                self.say("SKIPPED a full disk: this machine does not allow a tmpfs")
                return
            self.stop()
            self.start(REDSTEWARD_FILES=str(disk / "files"))
            resident = Person(self.base).sign_in(self.accounts["resident"])
            before, filler = self.counts(), disk / "filler"
            status, _, _ = resident.report("盘没满", [photo(201)])
            self.check("a folder of its own takes photos",
                       status == 303 and self.counts()[2] == before[2] + 1, str(status))
            room = os.statvfs(disk)
            filler.write_bytes(bytes(room.f_bavail * room.f_frsize - 100_000))
            before = self.counts()
            status, _, text = resident.report("盘满了，文字要留着", [photo(202)])
            self.check("a full disk refuses a photo in words, with the words kept",
                       status == 503 and "存不下了" in text and "盘满了，文字要留着" in text, f"{status} {text[:200]}")
            left = [f for f in (disk / "files" / "tmp").iterdir()] + self.spooled()
            self.check("and nothing of it is left", self.counts() == before and not left, f"{left}")
            filler.unlink()
            status, _, _ = resident.report("盘满了，文字要留着", [photo(202)])
            self.check("with room again it is taken", status == 303, str(status))
            kept = [f for f in (disk / "files").rglob("*") if f.is_file()]
            self.check("every file is what its name says",
                       kept != [] and all(digest(f.read_bytes()) == f.name for f in kept), str(len(kept)))
            self.stop()

    def all(self):
        self.store.start()
        self.store.lock()
        try:
            # Each goes on where the one before it ended.
            for part in (self.wrong_settings, self.upload_and_read, self.bucket, self.restart, self.copy, self.paused,
                         self.killed, self.damaged, self.memory, self.full):
                self.part(part.__name__.replace("_", " "), part)
        finally:
            self.stop()
            if self.failed:
                print(self.server_log()[-3000:])


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--binary", required=True)
    photos = Run(arguments.parse_args().binary)
    run(photos.all, photos, limit=600)


if __name__ == "__main__":
    main()
