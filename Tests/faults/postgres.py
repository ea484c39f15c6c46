#!/usr/bin/env python3
"""Faults of PostgreSQL, of the disk, of the clock and of the callers, against the built server.

    postgres.py --binary .build/debug/redsteward [--only NAME]

Python's standard library, Debian's postgresql and libfaketime. Clusters are private: own folders, own loopback ports.
Each part says what the user sees and what `redsteward verify` says afterwards; then `N passed, M failed`. A full disk
is a small tmpfs; without the right to mount one that part says SKIPPED.
"""
import argparse
import glob
import html
import json
import os
import pwd
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from checks import Checks, at_end, fill, join, run, small_disk  # noqa: E402
from house import Load, Server, form_token, raw_id, text_id  # noqa: E402  the path of cluster.py comes with it
from cluster import Cluster  # noqa: E402


def children(pid):
    """A process and everything below it."""
    found, parents = [pid], {}
    for stat in glob.glob("/proc/[0-9]*/stat"):
        try:
            fields = Path(stat).read_text().rsplit(")", 1)[1].split()
            parents.setdefault(int(fields[1]), []).append(int(stat.split("/")[2]))
        except (OSError, IndexError):
            pass
    for one in found:
        found += parents.get(one, [])
    return found


def signal_all(pids, what):
    for pid in pids:
        try:
            os.kill(pid, what)
        except ProcessLookupError:
            pass


