#!/usr/bin/env python3
"""Several servers on one PostgreSQL: begun at once, live pages across them, shared sessions and keys, one killed under
load, all of them restarted one by one without a failed request.

    run.py --binary .build/debug/redsteward [--only PART]

Python's standard library only; PostgreSQL must be installed. One line a check, then `N passed, N failed`.
"""
import argparse
import http.client
import http.cookiejar
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from checks import Checks, at_end, join, kill, run  # noqa: E402
from house import Server, form_token, raw_id, text_id  # noqa: E402  the path of cluster.py comes with it
from cluster import Cluster  # noqa: E402

SERVERS = "ABC"


def server_of(run, name):
    """A server with a folder and a port of its own, and the keys that all of them have."""
    folder = run.folder / name
    folder.mkdir()
    shutil.copy(run.folder / "seed" / "keys", folder / "keys")
    server = Server(run.binary, folder, environment={"REDSTEWARD_DATABASE": run.cluster.url()})
    server.name = name
    return server


class Balancer:
    """A client that goes round the servers. What did not reach a server, or was cut off, is sent to the next one, with
    the same idempotency key; any answer below 500 is an answer."""

    def __init__(self, servers):
        self.servers = servers
        self.turn = 0
        self.retries = 0
        self.lock = threading.Lock()

    def ask(self, path, headers, body=None, patience=20):
        end = time.monotonic() + patience
        last = None
        while time.monotonic() < end:
            with self.lock:
                self.turn += 1
                server = self.servers[self.turn % len(self.servers)]
            try:
                connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=15)
                try:
                    connection.request("GET" if body is None else "POST", path, body, headers)
                    answer = connection.getresponse()
                    return answer.status, answer.read().decode()
                finally:
                    connection.close()
            except (OSError, http.client.HTTPException) as error:
                last = error
                with self.lock:
                    self.retries += 1
                time.sleep(0.02)
        return 599, repr(last)


