#!/usr/bin/env python3
"""The file system of the database turns read-only under the running server, as it does when a disk fails: on both
engines.

    readonly.py --binary .build/debug/redsteward

A small ext4 in a file, which is told to abort: every write to a file that is open fails from then on. Without the right
to mount one, SKIPPED. Python's standard library and Debian's postgresql. Ends with `N passed, M failed`.
"""
import argparse
import json
import os
import pwd
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from postgres import Faults
from serving import Load, Server, text_id  # the path of cluster.py comes with it
from cluster import Cluster


class Disk:
    """A small ext4 of its own."""

    def __init__(self, folder, name, size):
        self.image, self.place = folder / f"{name}.img", folder / name
        self.place.mkdir()
        with open(self.image, "wb") as file:
            file.truncate(size)
        self.run("mkfs.ext4", "-q", "-m", "0", str(self.image))
        self.mount()

    @staticmethod
    def run(*words, expect=(0,)):
        done = subprocess.run(words, capture_output=True, text=True)
        if done.returncode not in expect:
            raise RuntimeError(f"{words[0]}: {done.stderr}")

    def mount(self):
        self.run("mount", "-o", "loop,errors=remount-ro", str(self.image), str(self.place))

    def abort(self):
        self.run("mount", "-o", "remount,abort", str(self.place))

    def repair(self):
        """What an operator does: nobody may hold it."""
        self.run("umount", str(self.place))
        self.run("e2fsck", "-y", str(self.image), expect=(0, 1))
        self.mount()

    def end(self):
        subprocess.run(["umount", "-l", str(self.place)], capture_output=True)


class ReadOnly(Faults):
    def disk(self, name, size):
        try:
            disk = Disk(self.folder, name, size)
        except (RuntimeError, OSError) as error:
            print(f"SKIPPED {name}: this machine allows no file system in a file: {error}", flush=True)
            return None
        self.disks.append(disk.place)
        return disk

    def under_load(self, server, load, disk):
        time.sleep(2)
        before = len(load.kept)
        disk.abort()
        time.sleep(1)
        began = time.monotonic()
        with ThreadPoolExecutor(2) as pool:
            asked = pool.submit(server.ask, "/home", "resident")
            status, text = server.ask("/api/v1/cases", "resident", {"area": load.area, "words": "只读时的报修"}, "one")
            took = time.monotonic() - began
            page, _ = asked.result()
        self.check("writes were kept before", before > 5, str(before))
        self.check("the server lives", server.process.poll() is None)
        title = json.loads(text).get("title", "") if text.startswith("{") else text[:80]
        print(f"#   a page meanwhile: {page}; a write after {took:.1f} s: {status} {title}", flush=True)
        return page, status, text, took

    def lost(self, load, rows):
        """(acknowledged and not there, there twice), of rows (words, id)."""
        there = {}
        for body, number in rows:
            there.setdefault(body.split()[-1], []).append(text_id(int(number)))
        lost = [key for key, case in load.kept.items() if case not in there.get(key, [])]
        self.check("no acknowledged write is lost", not lost and load.kept, f"{len(lost)} of {len(load.kept)}")
        self.check("nothing is doubled", all(len(cases) == 1 for cases in there.values()))
        self.check("and no answer was of another kind", not load.strange, f"{load.strange[:2]}")
        print(f"#   {len(load.kept)} acknowledged, {len(there)} kept, longest wait {max(load.waits):.1f} s", flush=True)

    def sqlite(self):
        disk = self.disk("sqlite", 96 << 20)
        if not disk:
            return
        house = disk.place / "house"
        server = Server(self.binary, house)
        server.log = self.folder / "sqlite.log"
        try:
            server.start()
            load = Load(server, "ro", callers=6)
            with load:
                page, status, text, took = self.under_load(server, load, disk)
            self.seen(load)
            self.check("pages are read meanwhile", page == 200, str(page))
            self.check("a write is refused in words of its own, at once",
                       status == 503 and "只能看" in text and took < 5, f"{status} {text[:200]}")
            server.stop()
            disk.repair()
            with sqlite3.connect(house / "redsteward.db") as database:
                self.lost(load, database.execute(
                    f"select body, id from cases_case where body like '{load.words} ro-%'").fetchall())
            self.sound(server)
            server.start()
            with Load(server, "after", callers=2) as after:
                time.sleep(1)
            self.check("mended, it takes writes again", len(after.kept) > 2 and not after.told, str(after.told))
        finally:
            server.kill()

    def postgres(self):
        disk = self.disk("postgres", 320 << 20)
        if not disk:
            return
        cluster = Cluster({"shared_buffers": "32MB", "max_wal_size": "64MB"}, listen=True)
        os.chmod(self.folder, 0o755)
        place = disk.place / "cluster"
        place.mkdir()
        if cluster.root:
            os.chown(place, pwd.getpwnam("postgres").pw_uid, -1)
            os.chown(cluster.folder, pwd.getpwnam("postgres").pw_uid, -1)
        cluster.data = str(place / "data")
        server = None
        try:
            cluster.make()
            cluster.start()
            cluster.psql("create database redsteward", "postgres")
            server = Server(self.binary, self.folder / "house", cluster.url()).start()
            load = Load(server, "ro", callers=6)
            with load:
                page, status, text, took = self.under_load(server, load, disk)
                died = cluster.process.poll() is not None
                told = dict(load.told)
                # Callers that try again go on until PostgreSQL is back.
                cluster.stop()
                disk.repair()
                cluster.start()
                load.watch()
                until = time.monotonic() + 20
                while load.back is None and time.monotonic() < until:
                    time.sleep(0.05)
            self.seen(load)
            print(f"#   PostgreSQL {'ended itself' if died else 'stayed up'}", flush=True)
            self.check("callers were told in words", told and all(key[0] in (0, 503) for key in told), str(told))
            self.check("a write is refused in words, within its deadline",
                       status == 503 and ("没有保存" in text or "只能看" in text) and took < 14,
                       f"{status} {took:.1f} {text[:200]}")
            self.check("mended, it takes writes without a restart of ours",
                       load.back is not None and server.process.poll() is None, str(load.back))
            print(f"#   the first write kept {load.back or 99:.1f} s after PostgreSQL was back", flush=True)
            self.lost(load, [row.rsplit("|", 1) for row in cluster.psql(
                f"select body, id from cases_case where body like '{load.words} ro-%'").splitlines()])
            self.sound(server)
        finally:
            if server:
                server.kill()
            cluster.remove()
            shutil.rmtree(place, ignore_errors=True)


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--binary", required=True)
    arguments.add_argument("--only")
    given = arguments.parse_args()
    run = ReadOnly(given.binary)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        for name in ("sqlite", "postgres"):
            if given.only in (None, name):
                run.part(f"a file system that turns read-only: {name}", getattr(run, name))
    finally:
        run.end()
    print(f"{run.passed} passed, {run.failed} failed")
    return 1 if run.failed else 0


if __name__ == "__main__":
    sys.exit(main())
