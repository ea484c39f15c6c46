#!/usr/bin/env python3
"""Cuts the power of a writing database and asks for every write that it acknowledged.

    powercut.py <durability-writer> [--cuts N] [--kills N] [--tries N] [--seed N]

A power cut is `kill -9` with everything that was not synced thrown away (syncshim.c). With synchronous FULL no
acknowledged write may be missing. With NORMAL and with OFF the test has to see a loss, or it could not see one.
Python's standard library only; needs `cc`.
"""
import argparse
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
CALLERS = 32


class Writer:
    """A run of the writer that is killed at a moment of chance, counted from its first acknowledged write."""

    def __init__(self, program, database, mode, first, environment):
        self.acknowledged = []
        self.process = subprocess.Popen(
            [program, "write", str(database), mode, str(CALLERS), str(first)],
            stdout=subprocess.PIPE, env=environment)
        self.begun = threading.Event()
        self.reader = threading.Thread(target=self.read)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            if line.endswith(b"\n"):
                self.acknowledged.append(int(line))
                self.begun.set()
        self.begun.set()

    def kill_after(self, seconds):
        if not self.begun.wait(60):
            raise RuntimeError("the writer acknowledged nothing for a minute")
        time.sleep(seconds)
        if self.process.poll() is not None:
            raise RuntimeError(f"the writer ended by itself with {self.process.returncode}")
        self.process.kill()
        self.process.wait()
        self.reader.join()
        return self.acknowledged


def cut_power(folder):
    """Leaves in the folder only what was synced."""
    for path in folder.iterdir():
        if path.suffix == ".durable":
            continue
        shadow = path.with_name(path.name + ".durable")
        if shadow.exists():
            shutil.copyfile(shadow, path)
        else:
            path.unlink()


def lost(database, acknowledged, copy):
    """The acknowledged ids that are not in the file. Looks at a copy: the next run of the writer itself recovers the
    file, and nothing but the writer changes what is durable. Damage is an error."""
    if not database.exists():
        return set(acknowledged)
    for suffix in ("", "-wal"):
        source = database.with_name(database.name + suffix)
        if source.exists():
            shutil.copyfile(source, copy / source.name)
    connection = sqlite3.connect(copy / database.name)
    try:
        check = connection.execute("pragma integrity_check").fetchone()[0]
        if check != "ok":
            raise RuntimeError("integrity_check: " + check.splitlines()[0])
        kept = {row[0] for row in connection.execute("select id from durability_row")}
    except sqlite3.OperationalError as error:
        if "no such table" not in str(error):
            raise
        kept = set()
    finally:
        connection.close()
    return set(acknowledged) - kept


def series(program, mode, rounds, chance, shim=None):
    """Writes and kills again and again on one database. Returns (rounds, writes acknowledged, writes lost)."""
    folder = Path(tempfile.mkdtemp(prefix="redsteward-durability-"))
    database = folder / "data.sqlite"
    environment = dict(os.environ)
    if shim:
        environment.update(LD_PRELOAD=str(shim), SYNCSHIM_DIR=str(folder) + "/")
    acknowledged, missing, done = [], set(), 0
    try:
        for done in range(1, rounds + 1):
            writer = Writer(program, database, mode, done * 100_000_000, environment)
            acknowledged += writer.kill_after(chance.uniform(0.0, 0.4))
            if shim:
                cut_power(folder)
            try:
                with tempfile.TemporaryDirectory() as copy:
                    missing |= lost(database, acknowledged, Path(copy))
            except (RuntimeError, sqlite3.DatabaseError) as error:
                print(f"  {mode}: damaged after round {done}: {error}")
                missing |= set(acknowledged)
            if missing:
                break
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return done, len(acknowledged), len(missing)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--cuts", type=int, default=30, help="power cuts with FULL")
    parser.add_argument("--kills", type=int, default=50, help="plain kills with FULL")
    parser.add_argument("--tries", type=int, default=5, help="power cuts within which a loss has to be seen")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    tests = [
        ("FULL keeps every acknowledged write through power cuts", "full", options.cuts, True, False),
        ("NORMAL is seen to lose writes at a power cut", "normal", options.tries, True, True),
        ("OFF is seen to lose writes at a power cut", "off", options.tries, True, True),
        ("FULL keeps every acknowledged write through plain kills", "full", options.kills, False, False),
    ]
    passed = 0
    with tempfile.TemporaryDirectory() as folder:
        shim = Path(folder) / "syncshim.so"
        subprocess.run(
            ["cc", "-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o", shim, HERE / "syncshim.c",
             "-ldl", "-lpthread"], check=True)
        for name, mode, rounds, cut, expects_loss in tests:
            done, acknowledged, missing = series(options.program, mode, rounds, chance, shim if cut else None)
            good = acknowledged > 0 and (missing > 0) == expects_loss and (expects_loss or done == rounds)
            passed += good
            print(f"{'ok' if good else 'FAILED'}: {name} ({done} rounds, {acknowledged} acknowledged, {missing} lost)",
                  flush=True)
    print(f"{passed} passed, {len(tests) - passed} failed")
    return 0 if passed == len(tests) else 1


if __name__ == "__main__":
    sys.exit(main())
