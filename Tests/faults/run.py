#!/usr/bin/env python3
"""Faults from outside: no Swift, no package manager, a full disk, an orderly end, a killed import.

    run.py --binary .build/debug/redsteward [--seed N]

Python's standard library only. The full disk is a small tmpfs, mounted in a namespace of its own; without the right to
mount one, that part says SKIPPED. One line a check, then `N passed, N failed`.
"""
import argparse
import csv
import json
import os
import random
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
import uuid
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class Faults:
    def __init__(self, binary, seed):
        self.binary = str(Path(binary).resolve())
        self.random = random.Random(seed)
        self.passed = self.failed = 0

    def check(self, name, good, detail=""):
        if good:
            self.passed += 1
        else:
            self.failed += 1
        print(("ok   " if good else "FAIL ") + name + (f": {detail}" if detail and not good else ""), flush=True)
        return good

    def part(self, name, work):
        began = time.monotonic()
        folder = Path(tempfile.mkdtemp(prefix="redsteward-faults-"))
        try:
            work(folder)
        except Exception as error:  # noqa: BLE001
            self.check(f"{name} runs to its end", False, repr(error))
            traceback.print_exc()
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        print(f"# {name}: {time.monotonic() - began:.1f} s", flush=True)

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
        for command in ("bin/demo", "bin/test"):
            done = subprocess.run(
                ["/bin/bash", str(ROOT / command)], env={"PATH": str(place), "HOME": str(folder)}, cwd="/",
                capture_output=True, text=True, timeout=60)
            text = done.stdout + done.stderr
            self.check(f"{command} {name}", done.returncode == 69 and all(w in text for w in words),
                       f"{done.returncode} {text[:300]}")

    def scripts(self, folder):
        self.bare(folder, "says what to install without Swift", ["Swift is missing", "Install Swift"])
        self.bare(folder, "says that an old Swift is too old", ["too old"], swift='echo "Swift version 5.9 (x)"')
        self.bare(folder, "names the packages without apt-get", ["missing", "libsqlite3-dev", "no apt-get"],
                  swift='echo "Swift version 6.3 (x)"', dpkg_query="exit 1")

    # ---------- a full disk ----------

    def serve(self, data, accounts):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            port = s.getsockname()[1]
        log = open(str(accounts) + ".log", "a", encoding="utf-8")
        process = subprocess.Popen(
            [self.binary, "demo", "--data", str(data), "--port", str(port), "--accounts-json", str(accounts)],
            stdout=log, stderr=subprocess.STDOUT)
        for _ in range(900):
            if process.poll() is not None:
                break
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2):
                    if accounts.exists() and accounts.stat().st_size:
                        return process, f"http://127.0.0.1:{port}"
            except OSError:
                pass
            time.sleep(0.1)
        process.kill()
        raise RuntimeError("the server did not start: " + Path(log.name).read_text(encoding="utf-8")[-600:])

    @staticmethod
    def stop(process):
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    @staticmethod
    def ask(url, token, body=None, key=None):
        headers = {"Authorization": f"Bearer {token}", "Accept-Language": "zh-CN"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        if key:
            headers["Idempotency-Key"] = key
        request = urllib.request.Request(
            url, data=None if body is None else json.dumps(body).encode(), headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def full_disk(self, folder):
        disk = folder / "disk"
        disk.mkdir()
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", str(disk)],
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
        process = None
        try:
            accounts = folder / "accounts.json"
            process, base = self.serve(disk / "data", accounts)
            people = {a["login"]: a for a in json.loads(accounts.read_text(encoding="utf-8"))}
            token, home = people["resident"]["token"], self.home(disk / "data")
            kept, refused, other = {}, [], []
            lock = threading.Lock()

            def report(number):
                key = f"full-{number}"
                status, text = self.ask(
                    base + "/api/v1/cases", token, {"area": home, "words": f"满盘 {number} " + "水" * 1500}, key)
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
                for thread in threads:
                    thread.join()

            storm(0, 16)
            self.check("with room every report is kept", len(kept) == 16, f"{other[:2]}")
            left = os.statvfs(disk)
            filler = disk / "filler"
            with open(filler, "wb") as file:
                room = left.f_bavail * left.f_frsize - 600_000
                while room > 0:
                    file.write(b"x" * min(room, 1 << 20))
                    room -= 1 << 20
            number = 16
            while len(refused) < 40 and number < 1600:
                storm(number, 16)
                number += 16
            self.check("a full disk refuses in the person's language", len(refused) >= 40, f"{len(kept)} {other[:2]}")
            self.check("and gives no other answer", not other, f"{other[:2]}")
            status, _ = self.ask(base + "/desk", people["grid"]["token"])
            self.check("pages are read meanwhile", status == 200, str(status))
            filler.unlink()
            before = len(kept)
            storm(number, 8)
            self.check("with room again it goes on without a restart", len(kept) == before + 8, f"{other[:2]}")
            lost = [k for k, c in kept.items() if self.ask(f"{base}/api/v1/cases/{c}", token)[0] != 200]
            self.check("nothing acknowledged is lost", not lost, f"{len(lost)} of {len(kept)}")
            self.stop(process)
            process = None
            with sqlite3.connect(disk / "data" / "redsteward.db") as database:
                found = database.execute("select count(*) from cases_case where body like '满盘%'").fetchone()[0]
                half = database.execute(
                    "select count(*) from cases_case c where body like '满盘%' and not exists"
                    " (select 1 from cases_event e where e.case_id = c.id)").fetchone()[0]
            self.check("nothing refused is kept", found == len(kept), f"{found} kept, {len(kept)} acknowledged")
            self.check("nothing is half done", half == 0, str(half))
            done = subprocess.run([self.binary, "verify", "--data", str(disk / "data")], capture_output=True, text=True)
            self.check("verify finds it sound", done.returncode == 0, done.stdout + done.stderr)
            print(f"# {len(kept)} kept, {len(refused)} refused")
        finally:
            if process:
                self.stop(process)
            subprocess.run(["umount", "-l", str(disk)], capture_output=True)

    @staticmethod
    def home(data):
        """A building of the demo's estate, as the API writes an id."""
        with sqlite3.connect(f"file:{data}/redsteward.db?mode=ro", uri=True) as database:
            number = database.execute(
                "select h.unit_id from directory_home h join directory_account l on l.person_id = h.person_id"
                " where l.login = 'resident' limit 1").fetchone()[0]
        alphabet = "0123456789abcdefghjkmnpqrstvwxyz"
        return "".join(alphabet[number >> shift & 31] for shift in range(60, -1, -5))

    # ---------- beginning a house ----------

    def setup(self, folder):
        def begin(data, area, *more):
            return subprocess.run([self.binary, "setup", "--data", str(data), "--area", area, "--organisation", "区住建局",
                                   "--name", "王主任", *more], capture_output=True, text=True)
        for area, more in (("", ()), ("两\n行", ()), ("城关区", ("--login", "A!")), ("城关区", ("--level", "moon"))):
            done = begin(folder / "none", area, *more)
            self.check(f"a wrong {more or area!r} begins no house",
                       done.returncode != 0 and not (folder / "none").exists(), done.stdout + done.stderr)
        done = begin(folder / "data", "城关区")
        self.check("a house begins and prints a password once",
                   done.returncode == 0 and "password" in done.stdout, done.stderr)
        done = begin(folder / "data", "别的区")
        self.check("a house that has begun is left as it is", done.returncode != 0 and "already" in done.stderr)
        process, _ = self.serve(folder / "other", folder / "accounts.json")
        try:
            done = begin(folder / "other", "城关区")
            self.check("a second process on a served house is refused",
                       done.returncode != 0 and "another server" in done.stderr, done.stderr)
        finally:
            self.stop(process)

    # ---------- an orderly end ----------

    def orderly_end(self, folder):
        accounts = folder / "accounts.json"
        process, base = self.serve(folder / "data", accounts)
        try:
            token = {a["login"]: a for a in json.loads(accounts.read_text(encoding="utf-8"))}["grid"]["token"]
            port = int(base.rsplit(":", 1)[1])
            open_ones = [socket.create_connection(("127.0.0.1", port))]
            for path in ("/healthz", "/desk", "/desk/live"):
                connection = socket.create_connection(("127.0.0.1", port))
                connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n".encode())
                connection.settimeout(10)
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
            done = subprocess.run([self.binary, "verify", "--data", str(folder / "data")], capture_output=True, text=True)
            self.check("verify finds it sound after the end", done.returncode == 0, done.stdout + done.stderr)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()

    # ---------- a killed import ----------

    def killed_import(self, folder):
        rows = 12_000
        table = folder / "rows.csv"
        with open(table, "w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(["id", "time", "title", "body", "level1"])
            for index in range(rows):
                writer.writerow([f"r{index}", f"2025-{index % 12 + 1:02}-{index % 28 + 1:02} 09:{index % 60:02}:00",
                                 f"路灯不亮 {index}", "小区门口的路灯坏了好几天", "城市管理"])
        data = folder / "data"
        accounts = folder / "accounts.json"
        process, _ = self.serve(data, accounts)
        self.stop(process)
        mapping = json.loads((ROOT / "examples/import/tipdm-messages.json").read_text(encoding="utf-8"))
        mapping["area_name"] = "桂花苑"
        (folder / "mapping.json").write_text(json.dumps(mapping), encoding="utf-8")
        command = [self.binary, "import", "cases", str(table), "--mapping", str(folder / "mapping.json"), "--data",
                   str(data)]
        kills = 0
        while kills < 6:
            running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(self.random.uniform(0.4, 1.6))
            if running.poll() is not None:
                break
            running.kill()
            running.wait()
            kills += 1
        done = subprocess.run(command, capture_output=True, text=True)
        self.check("a killed import goes on to its end", done.returncode == 0, done.stderr[-300:])
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
        done = subprocess.run([self.binary, "verify", "--data", str(data)], capture_output=True, text=True)
        self.check("verify finds it sound", done.returncode == 0, done.stdout + done.stderr)
        print(f"# killed {kills} times")


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--binary", required=True)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--only")
    given = arguments.parse_args()
    run = Faults(given.binary, given.seed)
    for name in ("scripts", "full_disk", "setup", "orderly_end", "killed_import"):
        if given.only in (None, name):
            run.part(name.replace("_", " "), getattr(run, name))
    print(f"{run.passed} passed, {run.failed} failed")
    return 1 if run.failed else 0


if __name__ == "__main__":
    sys.exit(main())
