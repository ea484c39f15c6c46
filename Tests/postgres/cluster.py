#!/usr/bin/env python3
"""Starts a PostgreSQL of its own on a private socket and port, runs a command with its URL, and stops it again.

Usage: cluster.py [--var NAME] [--seconds N] COMMAND [WORD ...]
A command that has not ended after that many seconds (an hour) is ended. It finds the URL in REDSTEWARD_TEST_DATABASE
(or in NAME). The cluster forces its log to the device, as in service, and its default collation is not the one that the
house asks for, so that a forgotten word shows. It is stopped by its own process id. Exits with the command's code.
"""
import glob
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.parse
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from checks import free_port, supervise  # noqa: E402


class Cluster:
    """A cluster in a temporary directory. `url()` leads to its database; `pid` is its first process."""

    SETTINGS = {
        "fsync": "on", "synchronous_commit": "on", "max_connections": "300", "shared_buffers": "256MB",
        "max_wal_size": "4GB", "max_pred_locks_per_transaction": "256", "max_locks_per_transaction": "256",
    }

    def __init__(self, settings=None, listen=False):
        homes = sorted(glob.glob("/usr/lib/postgresql/*/bin"), key=lambda path: int(path.split("/")[4].split(".")[0]))
        if not homes:
            raise SystemExit("PostgreSQL is not installed")
        self.tools = homes[-1]
        self.root = os.geteuid() == 0
        self.folder = tempfile.mkdtemp(prefix="redsteward-pg-")
        self.data = f"{self.folder}/data"
        self.port = free_port()
        self.listen = listen
        self.settings = self.SETTINGS | (settings or {})
        self.process = None

    def run(self, *words, **options):
        """A command as the user that owns the cluster. One that has not ended after two minutes is an error."""
        options = {"timeout": 120} | options
        return subprocess.run(self.as_owner(words), capture_output=True, text=True, cwd="/tmp", **options)

    def as_owner(self, words):
        command = list(words)
        return ["runuser", "-u", "postgres", "--"] + command if self.root else command

    def make(self):
        if self.root:
            os.chown(self.folder, pwd.getpwnam("postgres").pw_uid, -1)
        made = self.run(f"{self.tools}/initdb", "-D", self.data, "-A", "trust", "-U", "postgres", "-E", "UTF8",
                        "--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=zh-CN")
        if made.returncode != 0:
            raise SystemExit(made.stderr)

    def start(self):
        words = [f"{self.tools}/postgres", "-D", self.data, "-p", str(self.port), "-k", self.folder,
                 "-c", "listen_addresses=" + ("127.0.0.1" if self.listen else "")]
        for name, value in self.settings.items():
            words += ["-c", f"{name}={value}"]
        log = open(f"{self.folder}/log", "a", encoding="utf-8")
        self.process = subprocess.Popen(self.as_owner(words), stdout=log, stderr=log, cwd="/tmp")
        for _ in range(300):
            if self.run(f"{self.tools}/pg_isready", "-q", "-h", self.folder, "-p", str(self.port)).returncode == 0:
                return
            if self.process.poll() is not None:
                break
            time.sleep(0.1)
        with open(f"{self.folder}/log", encoding="utf-8") as file:
            raise SystemExit("PostgreSQL did not start:\n" + file.read()[-2000:])

    @property
    def pid(self) -> int:
        with open(f"{self.data}/postmaster.pid", encoding="utf-8") as file:
            return int(file.readline())

    def stop(self):
        """At once; what was committed is kept."""
        if self.process is not None and self.process.poll() is None:
            try:
                os.kill(self.pid, signal.SIGQUIT)
            except (FileNotFoundError, ProcessLookupError):
                pass
            self.wake()
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.process = None

    def wake(self):
        """runuser stands still with a cluster that was stopped, and does not notice that it goes on."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)

    def remove(self):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, database="redsteward") -> str:
        host = "127.0.0.1" if self.listen else urllib.parse.quote(self.folder, safe="")
        return f"postgresql://postgres@{host}:{self.port}/{database}"

    def psql(self, text, database="redsteward") -> str:
        host = "127.0.0.1" if self.listen else self.folder
        done = self.run(f"{self.tools}/psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", host,
                        "-p", str(self.port), "-U", "postgres", "-d", database, input=text)
        if done.returncode != 0:
            raise RuntimeError(done.stderr)
        return done.stdout


def main() -> int:
    words = sys.argv[1:]
    variable, seconds = "REDSTEWARD_TEST_DATABASE", "3600"
    while words[:1] in (["--var"], ["--seconds"]) and len(words) > 1:
        if words[0] == "--var":
            variable = words[1]
        else:
            seconds = words[1]
        words = words[2:]
    if not words:
        print(__doc__, file=sys.stderr)
        return 64
    cluster = Cluster()
    # A stop by signal ends the cluster as well.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        cluster.make()
        cluster.start()
        cluster.psql("create database redsteward", "postgres")
        return supervise(words, float(seconds), env=os.environ | {variable: cluster.url()})
    finally:
        cluster.remove()


if __name__ == "__main__":
    sys.exit(main())