class Servers(Checks):
    def __init__(self, binary):
        super().__init__()
        self.binary = str(Path(binary).resolve())
        self.folder = Path(tempfile.mkdtemp(prefix="redsteward-servers-"))
        at_end(lambda: shutil.rmtree(self.folder, ignore_errors=True))
        self.cluster = Cluster()
        at_end(self.cluster.remove)
        self.servers = []

    def sql(self, text):
        return self.cluster.psql(text).strip()

    def count(self, text):
        return int(self.sql(text) or 0)

    def verify(self, name):
        self.check(f"verify finds it sound {name}", *self.servers[0].verify())

    def open(self):
        self.cluster.make()
        self.cluster.start()
        self.cluster.psql("create database redsteward", "postgres")
        # Only to make keys: the same for all, as an operator copies them.
        subprocess.run([self.binary, "setup", "--data", str(self.folder / "seed"), "--area", "x", "--organisation", "y",
                        "--name", "z"], check=True, capture_output=True, timeout=60,
                       env={k: v for k, v in os.environ.items() if k != "REDSTEWARD_DATABASE"})
        self.servers = [server_of(self, name) for name in SERVERS]

    # ---------- helpers of the parts ----------

    def nodes(self):
        """Node numbers in force, with their holders."""
        rows = self.sql("select name || ' ' || holder from storage_lock where name like 'node.%'"
                        " and until_ms > extract(epoch from clock_timestamp()) * 1000")
        return dict(line.split(" ", 1) for line in rows.splitlines())

    def holder(self, lease):
        row = self.sql(f"select holder from storage_lock where name = '{lease}'"
                       " and until_ms > extract(epoch from clock_timestamp()) * 1000")
        match = re.match(r"\w+-(\d+)-", row)
        return int(match.group(1)) if match else None

    def bearer(self, login):
        return {"Authorization": f"Bearer {self.people[login]['token']}", "Accept-Language": "zh-CN"}

    def report(self, server, words, key):
        return server.report("resident", self.home, words, key)

    def browser(self):
        jar = http.cookiejar.CookieJar(http.cookiejar.DefaultCookiePolicy(rfc2965=False))
        return urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar)), jar

    @staticmethod
    def form(opener, url, page, fields):
        """Fetches the page for its form token, and posts."""
        with opener.open(page, timeout=20) as answer:
            token = form_token(answer.read().decode())
        body = urllib.parse.urlencode({"_form": token} | fields).encode()
        with opener.open(url, body, timeout=20) as answer:
            return answer.status, answer.url, answer.read().decode()

    # ---------- the parts ----------

    def begin_at_once(self):
        for server in self.servers:
            server.launch()
        ready = [server.wait_ready() for server in self.servers]
        self.check("three begin at once on an empty database", all(ready), [s.tail() for s in self.servers])
        landed, distinct = self.sql("select count(*), count(distinct id) from storage_migration").split("|")
        self.check("every step of the schema landed once", landed == distinct and int(landed) > 3, landed)
        nodes = self.nodes()
        self.check("each has a node number of its own",
                   len(nodes) == 3 and len(set(nodes.values())) == 3 and "node.0" not in nodes, str(nodes))
        ends = [server.stop(30) for server in self.servers]
        self.check("all end in order", ends == [0, 0, 0], str(ends))
        held = self.sql("select name, holder from storage_lock"
                        " where until_ms > extract(epoch from clock_timestamp()) * 1000")
        self.check("and give their numbers and leases back", not held, held)

    def plant(self):
        """The demo district, planted by A; then all three serve it."""
        first = self.servers[0]
        first.start(wait=120)
        self.check("a demo is planted on PostgreSQL", True)
        self.people = first.people
        for server in self.servers:
            server.people, server.token = first.people, first.token
        number = self.count("select h.unit_id from directory_home h join directory_account l on l.person_id ="
                            " h.person_id where l.login = 'resident' limit 1")
        self.home = text_id(number)
        first.stop(30)
        for server in self.servers:
            server.launch("--drain-seconds", "1")
        self.check("three serve it", all([s.wait_ready() for s in self.servers]), [s.tail() for s in self.servers])

    def live(self):
        a, b, c = self.servers
        heard = []

        def listen(server, ready):
            request = urllib.request.Request(server.base + "/desk/live", headers=self.bearer("grid"))
            try:
                with urllib.request.urlopen(request, timeout=20) as answer:
                    ready.set()
                    for line in answer:
                        if line.startswith(b"event: changed"):
                            heard.append((server.name, time.monotonic()))
            except OSError:
                pass

        for server in self.servers:
            ready = threading.Event()
            threading.Thread(target=listen, args=(server, ready), daemon=True).start()
            ready.wait(10)
        time.sleep(1.5)
        slowest = 0
        for number in range(5):
            heard.clear()
            words = f"跨服务器 {number} 水管漏水"
            began = time.monotonic()
            status, _ = self.report(a, words, f"live-{number}")
            while time.monotonic() - began < 5 and {name for name, _ in heard} != set(SERVERS):
                time.sleep(0.01)
            took = {name: moment - began for name, moment in heard}
            good = status == 201 and set(took) == set(SERVERS)
            slowest = max([slowest, *took.values()])
            if not good or max(took.values()) > 2:
                self.check(f"report {number} at A reaches every desk within 2 s", False, f"{status} {took}")
                return
            # A page that looks again because it was told must not be shown what was counted before.
            if number == 0:
                with urllib.request.urlopen(
                        urllib.request.Request(b.base + "/desk", headers=self.bearer("grid")), timeout=20) as page:
                    self.check("the desk at B shows what was reported at A", words in page.read().decode())
        self.check("five reports at A reach the desks of A, B and C within 2 s", True)
        print(f"# slowest of 15: {slowest * 1000:.0f} ms")
        # A lost listening connection: streams are told that they may have missed something.
        heard.clear()
        self.sql("select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database()"
                 " and pid <> pg_backend_pid()")
        end = time.monotonic() + 8
        while time.monotonic() < end and {name for name, _ in heard} != set(SERVERS):
            time.sleep(0.02)
        self.check("after every connection was cut all pages look again",
                   {name for name, _ in heard} == set(SERVERS), str(heard))
        heard.clear()
        status, _ = self.report(c, "断线之后 灯不亮", "live-after")
        end = time.monotonic() + 5
        while time.monotonic() < end and {name for name, _ in heard} != set(SERVERS):
            time.sleep(0.02)
        self.check("and hear again", status == 201 and {name for name, _ in heard} == set(SERVERS), f"{status} {heard}")

    def sessions(self):
        a, b, _ = self.servers
        grid = self.people["grid"]
        opener, jar = self.browser()
        status, url, _ = self.form(opener, a.base + "/sign-in/password", a.base + "/sign-in?staff=1",
                                   {"login": grid["login"], "password": grid["password"], "next": "/desk"})
        self.check("sign in at A", status == 200 and url.endswith("/desk"), f"{status} {url}")
        cookie = "; ".join(f"{one.name}={one.value}" for one in jar)

        def at(server, path="/me"):
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
            connection.request("GET", path, headers={"Cookie": cookie})
            answer = connection.getresponse()
            answer.read()
            connection.close()
            return answer.status

        self.check("the cookie is good at B", at(b) == 200)
        self.form(opener, a.base + "/sign-out/everywhere", a.base + "/me", {})
        # B keeps who is signed in until it hears of the end (decision 0009).
        left = time.monotonic()
        while at(b) != 303 and time.monotonic() < left + 2:
            time.sleep(0.005)
        took = time.monotonic() - left
        self.check("leaving everywhere at A ends it at B as soon as it is heard", took < 0.5, f"{took:.3f} s")
        # The lock after five wrong passwords counts across servers: two here, three there.
        login = self.people["steward"]["login"] if "steward" in self.people else "grid"
        good = self.people[login]["password"]
        answers = []
        for number, password in enumerate(["wrong-1", "wrong-2", "wrong-3", "wrong-4", "wrong-5", good]):
            server = self.servers[number % 3]
            opener, jar = self.browser()
            try:
                status, url, _ = self.form(opener, server.base + "/sign-in/password", server.base + "/sign-in?staff=1",
                                           {"login": login, "password": password, "next": "/desk"})
                answers.append(url.endswith("/desk"))
            except urllib.error.HTTPError as error:
                error.read()
                answers.append(error.code)
        self.check("wrong passwords at three servers lock one account", True not in answers, str(answers))

    def idempotency(self):
        a, b, _ = self.servers
        wrong = []
        for number in range(10):
            key, answers = f"same-{number}", []
            gate = threading.Barrier(4)

            def send(server):
                gate.wait()
                answers.append(self.report(server, f"同时提交 {number}", key))

            threads = [threading.Thread(target=send, args=(server,)) for server in (a, b, a, b)]
            for thread in threads:
                thread.start()
            join(threads, 60)
            ids = {json.loads(text).get("id") for status, text in answers if status in (200, 201)}
            kept = self.count(f"select count(*) from cases_case where body = '同时提交 {number}'")
            if len(ids) != 1 or kept != 1 or len(answers) != 4 or any(s not in (200, 201) for s, _ in answers):
                wrong.append((answers, kept))
        self.check("one key at two servers at one moment makes one case, ten times", not wrong, str(wrong)[:500])

    def standing(self):
        """An edited limit counts on the other servers at once, not when what they keep is ten seconds old."""
        a, b, _ = self.servers
        editor = self.people["administrator"]
        opener, _ = self.browser()
        self.form(opener, a.base + "/sign-in/password", a.base + "/sign-in?staff=1",
                  {"login": editor["login"], "password": editor["password"], "next": "/desk"})
        estate = text_id(self.count("select id from directory_area where name = '桂花苑'"))

        def attend_minutes(key):
            status, text = self.report(b, f"时限 {key} 灯不亮", key)
            return self.count("select min(amount) from cases_clock where unit = 1 and case_id ="
                              f" {raw_id(json.loads(text)['id'])}") if status == 201 else (status, text)

        before = attend_minutes("standing-1")
        self.form(opener, a.base + "/desk/policies", a.base + "/desk/policies",
                  {"area": estate, "category": "", "kind": "", "urgency": "", "attend": "17", "handle": "4321",
                   "feedback": "9", "source": "演练"})
        began = time.monotonic()
        after, number = before, 1
        while after == before and time.monotonic() - began < 12:
            number += 1
            after = attend_minutes(f"standing-{number}")
        took = time.monotonic() - began
        self.check("a limit edited at A counts at B within a second", before != 17 and after == 17 and took < 1,
                   f"{before} {after} {took:.1f} s")

    def lost_number(self):
        """Another server got the number, as after a long stand-still: the server takes a fresh one and goes on."""
        server = self.servers[0]
        mine = f"node-{server.process.pid}-"
        name = next(name for name, holder in self.nodes().items() if holder.startswith(mine))
        self.sql(f"update storage_lock set holder = 'node-1-other', until_ms = until_ms + 20000 where name = '{name}'")
        status, _ = self.report(server, "编号被占", "lost-1")
        self.check("a server that lost its number still answers", status == 201, str(status))
        end, fresh = time.monotonic() + 12, []
        while time.monotonic() < end and not fresh:
            time.sleep(0.2)
            fresh = [one for one, holder in self.nodes().items() if holder.startswith(mine)]
        self.check("and takes another number", len(fresh) == 1 and fresh != [name], f"{name} {fresh}")
        status, text = self.report(server, "换了编号", "lost-2")
        node = raw_id(json.loads(text)["id"]) >> 12 & 1023 if status == 201 else None
        self.check("which its ids carry", fresh == [f"node.{node}"], f"{node} {fresh}")
        self.sql(f"delete from storage_lock where name = '{name}' and holder = 'node-1-other'")

    # ---------- under load ----------

    def load(self, name, threads=6):
        """Writers that go round the servers until told to stop. Returns the stop, which gives what they saw."""
        balancer, acknowledged, failed, lock = Balancer(self.servers), {}, [], threading.Lock()
        stop = threading.Event()

        def write(writer):
            number = 0
            while not stop.is_set():
                number += 1
                key = f"{name}-{writer}-{number}"
                status, text = balancer.ask(
                    "/api/v1/cases", self.bearer("resident") | {
                        "Content-Type": "application/json", "Idempotency-Key": key},
                    json.dumps({"area": self.home, "words": f"{name} {key}"}).encode())
                with lock:
                    if status in (200, 201):
                        acknowledged[key] = json.loads(text)["id"]
                    else:
                        failed.append((status, text[:200]))
                status, text = balancer.ask("/desk", self.bearer("grid"))
                if status != 200:
                    with lock:
                        failed.append((status, text[:200]))

        workers = [threading.Thread(target=write, args=(i,)) for i in range(threads)]
        for worker in workers:
            worker.start()

        def finish():
            stop.set()
            join(workers, 90)
            return acknowledged, failed, balancer.retries
        return finish

    def every_case_once(self, name, acknowledged):
        rows = dict(line.split("|") for line in self.sql(
            f"select body, count(*) from cases_case where body like '{name} {name}-%' group by body").splitlines())
        lost = [key for key in acknowledged if f"{name} {key}" not in rows]
        twice = [body for body, count in rows.items() if count != "1"]
        self.check("every acknowledged case is there once", acknowledged and not lost and not twice,
                   f"{len(acknowledged)} acknowledged, lost {lost[:3]}, twice {twice[:3]}")

    def killed(self):
        finish = self.load("kill")
        time.sleep(2)
        pid = self.holder("cases.clocks")
        victim = next((s for s in self.servers if s.process.pid == pid), None)
        if not self.check("one server holds the clocks", victim is not None, str(pid)):
            finish()
            return
        victim.kill()
        killed = time.monotonic()
        others = {s.process.pid for s in self.servers if s is not victim}
        taken = None
        while time.monotonic() - killed < 40 and taken not in others:
            time.sleep(0.2)
            taken = self.holder("cases.clocks")
        took = time.monotonic() - killed
        acknowledged, failed, retries = finish()
        self.check("kill -9 of one of three: another takes the clocks", taken in others, f"{taken} of {others}")
        self.check("no request failed for clients that try again", not failed, f"{len(failed)} {failed[:2]}")
        self.every_case_once("kill", acknowledged)
        print(f"# {len(acknowledged)} acknowledged, {retries} tried again, clocks taken over after {took:.1f} s")
        end = time.monotonic() + 45
        while time.monotonic() < end and self.count("select count(*) from storage_audit where seal_seq is null"):
            time.sleep(0.5)
        left = self.count("select count(*) from storage_audit where seal_seq is null")
        self.check("the sealer is taken over", left == 0, f"{left} rows wait")
        while time.monotonic() < end and self.count("select count(*) from storage_outbox where done_ms is null"):
            time.sleep(0.5)
        left = self.count("select count(*) from storage_outbox where done_ms is null")
        self.check("no event waits", left == 0, str(left))
        self.check("each event was counted once", *self.servers[0].numbers())
        victim.launch("--drain-seconds", "1")
        self.check("the killed one comes back beside the others", victim.wait_ready(), victim.tail())
        self.verify("after the kill")

    def rolling(self):
        finish = self.load("roll")
        time.sleep(1)
        told = []
        for server in self.servers:
            ended = []
            process = server.process
            process.send_signal(signal.SIGTERM)
            time.sleep(0.3)
            try:
                with urllib.request.urlopen(server.base + "/healthz", timeout=2) as answer:
                    told.append(answer.status)
            except urllib.error.HTTPError as error:
                told.append((error.code, error.headers.get("Connection")))
            except OSError as error:
                told.append(repr(error))
            try:
                ended.append(process.wait(20))
            except subprocess.TimeoutExpired:
                kill(process)
                ended.append("killed")
            self.check(f"{server.name} ends in order under load", ended == [0], f"{ended} {server.tail()}")
            server.launch("--drain-seconds", "1")
            self.check(f"{server.name} is back", server.wait_ready(), server.tail())
        time.sleep(1)
        acknowledged, failed, retries = finish()
        self.check("a server that drains tells balancers so, and ends the connection",
                   all(one == (503, "close") for one in told), str(told))
        self.check("a rolling restart of all three: no request failed", not failed, f"{len(failed)} {failed[:3]}")
        self.every_case_once("roll", acknowledged)
        print(f"# {len(acknowledged)} acknowledged, {retries} tried again")

    def leases(self):
        end = time.monotonic() + 45
        while time.monotonic() < end and self.count("select count(*) from storage_audit where seal_seq is null"):
            time.sleep(0.5)
        twice = self.count("select count(*) from (select area_id, prev_hash from storage_seal group by area_id,"
                           " prev_hash having count(*) > 1) s")
        gaps = self.count("select count(*) from (select area_id from storage_seal group by area_id"
                          " having max(seq) <> count(*)) s")
        self.check("no seal was made twice, none is missing", twice == 0 and gaps == 0, f"{twice} {gaps}")
        numbers = self.sql("select count(distinct (id >> 12) & 1023) from storage_audit")
        self.check("ids carry the numbers of several servers", int(numbers) >= 3, numbers)
        end = time.monotonic() + 35
        while time.monotonic() < end and len(self.nodes()) > 3:
            time.sleep(0.5)
        nodes = self.nodes()
        self.check("three numbers are held, the killed server's has run out", len(nodes) == 3, str(nodes))
        self.verify("at the end")

    def backup_once(self):
        """A leased job: of three servers told to back up every night, one makes tonight's."""
        for server in self.servers:
            server.stop(30)
        place, key = self.folder / "backups", self.folder / "backup.key"
        for server in self.servers:
            server.launch("--backup-dir", str(place), "--backup-key", str(key))
        self.check("three serve with one plan of backups", all([s.wait_ready() for s in self.servers]),
                   [s.tail() for s in self.servers])
        end = time.monotonic() + 40
        done = "select count(*) from storage_job where kind like '%backup%' and done_ms is not null"
        while time.monotonic() < end and not self.count(done):
            time.sleep(0.5)
        time.sleep(2)
        jobs = self.sql("select count(*), max(attempt), count(done_ms) from storage_job where kind like '%backup%'")
        files = [one.name for one in place.iterdir() if one.suffix == ".backup"] if place.exists() else []
        self.check("of three servers one makes the backup, once", jobs == "1|1|1" and len(files) == 1,
                   f"{jobs} {files} {[s.tail() for s in self.servers]}")
        ends = [server.stop(30) for server in self.servers]
        self.check("all end in order at last", ends == [0, 0, 0], str(ends))


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--binary", required=True)
    arguments.add_argument("--only", help="this part, after the servers were begun")
    given = arguments.parse_args()
    servers = Servers(given.binary)

    def work():
        began = time.monotonic()
        servers.open()
        for name in ("begin_at_once", "plant", "live", "sessions", "idempotency", "standing", "lost_number", "killed",
                     "rolling", "leases", "backup_once"):
            if given.only in (None, name) or name == "plant":
                servers.part(name.replace("_", " "), getattr(servers, name))
        print(f"# {time.monotonic() - began:.0f} s")

    run(work, servers, limit=600)


if __name__ == "__main__":
    main()
