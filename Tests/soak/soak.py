#!/usr/bin/env python3
"""A long run of seeded random histories of commands and faults against the built server.

    soak.py --binary .build/debug/redsteward [--seed N] [--minutes M] [--engine sqlite|postgres]

Callers drive cases of their own through the whole loop, by the JSON API and by forms, while the server is killed and
stopped, its connections are cut and its PostgreSQL is ended at once and begun again. Each keeps a model of what was
acknowledged; where no answer came, it looks and takes what is there, once. Afterwards every case, step and rating is
compared with the rows, and `redsteward verify` must find the house sound. The same seed chooses the same commands for
the same answers. Without an engine both run at once. Python's standard library only; ends with `N passed, M failed`.
"""
import argparse
import json
import os
import random
import re
import shutil
import signal
import sqlite3
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from checks import Checks, at_end, run  # noqa: E402
from house import Server, form_token, text_id  # noqa: E402  the path of cluster.py comes with it
from cluster import Cluster  # noqa: E402

WORDS = ["厨房水管漏水", "卫生间水管渗水", "阳台下水管漏了"]
NOT_SAVED = ("没有保存",)
# All of one building: only its neighbours may join.
REPORTERS, NEIGHBOURS = ("resident", "resident2", "family"), ("resident2", "family", "resident")
# What leads where, by whom: command → (actor, status afterwards; None leaves it).
STEPS = {
    "triage": ("grid", "triaged"), "dispatch": ("grid", "dispatched"), "accept": ("steward", "dispatched"),
    "attend": ("steward", "attended"), "handle": ("steward", "handled"), "feedback": ("grid", "fedBack"),
    "rating": ("reporter", None), "reopening": ("reporter", "triaged"), "strike-off": ("approver", "struckOff"),
    "publication": ("moderator", "published"), "withdrawal": ("reporter", "withdrawn"), "suspension": ("grid", None),
    "resumption": ("grid", None), "merge": ("grid", "merged"), "return": ("grid", "returned"),
    "note": ("reporter", None), "join": ("neighbour", None),
}
# What a case allows, with weights. The way forward is the likeliest.
CHOICES = {
    "reported": {"triage": 12, "join": 2, "note": 1, "withdrawal": 1, "merge": 1, "return": 1},
    "triaged": {"dispatch": 12, "join": 2, "suspension": 2, "merge": 1, "withdrawal": 1, "triage": 1},
    "dispatched": {"attend": 10, "accept": 3, "suspension": 2, "withdrawal": 1, "dispatch": 1},
    "attended": {"handle": 12, "suspension": 2, "note": 1},
    "handled": {"feedback": 12, "join": 1},
    "fedBack": {"rating": 8, "strike-off": 8, "reopening": 1, "note": 1},
    "struckOff": {"publication": 1},
    "returned": {"reopening": 1},
}
PAUSED = {"resumption": 8, "note": 1, "join": 1}


class Case:
    """What must be true of a case."""

    def __init__(self, name, words, reporter, neighbour):
        self.id, self.name, self.words, self.reporter, self.neighbour = None, name, words, reporter, neighbour
        self.status, self.suspended, self.score, self.joined = "reported", False, None, False
        self.version, self.events, self.round = 1, 1, 1
        self.by_form = False
        # mark → the command that was kept; marks of what was refused.
        self.marks, self.refused, self.ratings = {}, set(), {}


