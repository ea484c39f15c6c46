#!/usr/bin/env python3
"""`redsteward export` with the real binary, on both engines: beside a server under writes, killed, on a full disk.

    export.py --binary .build/debug/redsteward

Python's standard library and Debian's postgresql. The full disk is a small tmpfs; without the right to mount one that
part says SKIPPED. Ends with `N passed, M failed`.
"""
import argparse
import base64
import csv
import hashlib
import json
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

from run import Backups

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "postgres"))
from checks import in_namespace, run, small_disk  # noqa: E402
from house import Server  # noqa: E402
from cluster import Cluster  # noqa: E402


class Exports(Backups):
    def whole(self, folder):
        """What the manifest says holds of the files; the first lie, or an empty text."""
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        names = {"manifest.json", "SHA256SUMS"}
        for table in manifest["tables"]:
            for file in table["files"]:
                names.add(file["name"])
                data = (folder / file["name"]).read_bytes()
                if hashlib.sha256(data).hexdigest() != file["sha256"] or len(data) != file["bytes"]:
                    return f"{file['name']} has another digest"
                rows = self.rows(folder / file["name"])
                if len(rows) != table["rows"]:
                    return f"{file['name']}: {len(rows)} rows, not {table['rows']}"
                columns = [c["name"] for c in table["columns"]]
                if any(list(row) != columns for row in rows):
                    return f"{file['name']}: other columns"
        if {p.name for p in folder.iterdir()} != names:
            return "other files"
        done = subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=folder, capture_output=True,
                              text=True)
        return done.stdout + done.stderr

    @staticmethod
    def rows(path):
        with open(path, newline="", encoding="utf-8") as file:
            if path.suffix == ".csv":
                return list(csv.DictReader(file))
            return [json.loads(line) for line in file]

    def export(self, data, to, *more):
        return self.run("export", "--data", data, "--to", to, *more)

    # ---------- beside a server ----------

    def under_writes(self, folder):
        cluster = Cluster({"shared_buffers": "64MB"})
        cluster.make()
        cluster.start()
        cluster.psql("create database redsteward", "postgres")
        try:
            for engine, more in (("SQLite", ()), ("PostgreSQL", ("--database", cluster.url()))):
                self.beside(folder / engine, engine, more)
            # The other parts go on with this house.
            self.house = Path(tempfile.mkdtemp(prefix="redsteward-backup-house-"))
            shutil.copytree(folder / "SQLite" / "data", self.house / "data")
            self.both(folder, cluster)
        finally:
            cluster.remove()

    def beside(self, folder, engine, more):
        folder.mkdir()
        data = folder / "data"
        server = Server(self.binary, data).start(*more)
        kept, lock, over = [], threading.Lock(), threading.Event()
        try:
            home = server.home()

            def write(worker):
                number = 0
                while not over.is_set():
                    words = f'mark {worker}-{number} 说:"漏水",\n第二行 =1+1'
                    if server.report("resident", home, words, f"{worker}-{number}")[0] in (200, 201):
                        with lock:
                            kept.append(words)
                    number += 1

            threads = [threading.Thread(target=write, args=(w,)) for w in range(4)]
            for thread in threads:
                thread.start()
            time.sleep(1)
            with lock:
                before = set(kept)
            code, text = self.export(data, folder / "out", *more, "--format", "both")
            with lock:
                after = len(kept)
            over.set()
            for thread in threads:
                thread.join()
        finally:
            over.set()
            server.stop()
        self.check(f"{engine}: an export is made beside a server under writes", code == 0 and "wrote" in text, text)
        self.check(f"{engine}: the server goes on meanwhile", after > len(before), f"{len(before)} {after}")
        self.check(f"{engine}: its progress is told", "exporting" in text and "100 %" in text, text)
        self.check(f"{engine}: files, rows and digests are as the manifest says", not self.whole(folder / "out"),
                   self.whole(folder / "out"))
        found = {}
        for kind in ("csv", "jsonl"):
            cases = [r for r in self.rows(folder / "out" / f"cases_case.{kind}") if r["body"].startswith("mark ")]
            events = [r["case_id"] for r in self.rows(folder / "out" / f"cases_event.{kind}")]
            found[kind] = {r["body"] for r in cases}
            counts = [events.count(r["id"]) for r in cases]
            self.check(f"{engine}, {kind}: it is of one moment, every case with its first step",
                       counts and set(counts) == {1}, str(counts)[:100])
        self.check(f"{engine}: everything acknowledged before is there, letter for letter ({len(before)})",
                   bool(before) and before <= found["csv"] and found["csv"] == found["jsonl"],
                   f"{len(before - found['csv'])} lost")
        modes = {p.stat().st_mode & 0o777 for p in (folder / "out").iterdir()}
        self.check(f"{engine}: nobody else may read it",
                   modes == {0o600} and (folder / "out").stat().st_mode & 0o777 == 0o700, str(modes))
        code, text = self.export(data, folder / "out", *more)
        self.check(f"{engine}: it writes over nothing", code != 0 and "there already" in text
                   and not self.whole(folder / "out"), text)

    def both(self, folder, cluster):
        """The same house on both engines gives the same files, byte for byte."""
        data = folder / "SQLite" / "data"
        cluster.psql("create database twin", "postgres")
        code, text = self.run("copy", data, cluster.url("twin"))
        self.check("the house is copied to PostgreSQL", code == 0, text)
        for name, more in (("one", ()), ("two", ("--database", cluster.url("twin")))):
            code, text = self.export(data, folder / name, *more, "--format", "both")
            self.check(f"export {name}", code == 0, text)
        one, two = ({p.name: p.read_bytes() for p in (folder / n).iterdir()} for n in ("one", "two"))
        differ = [n for n in one if n != "manifest.json" and one[n] != two.get(n)]
        self.check("both engines give the same files, byte for byte", set(one) == set(two) and not differ, str(differ))
        tables = [json.loads(d["manifest.json"])["tables"] for d in (one, two)]
        self.check("and the same digests", tables[0] == tables[1] and len(tables[0]) > 20, str(len(tables[0])))
        self.cells(data, folder / "one")

        code, text = self.export(data, folder / "few", "--table", "cases_case", "--table", "directory_area")
        self.check("only the tables that are named",
                   code == 0 and {p.name for p in (folder / "few").iterdir()}
                   == {"cases_case.csv", "directory_area.csv", "manifest.json", "SHA256SUMS"}, text)
        for words, said in (("--table nobody", "there is no table nobody"), ("--format xml", "csv, jsonl or both")):
            code, text = self.export(data, folder / "no", *words.split())
            self.check(f"{words} is refused in words and leaves nothing",
                       code != 0 and said in text and not list(folder.glob("no*")), text)
        code, text = self.export(folder / "nowhere", folder / "no")
        self.check("a folder without a house is refused and none is made",
                   code != 0 and "no house" in text and not (folder / "nowhere").exists(), text)

    def cells(self, data, out):
        """Every cell of every plain table against what SQLite holds."""
        manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
        wrong, cells, sealed = [], 0, 0
        with sqlite3.connect(f"file:{data}/redsteward.db?mode=ro", uri=True) as database:
            for table in manifest["tables"]:
                if table["columns"][-1]["kind"] == "terms":
                    continue
                names = [c["name"] for c in table["columns"]]
                kinds = [c["kind"] for c in table["columns"]]
                there = {tuple(row) for row in database.execute(f"select {', '.join(names)} from {table['name']}")}
                lines = self.rows(out / f"{table['name']}.jsonl")
                plain = self.rows(out / f"{table['name']}.csv")

                def back(value, kind):
                    if value is None:
                        return None
                    return base64.b64decode(value) if kind == "bytes" else int(value) if kind == "flag" else value
                found = {tuple(back(r[n], k) for n, k in zip(names, kinds)) for r in lines}
                if found != there or len(lines) != len(there):
                    wrong.append(table["name"])
                for line, cell in zip(lines, plain):
                    for name in names:
                        cells += 1
                        value = line[name]
                        text = "" if value is None else {True: "true", False: "false"}.get(value, value) \
                            if isinstance(value, bool) else value if isinstance(value, str) else repr(value)
                        if cell[name] != text:
                            wrong.append(f"{table['name']}.{name}: {cell[name]!r} {text!r}")
                sealed += sum(r.get("phone_sealed") is not None for r in lines)
        self.check(f"every cell is what the database holds ({cells})", not wrong and cells > 5000, str(wrong[:3]))
        everything = b"".join(p.read_bytes() for p in out.iterdir())
        # A whole number, as the demo's are: its first digits alone stand in ids and digests by chance.
        open_ = re.findall(rb"(?<![0-9])13800[0-9]{6}(?![0-9])", everything)
        self.check("phone numbers stay sealed", sealed > 0 and not open_, f"{sealed} {open_[:3]}")

    # ---------- killed ----------

    def killed(self, folder):
        data = self.big(folder)
        command = [self.binary, "export", "--data", str(data), "--to", str(folder / "out"), "--format", "both"]
        began = time.monotonic()
        done = subprocess.run(command, capture_output=True, text=True)
        took = time.monotonic() - began
        self.check("an export of the house", done.returncode == 0 and not self.whole(folder / "out"),
                   done.stderr)
        shutil.rmtree(folder / "out")
        kills = halves = 0
        for _ in range(5):
            running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(self.random.uniform(0.4, 0.95) * took)
            if running.poll() is None:
                running.kill()
                kills += 1
            running.wait()
            if (folder / "out").exists():
                self.check("what has its name is whole", not self.whole(folder / "out"))
                shutil.rmtree(folder / "out")
            halves += (folder / "out.unfinished").exists() and any((folder / "out.unfinished").iterdir())
        self.check("it was killed while it wrote", kills > 1 and halves > 0, f"{kills} {halves}")
        # A second one meanwhile: one stops in its tracks, holding the folder. What a killed one left is no sign of it.
        shutil.rmtree(folder / "out.unfinished", ignore_errors=True)
        holding = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until = time.monotonic() + 20
        while not list(folder.glob("out.unfinished/cases_*")) and time.monotonic() < until:
            time.sleep(0.01)
        holding.send_signal(signal.SIGSTOP)
        code, text = self.run(*command[1:])
        self.check("of two at once the second is refused", code != 0 and "another export" in text, text)
        holding.send_signal(signal.SIGCONT)
        self.check("and the first ends well", holding.wait(60) == 0 and not self.whole(folder / "out"))
        self.check("nothing else is left", sorted(p.name for p in folder.iterdir()) == ["data", "out"],
                   str(list(folder.iterdir())))
        print(f"# {took:.1f} s, killed {kills} times")

    # ---------- a full disk ----------

    def full_disk(self, folder):
        with small_disk(folder / "disk", "1m") as disk:
            if not disk:
                in_namespace(self, "full disk of an export", __file__, "--binary", self.binary, "--only", "full_disk")
                return
            code, text = self.export(self.big(folder), disk / "out")
            self.check("a full disk is told in words", code != 0 and "full" in text and "was not made" in text, text)
            self.check("and nothing is left on it", not list(disk.iterdir()), str(list(disk.iterdir())))
            code, text = self.export(folder / "data", disk / "out", "--table", "directory_area")
            self.check("what fits is written", code == 0 and not self.whole(disk / "out"), text)


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--binary", required=True)
    arguments.add_argument("--only")
    given = arguments.parse_args()
    exports = Exports(given.binary, 1)

    def work():
        for name in ("under_writes", "killed", "full_disk"):
            if given.only in (None, name):
                exports.part_in_folder(f"export {name.replace('_', ' ')}", getattr(exports, name))

    run(work, exports, limit=600)


if __name__ == "__main__":
    main()
