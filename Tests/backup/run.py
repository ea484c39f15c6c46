#!/usr/bin/env python3
"""Backup, restore, copy and doctor with the real binary: under writes, killed, on a full disk.

    run.py --binary .build/debug/redsteward [--seed N] [--only PART]

Python's standard library only; SQLite files are compared by Python itself. The full disk is a small tmpfs; without the
right to mount one, that part says SKIPPED. One line a check, then `N passed, N failed`.
"""
import argparse
import csv
import json
import os
import random
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class Backups:
    def __init__(self, binary, seed):
        self.binary = str(Path(binary).resolve())
        self.random = random.Random(seed)
        self.passed = self.failed = 0
        self.house = None

    def check(self, name, good, detail=""):
        if good:
            self.passed += 1
        else:
            self.failed += 1
        print(("ok   " if good else "FAIL ") + name + (f": {detail}" if detail and not good else ""), flush=True)
        return good

    def part(self, name, work):
        began = time.monotonic()
        folder = Path(tempfile.mkdtemp(prefix="redsteward-backup-"))
        try:
            work(folder)
        except Exception as error:  # noqa: BLE001
            self.check(f"{name} runs to its end", False, repr(error))
            traceback.print_exc()
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        print(f"# {name}: {time.monotonic() - began:.1f} s", flush=True)

    def run(self, *words, **more):
        done = subprocess.run([self.binary, *map(str, words)], capture_output=True, text=True, timeout=120, **more)
        return done.returncode, done.stdout + done.stderr

    def serve(self, data, *more, kind="demo"):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            port = s.getsockname()[1]
        accounts = data.parent / (data.name + "-accounts.json")
        log = open(str(accounts) + ".log", "a", encoding="utf-8")
        process = subprocess.Popen(
            [self.binary, kind, "--data", str(data), "--port", str(port),
             *(["--accounts-json", str(accounts)] if kind == "demo" else []), *map(str, more)], stdout=log, stderr=subprocess.STDOUT)
        for _ in range(600):
            if process.poll() is not None:
                break
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2):
                    if kind != "demo":
                        return process, f"http://127.0.0.1:{port}", {}
                    if accounts.exists() and accounts.stat().st_size:
                        people = {a["login"]: a for a in json.loads(accounts.read_text(encoding="utf-8"))}
                        return process, f"http://127.0.0.1:{port}", people
            except OSError:
                pass
            time.sleep(0.1)
        process.kill()
        raise RuntimeError("the server did not start: " + Path(log.name).read_text(encoding="utf-8")[-600:])

    @staticmethod
    def stop(process):
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    @staticmethod
    def home(data):
        """A building of the demo's estate, as the API writes an id."""
        with sqlite3.connect(f"file:{data}/redsteward.db?mode=ro", uri=True) as database:
            number = database.execute(
                "select h.unit_id from directory_home h join directory_account l on l.person_id = h.person_id"
                " where l.login = 'resident' limit 1").fetchone()[0]
        alphabet = "0123456789abcdefghjkmnpqrstvwxyz"
        return "".join(alphabet[number >> shift & 31] for shift in range(60, -1, -5))

    @staticmethod
    def report(base, token, home, words, key):
        request = urllib.request.Request(
            base + "/api/v1/cases", data=json.dumps({"area": home, "words": words}).encode(),
            headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json", "Idempotency-Key": key})
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status in (200, 201)
        except (urllib.error.HTTPError, OSError):
            return False

    @staticmethod
    def bodies(data):
        with sqlite3.connect(data / "redsteward.db") as database:
            return {row[0] for row in database.execute("select body from cases_case where body like 'mark %'")}

    def big(self, folder):
        """A house with some thousand cases and a picture, made once and copied as files."""
        if self.house is None:
            self.house = Path(tempfile.mkdtemp(prefix="redsteward-backup-house-"))
            data = self.house / "data"
            process, _, _ = self.serve(data)
            self.stop(process)
            table = self.house / "rows.csv"
            with open(table, "w", newline="", encoding="utf-8") as file:
                writer = csv.writer(file)
                writer.writerow(["id", "time", "title", "body", "level1"])
                for index in range(2500):
                    writer.writerow([f"r{index}", f"2025-{index % 12 + 1:02}-{index % 28 + 1:02} 09:{index % 60:02}:00",
                                     f"路灯不亮 {index}", f"小区门口的路灯坏了好几天 {self.random.random()}", "城市管理"])
            mapping = json.loads((ROOT / "examples/import/tipdm-messages.json").read_text(encoding="utf-8"))
            mapping["area_name"] = "桂花苑"
            (self.house / "mapping.json").write_text(json.dumps(mapping), encoding="utf-8")
            code, text = self.run("import", "cases", table, "--mapping", self.house / "mapping.json", "--data", data)
            if code:
                raise RuntimeError("import: " + text[-300:])
            # A file by its content, and a picture that names it.
            content = self.random.randbytes(700_000)
            name = __import__("hashlib").sha256(content).hexdigest()
            place = data / "files" / name[:2] / name[2:4]
            place.mkdir(parents=True)
            (place / name).write_bytes(content)
            with sqlite3.connect(data / "redsteward.db") as database:
                database.execute("insert into attachments_picture values (7, ?, ?, ?, 1, 1, 1)", (name, name, name))
        shutil.copytree(self.house / "data", folder / "data")
        return folder / "data"

    def same(self, left, right):
        """Every table of both files, row by row, and some searches; the first difference, or an empty text."""
        with sqlite3.connect(left / "redsteward.db") as a, sqlite3.connect(right / "redsteward.db") as b:
            names = [r[0] for r in a.execute(
                "select name from sqlite_schema where type = 'table' and name not like 'sqlite_%'"
                " and name not like 'cases_text%' order by name")]
            rows = 0
            for name in names:
                one, two = (sorted(map(repr, d.execute(f"select * from {name}"))) for d in (a, b))
                rows += len(one)
                if one != two:
                    return f"{name}: {len(one)} and {len(two)} rows"
            for words in ('"路灯"', '"路灯" AND "好几"', '"水管"', '"4321"', '"门口" AND "17"', '"桂花"'):
                query = "select rowid from cases_text where cases_text match ? order by rowid"
                one, two = (d.execute(query, (words,)).fetchall() for d in (a, b))
                if one != two:
                    return f"search {words}: {len(one)} and {len(two)}"
            if b.execute("pragma foreign_key_check").fetchall():
                return "a reference points at nothing"
        return "" if rows > 5000 else f"only {rows} rows"

    # ---------- while it is served ----------

    def under_writes(self, folder):
        data = folder / "data"
        process, base, people = self.serve(data)
        kept, lock, over = [], threading.Lock(), threading.Event()
        try:
            token, home = people["resident"]["token"], self.home(data)

            def write(worker):
                number = 0
                while not over.is_set():
                    words = f"mark {worker}-{number}"
                    if self.report(base, token, home, words, words):
                        with lock:
                            kept.append(words)
                    number += 1

            threads = [threading.Thread(target=write, args=(w,)) for w in range(6)]
            for thread in threads:
                thread.start()
            made = []
            for number in range(2):
                time.sleep(1)
                with lock:
                    before = set(kept)
                code, text = self.run("backup", "--data", data, "--to", folder / f"b{number}")
                with lock:
                    after = len(kept)
                made.append((before, number))
                self.check(f"backup {number} is made under writes", code == 0, text)
                self.check("the server goes on meanwhile", after > len(before), f"{len(before)} {after}")
            code, text = self.run("copy", data, folder / "other")
            self.check("a served house is not copied, and nothing is left behind",
                       code != 0 and "server" in text and not (folder / "other").exists(), text)
            over.set()
            for thread in threads:
                thread.join()
        finally:
            over.set()
            self.stop(process)
        key = data / "backup.key"
        self.check("the key is private", key.stat().st_mode & 0o777 == 0o600)
        for before, number in made:
            target = folder / f"r{number}"
            code, text = self.run("restore", folder / f"b{number}", "--data", target, "--key", key)
            self.check(f"backup {number} is restored and sound", code == 0 and "sound" in text, text)
            lost = before - self.bodies(target)
            self.check(f"everything acknowledged before backup {number} is there ({len(before)})",
                       bool(before) and not lost, f"{len(lost)} lost")
            code, text = self.run("verify", "--data", target)
            self.check("verify finds it sound", code == 0, text)
        code, text = self.run("restore", folder / "b0", "--data", folder / "r0", "--key", key)
        self.check("a restore never writes over a house", code != 0 and "not empty" in text, text)
        process, base, _ = self.serve(folder / "r1", kind="serve")
        self.check("a restored house serves", process.poll() is None)
        self.stop(process)
        code, _ = self.run("backup", "--data", folder / "r1", "--to", folder / "wrong", "--key", folder / "other.key")
        code, text = self.run("restore", folder / "wrong", "--data", folder / "r9", "--key", key)
        self.check("a wrong key is told and leaves nothing behind",
                   code != 0 and "another key" in text and not (folder / "r9").exists(), text)

    # ---------- killed ----------

    def killed_backup(self, folder):
        data = self.big(folder)
        began = time.monotonic()
        code, text = self.run("backup", "--data", data, "--to", folder / "old")
        took = time.monotonic() - began
        self.check("a backup of some thousand cases", code == 0 and "files 2" in text, text)
        kills = 0
        for number in range(5):
            target = folder / f"k{number}"
            running = subprocess.Popen([self.binary, "backup", "--data", data, "--to", target],
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(self.random.uniform(0.05, took))
            if running.poll() is None:
                running.kill()
                kills += 1
            running.wait()
            if target.exists():
                code, text = self.run("backup", "--check", target, "--data", data)
                self.check("what has its name is whole", code == 0, text)
        self.check("it was killed while it worked", kills > 1, str(kills))
        code, text = self.run("backup", "--check", folder / "old", "--data", data)
        self.check("the older backup is good", code == 0 and "good" in text, text)
        self.check("a check leaves nothing behind", not list(data.glob("redsteward-check*")))
        # Bytes that changed on the way.
        whole = (folder / "old").read_bytes()
        for number in range(6):
            place = self.random.randrange(len(whole))
            changed = bytearray(whole)
            changed[place] ^= 1 << self.random.randrange(8)
            (folder / "bad").write_bytes(changed if number % 2 else whole[:place])
            code, text = self.run("backup", "--check", folder / "bad", "--data", data)
            self.check(f"a {'changed' if number % 2 else 'cut'} backup is refused in one line",
                       code != 0 and "backup" in text and "Fatal" not in text, text[-200:])
        print(f"# {took:.1f} s, {len(whole)} bytes, killed {kills} times")

    def killed_copy(self, folder):
        data = self.big(folder)
        command = [self.binary, "copy", str(data), str(folder / "to")]
        kills = refused = 0
        for _ in range(12):
            running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(self.random.uniform(0.1, 0.4))
            if running.poll() is not None:
                break
            running.kill()
            running.wait()
            kills += 1
            if kills in (3, 6):
                code, text = self.run("setup", "--data", folder / "to", "--area", "x", "--organisation", "y",
                                      "--name", "z")
                refused += code != 0 and ("unfinished" in text or "keys" in text)
        done = subprocess.run(command, capture_output=True, text=True)
        digests = re.findall(r"digest ([0-9a-f]{64})", done.stdout)
        self.check("a killed copy goes on to its end", done.returncode == 0 or kills < 12, done.stdout + done.stderr)
        if done.returncode:
            self.check("a finished copy is not made twice", "not empty" in done.stderr, done.stderr)
        else:
            self.check("both sides have one digest", len(digests) == 2 and len(set(digests)) == 1, done.stdout)
        self.check("it was killed while it worked", kills > 2, str(kills))
        self.check("no server opens half a copy", refused >= 1, str(refused))
        self.check("every table, row by row, and the searches are the same", not self.same(data, folder / "to"),
                   self.same(data, folder / "to"))
        code, text = self.run("verify", "--data", folder / "to")
        self.check("verify finds the copy sound", code == 0, text)
        files = [sorted(p.name for p in (d / "files").rglob("*") if p.is_file()) for d in (data, folder / "to")]
        self.check("the files went along", files[0] == files[1] and files[0], str(files)[:200])
        other = folder / "other"
        self.run("setup", "--data", other, "--area", "x", "--organisation", "y", "--name", "z")
        before = sorted((p.name, p.stat().st_size) for p in other.iterdir() if "-" not in p.name)
        code, text = self.run("copy", data, other)
        after = sorted((p.name, p.stat().st_size) for p in other.iterdir() if "-" not in p.name)
        self.check("a house is not copied over another", code != 0 and "not empty" in text and before == after, text)
        process, _, _ = self.serve(folder / "to", kind="serve")
        self.check("the copy serves", process.poll() is None)
        self.stop(process)
        print(f"# killed {kills} times")

    # ---------- a full disk ----------

    def full_disk(self, folder):
        disk = folder / "disk"
        disk.mkdir()
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(disk)],
                          capture_output=True).returncode:
            if os.environ.get("REDSTEWARD_IN_NAMESPACE") or not shutil.which("unshare"):
                print("SKIPPED full disk: this machine does not allow a tmpfs")
                return
            done = subprocess.run(
                ["unshare", "-Urm", sys.executable, __file__, "--binary", self.binary, "--only", "full_disk"],
                env={**os.environ, "REDSTEWARD_IN_NAMESPACE": "1"}, capture_output=True, text=True)
            print(done.stdout, end="")
            if "uid_map" in done.stderr or "Operation not permitted" in done.stderr:
                print("SKIPPED full disk: this machine does not allow a tmpfs")
                return
            self.check("the full disk in a namespace of its own", done.returncode == 0, done.stderr[-300:])
            return
        try:
            data = self.big(folder)
            code, text = self.run("backup", "--data", data, "--to", disk / "old")
            self.check("a backup fits", code == 0, text)
            left = os.statvfs(disk)
            (disk / "filler").write_bytes(b"x" * max(0, left.f_bavail * left.f_frsize - 300_000))
            code, text = self.run("backup", "--data", data, "--to", disk / "new")
            self.check("a full disk is told", code != 0 and "full" in text and "untouched" in text, text)
            self.check("no half file is left", sorted(p.name for p in disk.iterdir()) == ["filler", "old"],
                       str(list(disk.iterdir())))
            code, text = self.run("backup", "--check", disk / "old", "--data", data)
            self.check("the older backup is untouched", code == 0, text)
            code, text = self.run("backup", "--check", disk / "old", "--data", data, "--scratch", disk)
            self.check("a check does not fill a disk", code != 0 and "room" in text, text)
            self.check("and leaves nothing there", sorted(p.name for p in disk.iterdir()) == ["filler", "old"])
            code, text = self.run("restore", disk / "old", "--data", disk / "house", "--key", data / "backup.key")
            self.check("a restore onto a full disk is refused", code != 0 and "full" in text, text)
            code, text = self.run("verify", "--data", disk / "house")
            self.check("what it left is no house", code != 0, text)
        finally:
            subprocess.run(["umount", "-l", str(disk)], capture_output=True)

    # ---------- by itself, and the doctor ----------

    def schedule(self, folder):
        data, backups = folder / "data", folder / "backups"
        process, base, _ = self.serve(data, "--backup-dir", backups, "--backup-keep", "3")
        try:
            for _ in range(200):
                with urllib.request.urlopen(base + "/metrics", timeout=5) as answer:
                    metrics = answer.read().decode()
                if "redsteward_backup_age_seconds" in metrics:
                    break
                time.sleep(0.1)
            self.check("the first backup is made at once and counted", "redsteward_backup_age_seconds" in metrics)
            names = sorted(p.name for p in backups.iterdir())
            self.check("it has its name and nothing else is there",
                       len(names) == 1 and re.fullmatch(r"redsteward-\d{8}-\d{6}\.backup", names[0]), str(names))
            for _ in range(40):
                code, text = self.run("doctor", "--data", data, "--backup-dir", backups, "--json")
                checks = {c["name"]: c for c in json.loads(text)}
                bad = [c for c in checks.values() if c["level"] == "bad" and c["name"] not in ("disk", "calendar")]
                # The house was just planted, with a past: its audit is sealed in a moment.
                if [c["name"] for c in bad] != ["audit"]:
                    break
                time.sleep(0.5)
            self.check("the doctor finds nothing bad in a served house", not bad, str(bad))
            self.check("the doctor knows the backup", checks["backup"]["level"] == "ok", str(checks["backup"]))
        finally:
            self.stop(process)
        (data / "keys").chmod(0o644)
        code, text = self.run("doctor", "--data", data)
        self.check("the doctor ends with 1 when keys lie open", code == 1 and "bad     keys" in text, text)
        (data / "keys").chmod(0o600)
        shutil.rmtree(backups)
        backups.mkdir()
        code, text = self.run("doctor", "--data", data, "--backup-dir", backups)
        self.check("backups that are gone are bad", code == 1 and "bad     backup" in text, text)


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--binary", required=True)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--only")
    given = arguments.parse_args()
    run = Backups(given.binary, given.seed)
    try:
        for name in ("under_writes", "killed_backup", "killed_copy", "full_disk", "schedule"):
            if given.only in (None, name):
                run.part(name.replace("_", " "), getattr(run, name))
    finally:
        if run.house:
            shutil.rmtree(run.house, ignore_errors=True)
    print(f"{run.passed} passed, {run.failed} failed")
    return 1 if run.failed else 0


if __name__ == "__main__":
    sys.exit(main())
