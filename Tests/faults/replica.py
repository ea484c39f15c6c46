#!/usr/bin/env python3
"""Reads from a standby: that they land there, that nobody notices when it is gone, behind or in the way, and that no
page is ever older than the bound.

    replica.py --binary .build/debug/redsteward

Python's standard library and Debian's postgresql. Clusters are private: own folders, own loopback ports. The server's
role is no superuser. Ends with `N passed, M failed`.
"""
import argparse
import os
import pwd
import re
import signal
import subprocess
import sys
import threading
import time

from postgres import Faults, children, signal_all
from serving import Server  # the paths of cluster.py and checks.py come with it
from checks import run
from cluster import Cluster

BOUND = 2.0


class WithReplica(Server):
    replica = None

    def words(self, command, *more):
        words = super().words(command, *more)
        return words + ["--replica", self.replica, "--replica-seconds", str(int(BOUND))] if command == "demo" else words


class Readers:
    """Strangers that read the ledger, and a clerk that answers questions there; each page is held against the bound."""

    def __init__(self, server, ledger):
        self.server, self.ledger = server, ledger
        self.kept = []  # (when the answer came, number)
        self.pages = []  # (began, took, status, newest number)
        self.going, self.lock = True, threading.Lock()
        page = server.ask("/desk/replies", "moderator")[1]
        self.token = re.search(r'name=_form value="([^"]+)"', page)[1]
        self.estate = ledger.rsplit("/", 1)[1]
        self.threads = [threading.Thread(target=self.write, daemon=True)]
        self.threads += [threading.Thread(target=self.read, daemon=True) for _ in range(3)]
        for thread in self.threads:
            thread.start()

    def put(self, number):
        return self.server.ask("/desk/replies", "moderator", form={
            "_form": self.token, "estate": self.estate, "question": f"第 <{number}> 问", "answer": "好的", "by": "居委会"})

    def write(self):
        number = 0
        while self.going:
            number += 1
            status, place = self.put(number)
            if status == 303:
                with self.lock:
                    self.kept.append((time.monotonic(), number))
                # Whoever wrote it sees it at once.
                status, text = self.server.ask(place, "moderator")
                if self.newest(text) < number:
                    self.pages.append((0, 0, -1, number))
            time.sleep(0.1)

    @staticmethod
    def newest(text):
        return max([int(n) for n in re.findall(r"第 &lt;(\d+)&gt; 问", text)] or [0])

    def read(self):
        while self.going:
            began = time.monotonic()
            status, text = self.server.ask(self.ledger)
            with self.lock:
                self.pages.append((began, time.monotonic() - began, status, self.newest(text)))
            time.sleep(0.03)

    def end(self):
        self.going = False
        for thread in self.threads:
            thread.join(30)

    def stale(self, since, until):
        """(pages, not served, the slowest, seconds by which the oldest page was behind)."""
        count, bad, slowest, oldest = 0, 0, 0.0, 0.0
        for began, took, status, newest in self.pages:
            if not since <= began < until:
                continue
            count += 1
            bad += status != 200
            slowest = max(slowest, took)
            # The first answer that is missing although it was acknowledged before the page was asked for.
            missing = [at for at, number in self.kept if number > newest and at < began]
            if missing:
                oldest = max(oldest, began - missing[0])
        return count, bad, slowest, oldest