class Soak(Checks):
    def __init__(self, binary, seed, minutes, engine, callers=4):
        super().__init__()
        self.seed, self.minutes, self.engine = seed, minutes, engine
        self.folder = Path(tempfile.mkdtemp(prefix=f"redsteward-soak-{engine}-"))
        self.cluster = None
        url = None
        if engine == "postgres":
            self.cluster = Cluster({"shared_buffers": "64MB"}, listen=True)
            at_end(self.cluster.remove)
            self.cluster.make()
            self.cluster.start()
            self.cluster.psql("create database redsteward", "postgres")
            url = self.cluster.url()
        self.server = Server(binary, self.folder / "house", url)
        self.callers = [Caller(self, number) for number in range(callers)]
        self.going, self.lock = True, threading.Lock()
        self.faults, self.commands, self.answers, self.wrong = {}, {}, {}, {}
        self.acknowledged = self.resolved = self.resolved_kept = self.repeats = 0

    def say(self, text):
        print(f"[{self.engine}] {text}", flush=True)

    def none(self, name, wrong):
        """A check that lists what differs."""
        self.check(name, not wrong, f"{len(wrong)} differ" + "".join(f"\n     {one}" for one in wrong[:8]))

    def count(self, table, name):
        with self.lock:
            table[name] = table.get(name, 0) + 1

    def wronged(self, group, what):
        with self.lock:
            self.wrong.setdefault(group, []).append(what)

    def rows(self, text):
        if self.cluster:
            return [line.split("|") for line in self.cluster.psql(text).splitlines()]
        with sqlite3.connect(f"file:{self.server.folder}/redsteward.db?mode=ro", uri=True) as database:
            return [["" if value is None else str(value) for value in row] for row in database.execute(text)]

    # ---------- faults ----------

    def disturb(self):
        chance = random.Random(f"{self.seed}-faults")
        names = ["killed", "stopped for a while"]
        if self.cluster:
            names += ["connections cut", "connections cut", "PostgreSQL ended at once",
                      "PostgreSQL stopped for a while"]
        until = time.monotonic() + self.minutes * 60
        while time.monotonic() < until:
            time.sleep(min(chance.uniform(2, 7), max(until - time.monotonic(), 0)))
            name = chance.choice(names)
            length = chance.uniform(0.2, 3)
            if self.server.process.poll() is not None:
                self.wronged("the server never ends by itself", f"code {self.server.process.returncode}")
                self.server.start()
            if name == "killed":
                self.server.kill()
                time.sleep(length / 3)
                self.server.start()
            elif name == "stopped for a while":
                self.server.process.send_signal(signal.SIGSTOP)
                time.sleep(length)
                self.server.process.send_signal(signal.SIGCONT)
            elif name == "connections cut":
                self.cluster.psql("select pg_terminate_backend(pid) from pg_stat_activity where application_name ="
                                  " 'redsteward'", "postgres")
            elif name == "PostgreSQL ended at once":
                self.cluster.stop()
                time.sleep(length / 3)
                self.cluster.start()
            else:
                pids = [int(one) for (one,) in (
                    line.split("|") for line in self.cluster.psql("select pid from pg_stat_activity where pid <>"
                                                                  " pg_backend_pid()", "postgres").splitlines())]
                for what in (signal.SIGSTOP, signal.SIGCONT):
                    for pid in [self.cluster.pid, *pids]:
                        try:
                            os.kill(pid, what)
                        except ProcessLookupError:
                            pass
                    time.sleep(length if what == signal.SIGSTOP else 0)
            self.count(self.faults, name)

    # ---------- the run ----------

    def run(self):
        self.say(f"seed {self.seed}, {self.minutes:g} minutes, {len(self.callers)} callers")
        began = time.monotonic()
        try:
            self.server.start()
            status, text = self.server.ask("/api/v1/me", "steward")
            self.steward = json.loads(text)["posts"][0]["id"]
            self.homes = {login: self.server.home(login) for login in REPORTERS}
            self.forms = {login: form_token(self.server.ask("/report", login)[1])
                          for login in REPORTERS}
            threads = [threading.Thread(target=caller.run, daemon=True) for caller in self.callers]
            for thread in threads:
                thread.start()
            self.disturb()
            self.going = False
            for thread in threads:
                thread.join(120)
                if thread.is_alive():
                    self.wronged("every caller comes to its end", "one hangs")
            self.judge()
            self.say(f"{sum(self.commands.values())} commands: "
                     + ", ".join(f"{name} {n}" for name, n in sorted(self.commands.items())))
            self.say(f"{sum(self.faults.values())} faults: "
                     + ", ".join(f"{name} {n}" for name, n in sorted(self.faults.items())))
            self.say("answers: " + ", ".join(f"{name} {n}" for name, n in sorted(self.answers.items())))
            self.say(f"seed {self.seed}: {self.acknowledged} acknowledged, {self.resolved} unknown outcomes resolved"
                     f" ({self.resolved_kept} had been kept), {self.repeats} keys repeated,"
                     f" {time.monotonic() - began:.0f} s")
        finally:
            self.server.kill()
            if self.cluster:
                self.cluster.remove()
            shutil.rmtree(self.folder, ignore_errors=True)
        return self

    def judge(self):
        cases = [case for caller in self.callers for case in caller.cases]
        rows = self.rows("select id, version, suspended, rated, round, body from cases_case where body like '%soak-%'")
        there, names = {}, {}
        for id, version, suspended, rated, turn, body in rows:
            there[text_id(int(id))] = (int(version), suspended in ("1", "t"), int(rated), int(turn), body)
            names.setdefault(body.split()[-1], []).append(id)
        self.none("every acknowledged report is there with its words",
                   [c.name for c in cases if there.get(c.id, (0, 0, 0, 0, ""))[4] != c.words])
        known = {case.name for case in cases} | {name for caller in self.callers for name in caller.open_names}
        self.none("no report is there twice or from nowhere",
                   [name for name, ids in names.items() if len(ids) > 1 or name not in known])
        differ = []
        for case in cases:
            status, text = self.server.ask(f"/api/v1/cases/{case.id}", "grid")
            if status != 200:
                differ.append(f"{case.name}: {status} {text[:80]}")
                continue
            now = json.loads(text)
            is_there = (now["status"], now["suspended"], now["score"], now["round"], now["version"], len(now["events"]))
            must_be = (case.status, case.suspended, case.score, case.round, case.version, case.events)
            if is_there != must_be:
                differ.append(f"{case.name} ({case.id}): is {is_there}, must be {must_be}")
        self.none("every case is in the state that was acknowledged", differ)
        seen = {}
        for (words,) in self.rows("select words from cases_event where words like '%step-%'"):
            mark = re.search(r"step-[0-9.-]+", words)[0]
            seen[mark] = seen.get(mark, 0) + 1
        for (words,) in self.rows("select body from cases_publication where body like '%step-%'"):
            mark = re.search(r"step-[0-9.-]+", words)[0]
            seen[mark] = seen.get(mark, 0) or 1
        kept = {mark: name for case in cases for mark, name in case.marks.items()}
        self.none("every acknowledged step is there", [f"{m} {n}" for m, n in kept.items() if not seen.get(m)])
        self.none("no step is there twice", [f"{m} {n}" for m, n in seen.items() if n > 1])
        self.none("nothing is there that was said not to be saved",
                   [m for case in cases for m in case.refused if m in seen])
        self.none("no step is there that nobody took",
                   [m for m in seen if m not in kept])
        ratings = {(text_id(int(id)), int(turn)): (int(score), words) for id, turn, score, words in self.rows(
            "select case_id, round, score, words from cases_rating where words like '%step-%'")}
        wanted = {(case.id, turn): value for case in cases for turn, value in case.ratings.items()}
        self.none("every rating is there once, as it was given",
                   [f"{k}: is {ratings.get(k)}, must be {wanted.get(k)}" for k in ratings.keys() | wanted.keys()
                    if ratings.get(k) != wanted.get(k)])
        order = self.rows("select case_id, id, at_ms from cases_event order by case_id, id")
        self.none("the steps of each case are in order of time",
                   [f"{a} then {b}" for a, b in zip(order, order[1:]) if a[0] == b[0] and int(b[2]) < int(a[2])])
        for group in ("no version ever runs backwards", "no answer was of an unexpected kind",
                      "a repeated key gives the same case", "a stale version is refused",
                      "the server never ends by itself", "every caller comes to its end"):
            self.none(group, self.wrong.get(group, []))
        good, words = self.server.verify()
        self.none("verify finds it sound", [] if good else [words])
        enough = self.acknowledged >= 30 * self.minutes and sum(self.faults.values()) >= 3 * self.minutes
        self.none("the run was worth its name", [] if enough else [f"{self.acknowledged}, {self.faults}"])