class Faults(Checks):
    def __init__(self, binary):
        super().__init__()
        self.binary = str(Path(binary).resolve())
        self.folder = Path(tempfile.mkdtemp(prefix="redsteward-faults-"))
        self.cluster = self.server = None
        self.disks = []
        at_end(self.end)

    # ---------- the house ----------

    def begin(self):
        """One house on one cluster, planted once; the parts follow each other on it."""
        self.cluster = Cluster({"shared_buffers": "64MB", "wal_level": "replica", "max_wal_senders": "8"}, listen=True)
        self.cluster.make()
        self.cluster.start()
        self.cluster.psql("create database redsteward", "postgres")
        self.server = Server(self.binary, self.folder / "house", self.cluster.url()).start()

    def end(self):
        """However the test ends; a second time does nothing."""
        if self.server:
            self.server.kill()
        if self.cluster:
            self.cluster.remove()
        for disk in self.disks:
            subprocess.run(["umount", "-l", str(disk)], capture_output=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    def sound(self, server=None):
        good, words = (server or self.server).verify()
        self.check("verify finds it sound", good, words)
        print(f"#   verify says: {words.splitlines()[-1] if words else 'nothing'}", flush=True)

    def seen(self, load):
        for (status, title), count in sorted(load.told.items()):
            print(f"#   the user sees {count} times: {status or 'no answer'} {title}", flush=True)

    @staticmethod
    def form_token(server):
        return form_token(server.ask("/report", "resident")[1])

    def compare(self, load, cluster=None):
        """Every acknowledged write is there once; nothing is there twice or half."""
        cluster = cluster or self.cluster
        rows = cluster.psql(
            f"select body, id from cases_case where body like '{load.words} {load.name}-%' order by id").splitlines()
        there = {}
        for row in rows:
            body, number = row.rsplit("|", 1)
            there.setdefault(body.split()[-1], []).append(text_id(int(number)))
        lost = [key for key, case in load.kept.items() if case not in there.get(key, [])]
        twice = [key for key, cases in there.items() if len(cases) > 1]
        half = int(cluster.psql(
            f"select count(*) from cases_case c where body like '{load.words} {load.name}-%' and (select count(*) from"
            " cases_event e where e.case_id = c.id) <> 1"))
        self.check("no acknowledged write is lost", not lost and load.kept, f"{len(lost)} of {len(load.kept)}")
        self.check("nothing is doubled", not twice, f"{twice[:3]}")
        self.check("nothing is half done", half == 0, str(half))
        self.check("and no answer was of another kind", not load.strange, f"{load.strange[:2]}")
        print(f"#   {len(load.kept)} acknowledged, {len(there)} kept, longest wait {max(load.waits):.1f} s", flush=True)

    def healthy(self, server=None, within=10.0):
        """Seconds until a page is served again; None when it takes longer."""
        server, began = server or self.server, time.monotonic()
        while time.monotonic() - began < within:
            if server.ask("/home", "resident", timeout=within)[0] == 200:
                return time.monotonic() - began
            time.sleep(0.1)
        return None

    # ---------- a connection cut in the middle ----------

    def cut(self):
        cuts = 0
        with Load(self.server, "cut") as load:
            until = time.monotonic() + 6
            while time.monotonic() < until:
                time.sleep(0.25)
                cuts += int(self.cluster.psql(
                    "select count(pg_terminate_backend(pid)) from pg_stat_activity where datname = 'redsteward'"
                    " and application_name = 'redsteward'", "postgres"))
            load.watch()
            until = time.monotonic() + 5
            while load.back is None and time.monotonic() < until:
                time.sleep(0.05)
        self.check("connections were cut under load", cuts > 20, str(cuts))
        self.check("service goes on at once", load.back is not None and load.back < 5, str(load.back))
        print(f"#   {cuts} connections cut, the next write kept after {load.back or 99:.1f} s", flush=True)
        self.seen(load)
        self.compare(load)
        self.sound()

    # ---------- a server that stands still ----------

    def paused(self):
        token = self.form_token(self.server)
        answers = []
        with Load(self.server, "pause", callers=6) as load:
            time.sleep(1)
            stopped = children(self.cluster.pid)
            signal_all(stopped, signal.SIGSTOP)
            try:
                def ask(path, **options):
                    began = time.monotonic()
                    answers.append((path, *self.server.ask(path, "resident", timeout=60, **options),
                                    time.monotonic() - began))
                fields = {"_form": token, "key": "paused-form", "area": load.area, "what": "楼道的灯不亮了"}
                asks = [threading.Thread(target=ask, args=(path,), kwargs=more) for path, more in (
                    ("/home", {}), ("/api/v1/cases", {}), ("/report", {"form": fields}))]
                for one in asks:
                    one.start()
                began = time.monotonic()
                alive, _ = self.server.ask("/healthz", timeout=5)
                self.check("/healthz answers meanwhile", alive == 200 and time.monotonic() - began < 2, str(alive))
                join(asks, 90)
                time.sleep(1)
            finally:
                signal_all(stopped, signal.SIGCONT)
            load.watch()
            took = self.healthy()
            time.sleep(1)
        for path, status, text, seconds in answers:
            self.check(f"{path} is answered in words and in time, not hung",
                       status == 503 and seconds < 14 and "没有保存" in text, f"{status} {seconds:.1f} s {text[:200]}")
            if path == "/report":
                self.check("a form's words are on the page that says so",
                           "填的都还在" in text and fields["what"] in text, text[:400])
                again = text[text.find("data-again"):].split("</form>")[0]
                action = re.search(r'action="([^"]+)"', again)
                sent = {name: html.unescape(value) for name, value in re.findall(
                    r'<input type=hidden name="?([^" ]+)"? value="([^"]*)"', again)}
                status, place = self.server.ask(action[1] if action else path, "resident", form=sent)
                kept = int(self.cluster.psql(f"select count(*) from cases_case where body = '{fields['what']}'"))
                self.check("and sent once more from there it is kept once", status == 303 and kept == 1,
                           f"{status} {place[:100]} {kept} {sent}")
        print(f"#   waits while it stood: {', '.join(f'{a[3]:.1f} s' for a in answers)}", flush=True)
        self.check("healthy again without a restart", took is not None and load.back is not None, str(took))
        print(f"#   the first page after {took or 99:.1f} s, the first write after {load.back or 99:.1f} s", flush=True)
        self.seen(load)
        self.compare(load)
        self.sound()

    # ---------- a database that takes no writes ----------

    def read_only(self):
        with Load(self.server, "readonly", callers=4) as load:
            time.sleep(1)
            self.cluster.psql("alter system set default_transaction_read_only = on", "postgres")
            self.cluster.psql("select pg_reload_conf()", "postgres")
            try:
                time.sleep(2)
                began = time.monotonic()
                page, _ = self.server.ask("/home", "resident")
                self.check("pages are read meanwhile", page == 200, str(page))
                status, text = self.server.ask("/api/v1/cases", "resident",
                                               {"area": load.area, "words": "只读时的报修"}, "readonly-one")
                self.check("a write is refused in words of its own",
                           status == 503 and "只能看" in text and time.monotonic() - began < 14, f"{status} {text[:200]}")
            finally:
                self.cluster.psql("set transaction_read_only = off; alter system reset default_transaction_read_only",
                                  "postgres")
                self.cluster.psql("select pg_reload_conf()", "postgres")
            load.watch()
            time.sleep(2)
        self.check("writes are taken again without a restart", load.back is not None and load.back < 5, str(load.back))
        self.seen(load)
        self.compare(load)
        self.sound()

    # ---------- no room ----------

    def on_small_disk(self, name, size, work):
        """Some work on a small tmpfs."""
        with small_disk(self.folder / name, size) as disk:
            if disk:
                work(disk)
            else:
                self.say(f"SKIPPED {name}: this machine does not allow a tmpfs")

    def full_cluster(self):
        """PostgreSQL's own disk: a copy of the cluster on a small tmpfs."""
        self.on_small_disk("full", "320m", self.full_cluster_on)

    def full_cluster_on(self, disk):
        cluster = Cluster({"shared_buffers": "32MB", "max_wal_size": "64MB"}, listen=True)
        cluster.data = str(disk / "data")
        server = None
        try:
            for place in (cluster.folder, disk):
                os.chown(place, pwd.getpwnam("postgres").pw_uid, -1)
            os.chmod(self.folder, 0o755)
            made = cluster.run(f"{cluster.tools}/pg_basebackup", "-D", cluster.data, "-c", "fast", "-h", "127.0.0.1",
                               "-p", str(self.cluster.port), "-U", "postgres")
            if made.returncode:
                raise RuntimeError(made.stderr)
            cluster.start()
            shutil.copytree(self.server.folder, self.folder / "full-house")
            server = Server(self.binary, self.folder / "full-house", cluster.url()).start()
            with Load(server, "full", words="管道漏水" + "水" * 1500) as load:
                time.sleep(2)
                fill(disk, 400_000)
                until = time.monotonic() + 25
                while sum(load.told.values()) < 40 and time.monotonic() < until:
                    time.sleep(0.2)
                refused = dict(load.told)
                page = server.ask("/home", "resident")[0]
                died = cluster.process.poll() is not None
                (disk / "filler").unlink()
                if died:
                    cluster.start()
                load.watch()
                until = time.monotonic() + 30
                while load.back is None and time.monotonic() < until:
                    time.sleep(0.1)
                time.sleep(1)
            self.check("a full disk of PostgreSQL is told in words", sum(refused.values()) >= 5, str(refused))
            print(f"#   PostgreSQL {'ended itself and was begun again' if died else 'stayed up'}; a page meanwhile:"
                  f" {page}", flush=True)
            self.check("with room again it goes on without a restart of ours",
                       load.back is not None and server.process.poll() is None, str(load.back))
            self.seen(load)
            self.compare(load, cluster)
            self.sound(server)
        finally:
            if server:
                server.kill()
            cluster.remove()

    def full_folder(self):
        """The folder of the keys and files: photos need room there, words do not."""
        self.on_small_disk("folder", "24m", self.full_folder_on)

    def full_folder_on(self, disk):
        shutil.copytree(self.server.folder, disk / "house")
        server = Server(self.binary, disk / "house", self.cluster.url())
        server.log = self.folder / "folder.log"
        try:
            server.start()
            fill(disk, 0)
            token, area = self.form_token(server), server.home()
            status, text = server.upload(
                "/report", "resident", {"_form": token, "key": "photo-1", "area": area, "what": "墙裂了，见照片"},
                [("photo", "1.png", "image/png", os.urandom(3 << 20))])
            told = re.sub(r"<[^>]+>", " ", text[text.find("<h1"):])
            self.check("a photo without room is refused in words", status >= 400 and "存不下" in text,
                       f"{status} {told[:200]}")
            self.check("with what was typed beside it", "墙裂了，见照片" in told and "照片没有留下" in told, told[:300])
            print(f"#   the user sees: {status} {' '.join(told.split())[:60]}", flush=True)
            status, _ = server.ask("/api/v1/cases", "resident", {"area": area, "words": "没有照片的报修"}, "folder-1")
            self.check("a report without a photo is taken meanwhile", status == 201, str(status))
            (disk / "filler").unlink()
            status, text = server.ask("/report", "resident", form={
                "_form": token, "key": "photo-1", "area": area, "what": "墙裂了，见照片"})
            self.check("with room again the same form is taken", status == 303, f"{status} {text[:100]}")
            self.sound(server)
        finally:
            server.kill()

    # ---------- the clock is set back ----------

    def clock(self):
        library = sorted(glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1"))
        if not library:
            raise RuntimeError("libfaketime is not installed")
        offset = self.folder / "offset"

        def turn(seconds):
            (self.folder / "offset.new").write_text(f"{seconds:+d}s\n", encoding="ascii")
            os.replace(self.folder / "offset.new", offset)
        turn(0)
        self.server.stop()
        # The library adds to the environment, where Swift then looks for its arguments in vain; the shell has it added.
        through = ["bash", "-c", 'exec "$0" "$@"']
        server = Server(self.binary, self.server.folder, self.server.url, {
            "LD_PRELOAD": library[0], "FAKETIME_TIMESTAMP_FILE": str(offset), "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1"}, through)
        try:
            server.start()
            steward = json.loads(server.ask("/api/v1/me", "steward")[1])["posts"][0]["id"]
            status, text = server.ask("/api/v1/cases", "resident", {"area": server.home(), "words": "时钟往回拨的水管"})
            case = json.loads(text)["id"]
            plan = [("grid", "triage", {}), ("grid", "dispatch", {"post": steward}), ("steward", "attend", {}), -7200,
                    ("grid", "suspension", {"reason": "weather"}), ("grid", "resumption", {}),
                    ("steward", "handle", {}), -600, ("grid", "feedback", {}), ("resident", "rating", {"score": 5}), 0,
                    ("approver", "strike-off", {})]
            wrong, stood = [], None
            with Load(server, "clock", callers=4) as load:
                for step in plan:
                    time.sleep(0.7)
                    if isinstance(step, int):
                        turn(step)
                        continue
                    status, text = server.ask(f"/api/v1/cases/{case}/{step[1]}", step[0], step[2] | {"words": "好的"})
                    if status != 200:
                        wrong.append((step[1], status, text[:120]))
                    elif step[1] == "handle":
                        stood = json.loads(text)
            self.check("every step is taken while the clock jumps", not wrong, str(wrong))
            self.check("the clock was set back, as the server saw it",
                       int(self.cluster.psql(
                           "select count(*) from cases_case a join cases_case b on b.id > a.id where"
                           f" a.body like '{load.words} clock-%' and b.body like '{load.words} clock-%'"
                           " and b.registered_ms < a.registered_ms - 3600000").strip()) > 0)
            self.check("no work is done before it was reported",
                       stood is not None and stood["solved"] >= stood["registered"], str(stood)[:200])
            for name, text in (
                ("case ends before it begins", "select count(*) from cases_case where solved_ms < registered_ms or"
                 " fed_back_ms < solved_ms or closed_ms < registered_ms"),
                ("clock stops before it starts", "select count(*) from cases_clock where stopped_ms < started_ms"),
                ("pause ends before it begins", "select count(*) from cases_pause where to_ms < from_ms"),
                ("step of a case comes before the one before it",
                 "select count(*) from (select at_ms - lag(at_ms) over (partition by case_id order by id) as d from"
                 " cases_event) x where d < 0"),
                ("job was done twice", "select count(*) from storage_job where attempt > 1"),
            ):
                found = int(self.cluster.psql(text).strip())
                self.check(f"no {name}", found == 0, str(found))
            order = {}
            for key, case in load.kept.items():
                order.setdefault(key.split("-")[1], []).append(raw_id(case))
            ids = [one for line in order.values() for one in line]
            self.check("ids are unique, and later ones are greater",
                       len(set(ids)) == len(ids) and all(line == sorted(line) for line in order.values()))
            self.seen(load)
            self.compare(load)
            self.sound(server)
        finally:
            server.kill()
            self.server.start()

    # ---------- many callers, slow callers ----------

    def times(self, count=40):
        """Sorted seconds of pages asked one after another, and how many were not served."""
        taken, bad = [], 0
        for _ in range(count):
            began = time.monotonic()
            bad += self.server.ask("/home", "resident", timeout=20)[0] != 200
            taken.append(time.monotonic() - began)
        return sorted(taken), bad

    def idle(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        count = min(10_000, hard - 500)
        print(f"#   this machine allows {hard} open files a process (soft {soft}); {count} connections are held",
              flush=True)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        # Begun again, so that it has the same limit.
        self.server.stop()
        self.server.start()
        before, quiet = self.server.memory(), self.times()
        held = []
        try:
            # Several at once: one that finds the door crowded knocks again after a second or more.
            with ThreadPoolExecutor(24) as pool:
                place = ("127.0.0.1", self.server.port)
                for one in pool.map(lambda _: socket.create_connection(place, timeout=60), range(count)):
                    held.append(one)
            for _ in range(100):
                # Some still wait to be taken in.
                open_files = len(os.listdir(f"/proc/{self.server.process.pid}/fd"))
                if open_files >= count:
                    break
                time.sleep(0.1)
            during, (taken, bad) = self.server.memory(), self.times()
            with Load(self.server, "idle", callers=4) as load:
                time.sleep(3)
            self.check(f"{count} idle connections are held", open_files >= count, str(open_files))
            self.check("others are served meanwhile", bad == 0 and taken[-1] < 5, f"{bad} {taken[-1]:.2f}")
            self.check("an idle connection costs less than 32 KiB", (during - before) * 1024 / count < 32,
                       f"{before:.0f} to {during:.0f} MiB")
            print(f"#   memory {before:.0f} to {during:.0f} MiB, a page in {quiet[0][20] * 1000:.0f} ms before and"
                  f" {taken[20] * 1000:.0f} ms meanwhile (median)", flush=True)
        finally:
            for one in held:
                one.close()
        took = self.healthy(within=40)
        self.check("and when all have left at once", took is not None, str(took))
        print(f"#   a page {took or 99:.1f} s after all had left at once", flush=True)
        self.compare(load)
        self.sound()

    def slow(self):
        token, held = self.server.token["grid"], []
        before = self.server.memory()
        going = True

        def trickle():
            while going:
                for one in held[:200]:
                    try:
                        one.recv(1)
                    except OSError:
                        pass
                time.sleep(1)
        try:
            for index in range(400):
                one = socket.socket()
                one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
                one.connect(("127.0.0.1", self.server.port))
                path = "/desk" if index < 200 else "/desk/live"
                one.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n".encode())
                one.setblocking(False)
                held.append(one)
            reader = threading.Thread(target=trickle, daemon=True)
            reader.start()
            # Every write is news for every stream that nobody reads.
            with Load(self.server, "slow", callers=6) as load:
                time.sleep(2)
                (taken, bad), middle = self.times(), self.server.memory()
                time.sleep(6)
            after = self.server.memory()
            self.check("others are served meanwhile", bad == 0 and taken[-1] < 5, f"{bad} {taken[-1]:.2f}")
            self.check("memory stays bounded", after - before < 120 and after - middle < 40,
                       f"{before:.0f}, {middle:.0f}, {after:.0f} MiB")
            print(f"#   200 readers of a byte a second and 200 live streams that nobody reads: memory {before:.0f},"
                  f" {middle:.0f}, {after:.0f} MiB; a page in {taken[20] * 1000:.0f} ms (median),"
                  f" {taken[-1] * 1000:.0f} ms (longest)", flush=True)
        finally:
            going = False
            for one in held:
                one.close()
        self.compare(load)
        self.sound()

    # ---------- the primary is killed, a standby is promoted ----------

    def failover(self):
        first, second = self.cluster, Cluster({"shared_buffers": "64MB", "hot_standby": "on"}, listen=True)
        server = None
        try:
            if second.root:
                os.chown(second.folder, pwd.getpwnam("postgres").pw_uid, -1)
            made = second.run(f"{second.tools}/pg_basebackup", "-D", second.data, "-R", "-c", "fast", "-h", "127.0.0.1",
                              "-p", str(first.port), "-U", "postgres")
            if made.returncode:
                raise RuntimeError(made.stderr)
            second.start()
            first.psql("alter system set synchronous_standby_names = '*'", "postgres")
            first.psql("select pg_reload_conf()", "postgres")
            for _ in range(100):
                if "sync" in first.psql("select sync_state from pg_stat_replication", "postgres").split():
                    break
                time.sleep(0.1)
            self.check("the standby is synchronous",
                       "sync" in first.psql("select sync_state from pg_stat_replication", "postgres").split())
            self.server.stop()
            url = f"postgresql://postgres@127.0.0.1:{first.port},127.0.0.1:{second.port}/redsteward"
            server = Server(self.binary, self.server.folder, url).start()
            server.log = self.server.log
            with Load(server, "failover") as load:
                time.sleep(3)
                before = len(load.kept)
                signal_all(children(first.pid), signal.SIGKILL)
                first.wake()
                first.process.wait(10)
                time.sleep(1)
                load.watch()
                done = second.run(f"{second.tools}/pg_ctl", "promote", "-D", second.data, "-w", "-t", "30")
                promoted = time.monotonic() - load.mark
                self.check("the standby is promoted", done.returncode == 0, done.stderr)
                until = time.monotonic() + 20
                while load.back is None and time.monotonic() < until:
                    time.sleep(0.05)
                time.sleep(2)
            self.check("writes were acknowledged before and after", before > 20 and len(load.kept) > before + 20,
                       f"{before} {len(load.kept)}")
            self.check("service is back within 10 s of the promotion, without a restart",
                       load.back is not None and load.back < 10 and server.process.poll() is None, str(load.back))
            print(f"#   promoted in {promoted:.1f} s; the first write kept {load.back or 99:.1f} s after the order;"
                  f" {before} acknowledged before the kill", flush=True)
            self.seen(load)
            self.compare(load, second)
            self.sound(server)
        finally:
            if server:
                server.kill()
            second.remove()


# The last one ends the cluster of the others.
PARTS = ("cut", "paused", "read_only", "full_cluster", "full_folder", "clock", "idle", "slow", "failover")


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--binary", required=True)
    arguments.add_argument("--only")
    given = arguments.parse_args()
    faults = Faults(given.binary)

    def work():
        faults.begin()
        for name in PARTS:
            if given.only is None or name in given.only.split(","):
                faults.say(f"== {name.replace('_', ' ')}")
                faults.part(name.replace("_", " "), getattr(faults, name))

    run(work, faults, limit=900)


if __name__ == "__main__":
    main()