class Replica(Faults):
    def metrics(self, server=None):
        text = (server or self.server).ask("/metrics")[1]
        found = {name: int(value) for name, value in re.findall(r"^redsteward_replica_(\w+) (\d+)", text, re.M)}
        return found

    def fit(self, wanted, within=10):
        began = time.monotonic()
        while time.monotonic() - began < within:
            if self.metrics().get("fit") == wanted:
                return time.monotonic() - began
            time.sleep(0.05)
        return None

    def transactions(self, cluster):
        return int(cluster.psql(
            "select xact_commit + xact_rollback from pg_stat_database where datname = 'redsteward'", "postgres"))

    def all(self):
        self.cluster = Cluster({"shared_buffers": "64MB", "wal_level": "replica", "max_wal_senders": "8"}, listen=True)
        self.cluster.make()
        self.cluster.start()
        self.cluster.psql("create role steward login; create database redsteward owner steward", "postgres")
        self.cluster.psql("create database other", "postgres")
        url = self.cluster.url().replace("postgres@", "steward@")
        standby = self.standby = Cluster({
            "shared_buffers": "64MB", "hot_standby": "on", "max_standby_streaming_delay": "0",
            "wal_retrieve_retry_interval": "200ms"}, listen=True)
        if standby.root:
            os.chown(standby.folder, pwd.getpwnam("postgres").pw_uid, -1)
        made = standby.run(f"{standby.tools}/pg_basebackup", "-D", standby.data, "-R", "-c", "fast", "-h", "127.0.0.1",
                           "-p", str(self.cluster.port), "-U", "postgres")
        if made.returncode:
            raise RuntimeError(made.stderr)
        # Two places: nobody is at the first.
        WithReplica.replica = f"postgresql://steward@127.0.0.1:1,127.0.0.1:{standby.port}/redsteward"
        self.server = WithReplica(self.binary, self.folder / "house", url).start()
        place = self.server.ask("/ledger")
        ledger = place[1] if place[0] == 303 else re.search(r'href="(/ledger/[0-9a-z]+)"', place[1])[1]

        self.check("a server begins without its standby", self.metrics() and self.metrics()["fit"] == 0,
                   str(self.metrics()))
        self.check("and serves the ledger", self.server.ask(ledger)[0] == 200)
        standby.start()
        took = self.fit(1)
        self.check("it takes the standby when that is there", took is not None, str(self.metrics()))

        # Where reads land.
        before, counted = self.metrics(), self.transactions(standby)
        for _ in range(60):
            self.server.ask(ledger)
        for _ in range(20):
            self.server.ask(ledger, "resident")
            self.server.ask("/home", "resident")
        after = self.metrics()
        # A connection tells what it did with the first transaction a second later.
        time.sleep(1.1)
        for _ in range(16):
            self.server.ask(ledger)
        time.sleep(0.3)
        landed = self.transactions(standby) - counted
        served = after["reads"] - before["reads"]
        self.check("what strangers read lands on the standby", 55 <= served <= 60 and landed >= served,
                   f"{before} {after} {landed}")
        print(f"#   60 pages of strangers: {served} reads served there, {landed} transactions in its statistics;"
              " 40 pages of a resident: none", flush=True)

        readers = Readers(self.server, ledger)
        try:
            self.phases(readers)
        finally:
            readers.end()
        self.sound()
        self.other(url, ledger)

    def phase(self, readers, name, seconds, slowest, bound=BOUND):
        began = time.monotonic()
        time.sleep(seconds)
        until = time.monotonic()
        with readers.lock:
            count, bad, slow, oldest = readers.stale(began, until)
            wrote = sum(began <= at < until for at, _ in readers.kept)
            unseen = sum(page[2] == -1 for page in readers.pages)
        print(f"#   {name}: {count} pages, {wrote} writes, the slowest {slow * 1000:.0f} ms, the oldest"
              f" {oldest:.2f} s behind; {self.metrics()}", flush=True)
        self.check(f"{name}: every page is served", bad == 0 and count > 10 and slow < slowest,
                   f"{bad} of {count}, {slow:.2f} s")
        # A page that waits for its turn looks at the data later, never earlier.
        self.check(f"{name}: no page is older than the bound", wrote > 3 and oldest <= bound, f"{oldest:.2f} s")
        self.check(f"{name}: whoever writes sees it at once", unseen == 0, str(unseen))
        return oldest

    def phases(self, readers):
        standby = self.standby
        self.phase(readers, "at rest", 1.5, 2)

        standby.psql("alter system set recovery_min_apply_delay = '1s'", "postgres")
        standby.psql("select pg_reload_conf()", "postgres")
        before = self.metrics()["reads"]
        behind = self.phase(readers, "a second behind", 3, 2)
        self.check("within the bound a page may be old, and is: the bound is what holds",
                   behind > 0.5 and self.metrics()["reads"] > before + 20, f"{behind:.2f} {self.metrics()}")
        standby.psql("alter system reset recovery_min_apply_delay", "postgres")
        standby.psql("select pg_reload_conf()", "postgres")

        standby.psql("select pg_wal_replay_pause()", "postgres")
        self.phase(readers, "replay stands still", 3.3, 2)
        self.check("then the primary answers", self.metrics()["fit"] == 0, str(self.metrics()))
        standby.psql("select pg_wal_replay_resume()", "postgres")
        self.check("and the standby again when it caught up", self.fit(1) is not None, str(self.metrics()))

        conflicts = "select confl_lock from pg_stat_database_conflicts where datname = 'redsteward'"
        going = True

        def locks():
            text = "begin; lock table cases_reply in access exclusive mode; commit;\n" * 20
            while going:
                self.cluster.psql(text)
                time.sleep(0.05)
        locker = threading.Thread(target=locks, daemon=True)
        locker.start()
        self.phase(readers, "conflicts with recovery", 2.5, 3)
        going = False
        locker.join(10)
        time.sleep(1.2)
        found = int(standby.psql(conflicts, "postgres"))
        self.check("reads were cancelled on the standby, and nobody noticed", found > 0, str(found))
        print(f"#   {found} reads cancelled by the standby", flush=True)

        stopped = children(standby.pid)
        signal_all(stopped, signal.SIGSTOP)
        self.phase(readers, "the standby stands still", 2, 3)
        signal_all(stopped, signal.SIGCONT)
        standby.wake()
        self.check("and serves again", self.fit(1) is not None, str(self.metrics()))

        signal_all(children(standby.pid), signal.SIGKILL)
        standby.wake()
        standby.process.wait(10)
        self.phase(readers, "the standby is killed", 1.5, 3)
        self.check("then the primary answers", self.metrics()["fit"] == 0, str(self.metrics()))
        standby.start()
        self.check("and the standby when it is back", self.fit(1, 20) is not None, str(self.metrics()))

        before = self.metrics()["reads"]
        done = standby.run(f"{standby.tools}/pg_ctl", "promote", "-D", standby.data, "-w", "-t", "30")
        self.check("the standby is promoted", done.returncode == 0, done.stderr)
        self.phase(readers, "it goes its own way as a primary", 1.5, 3)
        self.check("then it is asked no more", self.metrics()["fit"] == 0, str(self.metrics()))

    def other(self, url, ledger):
        """Another database is never shown, and a URL that leads nowhere is told at once."""
        self.server.stop()
        WithReplica.replica = self.standby.url("other").replace("postgres@", "steward@")
        self.server.start()
        time.sleep(1)
        status, _ = self.server.ask(ledger)
        found = self.metrics()
        self.check("another database is not taken for the standby", status == 200 and found["fit"] == found["reads"] == 0,
                   f"{status} {found}")
        self.server.stop()
        for words, said in ((["--replica", "db2.example"], "postgres:// URL"),
                            (["--replica", url, "--replica-seconds", "0"], "1 to 300")):
            done = subprocess.run([self.binary, "serve", "--data", str(self.server.folder), "--database", url, *words],
                                  capture_output=True, text=True, timeout=20)
            self.check(f"{words[-1]} is refused in words", done.returncode != 0 and said in done.stderr, done.stderr)
        done = subprocess.run([self.binary, "serve", "--data", str(self.folder / "none"), "--replica", url],
                              capture_output=True, text=True, timeout=20)
        self.check("a replica of a file is refused in words", done.returncode != 0 and "needs a PostgreSQL" in done.stderr,
                   done.stderr)

    def finish(self):
        if getattr(self, "standby", None):
            self.standby.remove()
        self.end()


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--binary", required=True)
    replica = Replica(arguments.parse_args().binary)

    def work():
        try:
            replica.part("reads from a standby", replica.all)
        finally:
            replica.finish()

    run(work, replica, limit=350)


if __name__ == "__main__":
    main()
