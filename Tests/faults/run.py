#!/usr/bin/env python3
"""Faults from outside: no Swift, no package manager, a full disk, an orderly end, killed imports, a workbook of 100 MB.

    run.py --binary .build/debug/redsteward [--seed N]

Python's standard library only. The full disk is a small tmpfs, mounted in a namespace of its own; without the right to
mount one, that part says SKIPPED. One line a check, then `N passed, N failed`.
"""
import argparse
import base64
import csv
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
import urllib.request
import uuid
import zipfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from checks import ROOT, Checks, begin, command, fill, in_namespace, join, kill, run, small_disk, wait_until  # noqa: E402
from house import Server, complaints, text_id  # noqa: E402


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

    # ---------- tables that somebody sent ----------

    def send_table(self, server, kind, area, path):
        """The id of an import whose file was looked at."""
        with open(path, "rb") as file:
            request = urllib.request.Request(
                f"{server.base}/api/v1/imports?kind={kind}&area={area}&name={path.name}", data=file,
                headers=server.bearer("administrator") | {"Content-Type": "application/octet-stream",
                                                          "Content-Length": str(path.stat().st_size)})
            with urllib.request.urlopen(request, timeout=120) as answer:
                return json.loads(answer.read())["id"]

    def table(self, server, number):
        status, text = server.ask(f"/api/v1/imports/{number}", "administrator")
        return json.loads(text)["import"] if status == 200 else {"status": f"{status} {text[:200]}"}

    def table_rests(self, server, number, wanted, seconds, look=lambda: None):
        """What the import says when it has this status or another that does not pass by itself."""
        busy = {"receiving", "looking", "checking", "running", "undoing"}

        def rests():
            look()
            return self.table(server, number)["status"] not in busy

        wait_until(rests, seconds, 0.05)
        said = self.table(server, number)
        self.check(f"the import comes to {wanted}", said["status"] == wanted, str(said))
        return said

    def check_table(self, server, number, seconds=60, look=lambda: None):
        """Has every row checked, by the columns that were guessed."""
        _, text = server.ask(f"/api/v1/imports/{number}", "administrator")
        body = {f"column-{one['field']}": one["column"] for one in json.loads(text)["columns"]
                if one["column"] is not None}
        status, text = server.ask(f"/api/v1/imports/{number}/check", "administrator", body | {"conflict": "skip"})
        self.check("its columns are known", status == 204, text)
        return self.table_rests(server, number, "checked", seconds, look)

    def killed_table(self, folder):
        rows = 3_000
        server = Server(self.binary, folder / "data").start()
        try:
            estate = text_id(server.rows("select id from directory_area where name = '桂花苑' and level = 6")[0][0])
            before = server.rows("select count(*) from directory_area")[0][0]
            path = folder / "homes.csv"
            with open(path, "w", newline="", encoding="gb18030") as file:
                writer = csv.writer(file)
                writer.writerow(["楼栋", "单元", "房号", "建筑面积"])
                for index in range(rows):
                    writer.writerow([f"{100 + index // 1000}幢", index % 1000 // 500 + 1, 1000 + index % 500, "89.54"])
            number = self.send_table(server, "units", estate, path)
            self.table_rests(server, number, "open", 30)
            said = self.check_table(server, number)
            self.check("every row is new", (said["new"], said["bad"]) == (rows, 0), str(said))

            def kill_in(step, mark):
                """Begins a step, and kills the server in the middle of it. Whether it had moved and was not done."""
                server.ask(f"/api/v1/imports/{number}/{step}", "administrator", {})
                moved = wait_until(lambda: mark() > 0, 30, 0.02)
                time.sleep(self.random.uniform(0, 0.3))
                server.kill()
                at = mark()
                server.start(verb="serve")
                return moved and at

            def made():
                return server.rows("select count(*) from directory_area")[0][0] - before

            at = kill_in("run", made)
            self.check("it was killed in the middle", 0 < at < rows + 3, str(at))
            began = time.monotonic()
            said = self.table_rests(server, number, "done", 90)
            self.check("and goes on when it is back, not when a lease is over", time.monotonic() - began < 45)
            self.check("no row is lost or doubled", (said["new"], said["bad"], made()) == (rows, 0, rows + 3),
                       f"{said} {made()}")
            doubled = server.rows("select count(*) from (select parent_id, name from directory_area"
                                  " group by parent_id, name having count(*) > 1)")[0][0]
            self.check("no home is there twice", doubled == 0, str(doubled))
            at = kill_in("undo", lambda: rows + 3 - made())
            self.check("taking it back was killed in the middle", 0 < at < rows + 3, str(at))
            said = self.table_rests(server, number, "undone", 90)
            self.check("all of it is taken back", (made(), said["kept"]) == (0, 0), f"{said} {made()}")
            server.stop()
            self.check("verify finds it sound", *server.verify())
        finally:
            server.kill()

    def big_workbook(self, folder):
        """A workbook of 100 MB that packs to no less: read to its end, in bounded memory."""
        rows, bound = 1_800, 96
        path = folder / "homes.xlsx"
        noise = base64.b64encode(self.random.randbytes(45_000)).decode()
        parts = {
            "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
            "xl/workbook.xml": '<workbook xmlns:r="r"><sheets><sheet name="户" sheetId="1" r:id="r1"/></sheets></workbook>',
            "xl/_rels/workbook.xml.rels": '<Relationships><Relationship Id="r1" Target="worksheets/sheet1.xml"/>'
                                          "</Relationships>",
        }

        def line(number, words):
            cells = "".join(f'<c r="{"ABCD"[at]}{number}" t="inlineStr"><is><t>{word}</t></is></c>'
                            for at, word in enumerate(words))
            return f'<row r="{number}">{cells}</row>'.encode()

        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=0) as book:
            for name, text in parts.items():
                book.writestr(name, text)
            with book.open("xl/worksheets/sheet1.xml", "w", force_zip64=False) as sheet:
                sheet.write(b"<worksheet><sheetData>")
                sheet.write(line(1, ["楼栋", "单元", "房号", "备注"]))
                for index in range(rows):
                    turn = index * 7919 % len(noise)
                    sheet.write(line(index + 2, [f"{200 + index // 1000}", "1", 1000 + index % 1000,
                                                 noise[turn:] + noise[:turn] + str(index)]))
                sheet.write(b"</sheetData></worksheet>")
        size = path.stat().st_size
        server = Server(self.binary, folder / "data").start()
        try:
            estate = text_id(server.rows("select id from directory_area where name = '桂花苑' and level = 6")[0][0])
            peak = [0]

            def own():
                """Memory that is the process's own, in MiB."""
                text = Path(f"/proc/{server.process.pid}/status").read_text(encoding="utf-8")
                return int(text.split("RssAnon:")[1].split()[0]) / 1024

            def look():
                peak[0] = max(peak[0], own())

            quiet = own()
            began = time.monotonic()
            number = []
            sending = threading.Thread(
                target=lambda: number.append(self.send_table(server, "units", estate, path)), daemon=True)
            sending.start()
            while sending.is_alive():
                look()
                time.sleep(0.02)
            self.check("the file is taken", len(number) == 1)
            sent = time.monotonic()
            self.table_rests(server, number[0], "open", 60, look)
            said = self.check_table(server, number[0], 60, look)
            self.check("it is read to its end", (said["total"], said["new"], said["bad"]) == (rows, rows, 0), str(said))
            self.check(f"in less than {bound} MiB more than a quiet server", peak[0] - quiet < bound,
                       f"{quiet:.0f} MiB, at most {peak[0]:.0f}")
            print(f"# {size / 1e6:.0f} MB, {rows} rows: sent in {sent - began:.1f} s, read in"
                  f" {time.monotonic() - sent:.1f} s, own memory {quiet:.0f} MiB, at most {peak[0]:.0f}")
        finally:
            server.kill()


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--binary", required=True)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--only")
    given = arguments.parse_args()
    faults = Faults(given.binary, given.seed)

    def work():
        for name in ("scripts", "full_disk", "setup", "orderly_end", "killed_import", "killed_table",
                     "big_workbook"):
            if given.only in (None, name):
                faults.part_in_folder(name.replace("_", " "), getattr(faults, name))

    run(work, faults, limit=600)


if __name__ == "__main__":
    main()