class Caller:
    """Drives cases of its own, one command after another, all chosen by its seed."""

    def __init__(self, soak, number):
        self.soak, self.number = soak, number
        self.random = random.Random(f"{soak.seed}-{soak.engine}-{number}")
        self.cases, self.live, self.open_names = [], [], set()
        self.steps = self.reports = 0

    def run(self):
        try:
            while self.soak.going:
                if len(self.live) < 4 or self.random.random() < 0.15:
                    self.report()
                elif self.random.random() < 0.05:
                    self.repeat()
                else:
                    self.act(self.random.choice(self.live))
                self.live = [case for case in self.live if case.status in CHOICES]
                if len(self.live) > 12:
                    self.live.pop(0)
        except Exception as error:  # noqa: BLE001
            self.soak.wronged("every caller comes to its end", repr(error))
            raise

    def ask(self, path, login, **options):
        status, text = self.soak.server.ask(path, login, timeout=30, **options)
        self.soak.count(self.soak.answers, str(status) if status else "none")
        return status, text

    @staticmethod
    def not_saved(status, text):
        return status == 503 and any(words in text for words in NOT_SAVED)

    # ---------- reports ----------

    def send(self, case):
        """(status, id) of one try."""
        if case.by_form:
            status, text = self.ask("/report", case.reporter, form={
                "_form": self.soak.forms[case.reporter], "key": case.name, "area": self.soak.homes[case.reporter],
                "what": case.words})
            return (201, text.rsplit("/", 1)[1], text) if status == 303 else (status, None, text)
        status, text = self.ask("/api/v1/cases", case.reporter, key=case.name, body={
            "area": self.soak.homes[case.reporter], "words": case.words})
        return (status, json.loads(text)["id"], text) if status in (200, 201) else (status, None, text)

    def report(self):
        soak = self.soak
        who = self.random.randrange(3)
        self.reports += 1
        name = f"soak-{soak.seed}-{self.number}-{self.reports}"
        case = Case(name, f"{self.random.choice(WORDS)} {name}", REPORTERS[who], NEIGHBOURS[who])
        case.by_form = self.random.random() < 0.3
        soak.count(soak.commands, "report")
        self.open_names.add(name)
        unsure = False
        until = time.monotonic() + 90
        while True:
            status, id, text = self.send(case)
            if id:
                break
            if status not in (0, 503):
                soak.wronged("no answer was of an unexpected kind", f"report {status} {text[:120]}")
                return
            unsure = unsure or not self.not_saved(status, text)
            if time.monotonic() > until:
                soak.wronged("every caller comes to its end", f"{name} found no answer in 90 s: {status} {text[:80]}")
                return
            time.sleep(0.2)
        with soak.lock:
            soak.acknowledged += 1
            if unsure:
                soak.resolved += 1
                soak.resolved_kept += status == 200
        case.id = id
        self.cases.append(case)
        self.live.append(case)

    def repeat(self):
        case = self.random.choice(self.cases)
        self.soak.count(self.soak.commands, "repeat")
        status, id, text = self.send(case)
        if id:
            with self.soak.lock:
                self.soak.repeats += 1
            if id != case.id:
                self.soak.wronged("a repeated key gives the same case", f"{case.name}: {id}, was {case.id}")
        elif status not in (0, 503):
            self.soak.wronged("no answer was of an unexpected kind", f"repeat {status} {text[:120]}")

    # ---------- steps ----------

    def look(self, case):
        """The case as it is, as soon as anybody answers."""
        until = time.monotonic() + 90
        while True:
            status, text = self.ask(f"/api/v1/cases/{case.id}", "grid")
            if status == 200:
                now = json.loads(text)
                if now["version"] < case.version:
                    self.soak.wronged("no version ever runs backwards",
                                      f"{case.name}: {now['version']} after {case.version}")
                return now
            if status not in (0, 503) or time.monotonic() > until:
                raise RuntimeError(f"{case.name} cannot be read: {status} {text[:120]}")
            time.sleep(0.2)

    def choose(self, case):
        table = dict(PAUSED if case.suspended else CHOICES[case.status])
        if case.joined:
            table.pop("join", None)
        if case.status == "fedBack":
            table.pop("rating" if case.score is not None else "strike-off", None)
        partner = next((other for other in self.live if other is not case and not other.suspended
                        and other.reporter == case.reporter
                        and other.status in ("reported", "triaged", "dispatched", "attended", "handled")), None)
        if partner is None:
            table.pop("merge", None)
        names = sorted(table)
        return self.random.choices(names, [table[name] for name in names])[0], partner

    def act(self, case):
        soak = self.soak
        name, partner = self.choose(case)
        self.steps += 1
        # Digits apart: what is published may not name a door, and 502 is one.
        mark = f"step-{soak.seed}-{self.number}-{'.'.join(str(self.steps))}"
        who, after = STEPS[name]
        login = {"reporter": case.reporter, "neighbour": case.neighbour}.get(who, who)
        score = self.random.randint(1, 5)
        stale = name not in ("join", "rating") and self.random.random() < 0.04
        with_version = stale or self.random.random() < 0.5
        by_form = name == "join" or name in ("rating", "withdrawal", "note", "reopening") and self.random.random() < 0.4
        soak.count(soak.commands, "stale version" if stale and not by_form else name)
        if name == "join":
            status, text = self.ask(f"/cases/{case.id}/join", login, form={"_form": soak.forms[login]})
        elif by_form:
            verb = {"rating": "rate", "withdrawal": "withdraw", "reopening": "reopen", "note": "note"}[name]
            status, text = self.ask(f"/my/cases/{case.id}", login, form={
                "_form": soak.forms[login], "do": verb, "score": score, "words": f"好 {mark}",
                "version": case.version})
        else:
            body = {"words": f"好 {mark}"}
            if with_version:
                body["version"] = case.version - (1 if stale else 0)
            body |= {"dispatch": {"post": soak.steward}, "rating": {"score": score},
                     "suspension": {"reason": "weather"},
                     "publication": {"title": "水管漏水", "place": "3 号楼"},
                     "merge": {"into": partner.id if partner else ""}}.get(name, {})
            status, text = self.ask(f"/api/v1/cases/{case.id}/{name}", login, body=body)
        if stale and not by_form:
            if status == 409:
                case.refused.add(mark)
                return
            if status in (200, 201):
                soak.wronged("a stale version is refused", f"{case.name} {name}: {status}")
        done = status in (200, 303)
        if not done and status not in (0, 503):
            soak.wronged("no answer was of an unexpected kind",
                         f"{case.name} {case.status} {name} by {login}: {status} {text[:160]}")
            case.status = "lost sight of"
            return
        now = self.look(case)
        kept = len(now["events"]) > case.events
        if not done:
            if self.not_saved(status, text):
                # Told that nothing was saved: then nothing may be there, now or at the end.
                case.refused.add(mark)
                if kept:
                    soak.wronged("no answer was of an unexpected kind", f"{name} was saved, and told as not saved")
                return
            with soak.lock:
                soak.resolved += 1
                soak.resolved_kept += kept
            if not kept:
                return
        elif not kept:
            soak.wronged("no version ever runs backwards", f"{case.name} {name}: acknowledged and not there")
            return
        if done:
            with soak.lock:
                soak.acknowledged += 1
        self.learn(case, name, after, mark, score, now, partner)

    def learn(self, case, name, after, mark, score, now, partner):
        case.events += 1
        # What was returned begins anew; what was fed back is given out anew.
        if name == "reopening" and case.status == "returned":
            after = "reported"
        case.status = after or case.status
        if name == "suspension":
            case.suspended = True
        elif name in ("resumption", "withdrawal"):
            case.suspended = False
        elif name == "join":
            case.joined = True
        elif name == "reopening":
            case.score, case.round = None, case.round + 1
        elif name == "rating":
            case.score = score
            case.ratings[case.round] = (score, f"好 {mark}")
        if name != "join":
            case.marks[mark] = name
        if (now["status"], now["suspended"], len(now["events"])) != (case.status, case.suspended, case.events):
            self.soak.wronged("no answer was of an unexpected kind",
                              f"{case.name} after {name}: {now['status']} {len(now['events'])} events, not"
                              f" {case.status} {case.events}")
        if now["version"] <= case.version:
            self.soak.wronged("no version ever runs backwards", f"{case.name} {name}: {now['version']}")
        case.version = now["version"]
        if name == "merge":
            # The other case hears of it; its steps are looked at rather than foretold.
            other = self.look(partner)
            # Whoever had joined this one is of that one now.
            partner.joined = partner.joined or case.joined
            partner.version, partner.events = other["version"], len(other["events"])


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--binary", required=True)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--minutes", type=float, default=5)
    arguments.add_argument("--engine", choices=("sqlite", "postgres"))
    given = arguments.parse_args()
    runs = [Soak(given.binary, given.seed, given.minutes, engine)
            for engine in ([given.engine] if given.engine else ["sqlite", "postgres"])]

    def go(run):
        try:
            run.run()
        except BaseException as error:  # noqa: BLE001
            run.check("the run comes to its end", False, repr(error))

    def work():
        threads = [threading.Thread(target=go, args=(run,)) for run in runs]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    # The callers end, every case is looked at, and the house is verified, within the minutes that are added.
    run(work, *runs, limit=given.minutes * 60 + 600)


if __name__ == "__main__":
    main()
