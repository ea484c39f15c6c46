#!/usr/bin/env python3
"""Backup, restore, copy and doctor with the real binary: under writes, killed, on a full disk.

    run.py --binary .build/debug/redsteward [--seed N] [--only PART]

Python's standard library only; SQLite files are compared by Python itself. The full disk is a small tmpfs; without the
right to mount one, that part says SKIPPED. One line a check, then `N passed, N failed`.
"""
import argparse
import hashlib
import json
import random
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from checks import Checks, at_end, begin, command, fill, in_namespace, join, kill  # noqa: E402
from checks import run, small_disk, wait_until  # noqa: E402
from house import Server, complaints  # noqa: E402


class Backups(Checks):
    def __init__(self, binary, seed):
        super().__init__()
        self.binary = str(Path(binary).resolve())
        self.random = random.Random(seed)
        self.house = None

    def run(self, *words):
        return command([self.binary, *words])

    @staticmethod
    def bodies(data):
        with sqlite3.connect(data / "redsteward.db") as database:
            return {row[0] for row in database.execute("select body from cases_case where body like 'mark %'")}

    def big(self, folder):
        """A house with some thousand cases and a picture, made once and copied as files."""
        if self.house is None:
            self.house = Path(tempfile.mkdtemp(prefix="redsteward-backup-house-"))
            at_end(lambda: shutil.rmtree(self.house, ignore_errors=True))
            data = self.house / "data"
            Server(self.binary, data).start().stop()
            table, mapping = complaints(
                self.house, 2500, lambda _: f"小区门口的路灯坏了好几天 {self.random.random()}")
            code, text = self.run("import", "cases", table, "--mapping", mapping, "--data", data)
            if code:
                raise RuntimeError("import: " + text[-300:])
            # A file by its content, and a picture that names it.
            content = self.random.randbytes(700_000)
            name = hashlib.sha256(content).hexdigest()
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
        server = Server(self.binary, data).start()
        kept, lock, over = [], threading.Lock(), threading.Event()
        try:
            home = server.home()

            def write(worker):
                number = 0
                while not over.is_set():
                    words = f"mark {worker}-{number}"
                    if server.report("resident", home, words, f"{worker}-{number}")[0] in (200, 201):
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
            join(threads, 60)
        finally:
            over.set()
            server.stop()
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
        server = Server(self.binary, folder / "r1").start(verb="serve")
        self.check("a restored house serves", server.process.poll() is None)
        server.stop()
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
            running = begin([self.binary, "backup", "--data", data, "--to", target], stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL)
            time.sleep(self.random.uniform(0.05, took))
            if running.poll() is None:
                kills += 1
            kill(running)
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
        words = [self.binary, "copy", data, folder / "to"]
        kills = refused = 0
        for _ in range(12):
            running = begin(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(self.random.uniform(0.1, 0.4))
            if running.poll() is not None:
                break
            kill(running)
            kills += 1
            if kills in (3, 6):
                code, text = self.run("setup", "--data", folder / "to", "--area", "x", "--organisation", "y",
                                      "--name", "z")
                refused += code != 0 and ("unfinished" in text or "keys" in text)
        code, text = command(words)
        digests = re.findall(r"digest ([0-9a-f]{64})", text)
        self.check("a killed copy goes on to its end", code == 0 or (code is not None and kills < 12), text)
        if code:
            self.check("a finished copy is not made twice", "not empty" in text, text)
        else:
            self.check("both sides have one digest", len(digests) == 2 and len(set(digests)) == 1, text)
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
        server = Server(self.binary, folder / "to").start(verb="serve")
        self.check("the copy serves", server.process.poll() is None)
        server.stop()
        print(f"# killed {kills} times")

    def killed_restore(self, folder):
        data = self.big(folder)
        key = data / "backup.key"
        code, text = self.run("backup", "--data", data, "--to", folder / "one")
        self.check("a backup to restore", code == 0, text)
        self.run("backup", "--data", data, "--to", folder / "two")
        target = folder / "to"
        command = [self.binary, "restore", str(folder / "one"), "--data", str(target), "--key", str(key)]
        began = time.monotonic()
        code, text = self.run("restore", folder / "one", "--data", folder / "whole", "--key", key)
        took = time.monotonic() - began
        self.check("it is restored in one go", code == 0, text)
        kills = refused = 0
        for _ in range(4):
            running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            while not (target / "restore.unfinished").exists() and running.poll() is None:
                time.sleep(0.01)
            time.sleep(self.random.uniform(0.1, 0.5) * took)
            if running.poll() is not None:
                break
            running.kill()
            running.wait()
            kills += 1
            if kills == 2:
                for words in (("setup", "--data", target, "--area", "x", "--organisation", "y", "--name", "z"),
                              ("serve", "--data", target, "--port", "0")):
                    code, text = self.run(*words)
                    refused += code != 0 and "interrupted" in text
                code, text = self.run("restore", folder / "two", "--data", target, "--key", key)
                self.check("another backup is not restored over it", code != 0 and "another backup" in text, text)
        code, text = self.run(*command[1:]) if (target / "restore.unfinished").exists() else (0, "going on")
        self.check("a killed restore goes on to its end", code == 0 and "going on" in text, text)
        self.check("it was killed while it worked", kills > 1, str(kills))
        self.check("no server opens half a restore", refused == 2, str(refused))
        self.check("every table, row by row, and the searches are the same", not self.same(data, target),
                   self.same(data, target))
        files = [{p.name: p.read_bytes() for p in (d / "files").rglob("*") if p.is_file()} for d in (data, target)]
        self.check("the files are there", files[0] == files[1] and files[0])
        code, text = self.run("verify", "--data", target)
        self.check("verify finds it sound", code == 0, text)
        code, text = self.run(*command[1:])
        self.check("a finished restore is not made twice", code != 0 and "not empty" in text, text)

        # Killed after the last row and before the end was told: the mark is there, the rows are whole.
        mark = (folder / "one").read_bytes()[:60].hex() + "\n"
        (target / "restore.unfinished").write_text(mark, encoding="ascii")
        code, text = self.run(*command[1:])
        self.check("one that was killed at its very end is finished", code == 0 and "sound" in text
                   and not (target / "restore.unfinished").exists(), text)
        with sqlite3.connect(target / "redsteward.db") as database:
            database.execute("update cases_case set body = 'other' where id = (select min(id) from cases_case)")
        (target / "restore.unfinished").write_text(mark, encoding="ascii")
        code, text = self.run(*command[1:])
        self.check("rows of another kind are never taken for it", code != 0 and "cannot go on" in text, text)
        print(f"# {took:.1f} s, killed {kills} times")

    # ---------- a full disk ----------

    def full_disk(self, folder):
        with small_disk(folder / "disk", "3m") as disk:
            if not disk:
                in_namespace(self, "full disk", __file__, "--binary", self.binary, "--only", "full_disk")
                return
            data = self.big(folder)
            code, text = self.run("backup", "--data", data, "--to", disk / "old")
            self.check("a backup fits", code == 0, text)
            fill(disk, 300_000)
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

    # ---------- by itself, and the doctor ----------

    def schedule(self, folder):
        data, backups = folder / "data", folder / "backups"
        server = Server(self.binary, data).start("--backup-dir", backups, "--backup-keep", "3")
        try:
            metrics = wait_until(lambda: "redsteward_backup_age_seconds" in server.ask("/metrics")[1], 20)
            self.check("the first backup is made at once and counted", metrics)
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
            server.stop()
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
    backups = Backups(given.binary, given.seed)

    def work():
        for name in ("under_writes", "killed_backup", "killed_copy", "killed_restore", "full_disk", "schedule"):
            if given.only in (None, name):
                backups.part_in_folder(name.replace("_", " "), getattr(backups, name))

    run(work, backups, limit=600)


if __name__ == "__main__":
    main()
