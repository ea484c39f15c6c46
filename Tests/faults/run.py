#!/usr/bin/env python3
"""Faults from outside: no Swift, no package manager, a full disk, an orderly end, a killed import.

    run.py --binary .build/debug/redsteward [--seed N]

Python's standard library only. The full disk is a small tmpfs, mounted in a namespace of its own; without the right to
mount one, that part says SKIPPED. One line a check, then `N passed, N failed`.
"""
import argparse
import json
import random
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import uuid
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from checks import ROOT, Checks, begin, command, fill, in_namespace, join, kill, run, small_disk  # noqa: E402
from house import Server, complaints  # noqa: E402


class Faults(Checks):
    def __init__(self, binary, seed):
        super().__init__()
        self.binary = str(Path(binary).resolve())
        self.random = random.Random(seed)

    # ---------- the commands on a bare machine ----------

    def bare(self, folder, name, words, **tools):
        """Runs a command with nothing on PATH but a few tools and what the part gives it."""
        place = folder / uuid.uuid4().hex
        place.mkdir()
        for tool in ("bash", "dirname", "cat", "grep", "head", "sort", "id", "env", "mktemp", "rm"):
            (place / tool).symlink_to(shutil.which(tool))
        for tool, script in tools.items():
            path = place / tool.replace("_", "-")
            path.write_text("#!/bin/bash\n" + script + "\n", encoding="utf-8")
            path.chmod(0o755)
        for name_of in ("bin/demo", "bin/test"):
            done = subprocess.run(
                ["/bin/bash", str(ROOT / name_of)], env={"PATH": str(place), "HOME": str(folder)}, cwd="/",
                capture_output=True, text=True, timeout=60)
            text = done.stdout + done.stderr
            self.check(f"{name_of} {name}", done.returncode == 69 and all(w in text for w in words),
                       f"{done.returncode} {text[:300]}")

    def scripts(self, folder):
        self.bare(folder, "says what to install without Swift", ["Swift is missing", "Install Swift"])
        self.bare(folder, "says that an old Swift is too old", ["too old"], swift='echo "Swift version 5.9 (x)"')
        self.bare(folder, "names the packages without apt-get", ["missing", "libsqlite3-dev", "no apt-get"],
                  swift='echo "Swift version 6.3 (x)"', dpkg_query="exit 1")

    # ---------- a full disk ----------

    def full_disk(self, folder):
        with small_disk(folder / "disk", "48m") as disk:
            if disk:
                self.on_small_disk(disk)
            else:
                in_namespace(self, "full disk", __file__, "--binary", self.binary, "--only", "full_disk")

    def on_small_disk(self, disk):
        server = Server(self.binary, disk / "data")
        server.log = disk.parent / "full.log"
        try:
            server.start()
            home = server.home()
            kept, refused, other = {}, [], []
            lock = threading.Lock()

            def report(number):
                key = f"full-{number}"
                status, text = server.report("resident", home, f"满盘 {number} " + "水" * 1500, key)
                with lock:
                    if status in (200, 201):
                        kept[key] = json.loads(text)["id"]
                    elif status == 500 and "存不下" in text:
                        refused.append(key)
                    else:
                        other.append((status, text[:200]))

            def storm(first, count):
                threads = [threading.Thread(target=report, args=(first + i,)) for i in range(count)]
                for thread in threads:
                    thread.start()
                join(threads, 120)

            storm(0, 16)
            self.check("with room every report is kept", len(kept) == 16, f"{other[:2]}")
            filler = fill(disk, 600_000)
            number = 16
            while len(refused) < 40 and number < 1600:
                storm(number, 16)
                number += 16
            self.check("a full disk refuses in the person's language", len(refused) >= 40, f"{len(kept)} {other[:2]}")
            self.check("and gives no other answer", not other, f"{other[:2]}")
            status, _ = server.ask("/desk", "grid")
            self.check("pages are read meanwhile", status == 200, str(status))
            filler.unlink()
            before = len(kept)
            storm(number, 8)
            self.check("with room again it goes on without a restart", len(kept) == before + 8, f"{other[:2]}")
            lost = [k for k, c in kept.items() if server.ask(f"/api/v1/cases/{c}", "resident")[0] != 200]
            self.check("nothing acknowledged is lost", not lost, f"{len(lost)} of {len(kept)}")
            server.stop()
            with sqlite3.connect(disk / "data" / "redsteward.db") as database:
                found = database.execute("select count(*) from cases_case where body like '满盘%'").fetchone()[0]
                half = database.execute(
                    "select count(*) from cases_case c where body like '满盘%' and not exists"
                    " (select 1 from cases_event e where e.case_id = c.id)").fetchone()[0]
            self.check("nothing refused is kept", found == len(kept), f"{found} kept, {len(kept)} acknowledged")
            self.check("nothing is half done", half == 0, str(half))
            self.check("verify finds it sound", *server.verify())
            print(f"# {len(kept)} kept, {len(refused)} refused")
        finally:
            server.kill()

    # ---------- beginning a house ----------

    def setup(self, folder):
        def setup(data, area, *more):
            return command([self.binary, "setup", "--data", data, "--area", area, "--organisation", "区住建局", "--name",
                            "王主任", *more])
        for area, more in (("", ()), ("两\n行", ()), ("城关区", ("--login", "A!")), ("城关区", ("--level", "moon"))):
            code, text = setup(folder / "none", area, *more)
            self.check(f"a wrong {more or area!r} begins no house", code and not (folder / "none").exists(), text)
        code, text = setup(folder / "data", "城关区")
        self.check("a house begins and prints a password once", code == 0 and "password" in text, text)
        code, text = setup(folder / "data", "别的区")
        self.check("a house that has begun is left as it is", code and "already" in text, text)
        server = Server(self.binary, folder / "other").start()
        try:
            code, text = setup(folder / "other", "城关区")
            self.check("a second process on a served house is refused", code and "another server" in text, text)
        finally:
            server.stop()

    # ---------- an orderly end ----------

    def orderly_end(self, folder):
        server = Server(self.binary, folder / "data").start()
        try:
            token, port, process = server.token["grid"], server.port, server.process
            open_ones = [socket.create_connection(("127.0.0.1", port), timeout=10)]
            for path in ("/healthz", "/desk", "/desk/live"):
                connection = socket.create_connection(("127.0.0.1", port), timeout=10)
                connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n".encode())
                self.check(f"{path} answers on a connection that stays", connection.recv(65536)[9:12] == b"200")
                open_ones.append(connection)
            began = time.monotonic()
            process.send_signal(signal.SIGTERM)
            try:
                code = process.wait(15)
            except subprocess.TimeoutExpired:
                code = None
            self.check("the server ends at once with open pages and live streams",
                       code == 0 and time.monotonic() - began < 5, f"{code} {time.monotonic() - began:.1f} s")
            self.check("verify finds it sound after the end", *server.verify())
        finally:
            server.kill()

    # ---------- a killed import ----------

    def killed_import(self, folder):
        rows = 12_000
        table, mapping = complaints(folder, rows)
        server = Server(self.binary, folder / "data")
        server.start().stop()
        data = server.folder
        words = [self.binary, "import", "cases", str(table), "--mapping", str(mapping), "--data",
                 str(data)]
        kills = 0
        while kills < 6:
            running = begin(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(self.random.uniform(0.4, 1.6))
            if running.poll() is not None:
                break
            kill(running)
            kills += 1
        code, text = command(words)
        self.check("a killed import goes on to its end", code == 0, text[-300:])
        self.check("it was killed at least once", kills > 0)
        with sqlite3.connect(data / "redsteward.db") as database:
            total, distinct = database.execute(
                "select count(*), count(distinct external_id) from cases_import").fetchone()
            cases = database.execute("select count(*) from cases_case where imported").fetchone()[0]
            told = database.execute(
                "select count(*) from cases_clock k join cases_case c on c.id = k.case_id where c.imported"
                " and k.next_ms is not null").fetchone()[0]
        self.check("every row is kept once", (total, distinct, cases) == (rows, rows, rows),
                   f"{total} {distinct} {cases}")
        self.check("no clock of an imported case is watched", told == 0, str(told))
        self.check("verify finds it sound", *server.verify())
        print(f"# killed {kills} times")


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--binary", required=True)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--only")
    given = arguments.parse_args()
    faults = Faults(given.binary, given.seed)

    def work():
        for name in ("scripts", "full_disk", "setup", "orderly_end", "killed_import"):
            if given.only in (None, name):
                faults.part_in_folder(name.replace("_", " "), getattr(faults, name))

    run(work, faults, limit=600)


if __name__ == "__main__":
    main()
