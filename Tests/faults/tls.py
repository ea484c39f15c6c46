#!/usr/bin/env python3
"""PostgreSQL over TLS: `sslmode=verify-full` with an authority of one's own, and everything that it must refuse.

    tls.py --binary .build/debug/redsteward

Python's standard library, Debian's postgresql and openssl. Ends with `N passed, M failed`.
"""
import argparse
import os
import pwd
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from certificates import Authority
from postgres import Faults
from serving import Server  # the paths of cluster.py and checks.py come with it
from checks import run
from cluster import Cluster


class TLS(Faults):
    def url(self, more, host="localhost"):
        return (f"postgresql://postgres@{host}:{self.cluster.port}/redsteward?hostaddr=127.0.0.1&" + more
                if host else "")

    def command(self, url, word="verify", *more):
        began = time.monotonic()
        done = subprocess.run([self.binary, word, "--data", str(self.house), "--database", url, *more],
                              capture_output=True, text=True, timeout=60)
        return done.returncode, (done.stdout + done.stderr).strip(), time.monotonic() - began

    def all(self):
        ours, other = Authority(self.folder, "ours"), Authority(self.folder, "other")
        certificate, key = ours.certificate("localhost")
        self.house = self.folder / "house"
        self.cluster = cluster = Cluster({"shared_buffers": "64MB"}, listen=True)
        cluster.make()
        for path, name in ((certificate, "server.crt"), (key, "server.key")):
            shutil.copy(path, Path(cluster.data) / name)
            os.chmod(Path(cluster.data) / name, 0o600)
            if cluster.root:
                os.chown(Path(cluster.data) / name, pwd.getpwnam("postgres").pw_uid, -1)
        # Whoever comes by network without TLS is turned away, except the tests themselves by their socket.
        (Path(cluster.data) / "pg_hba.conf").write_text("local all all trust\nhostssl all all 127.0.0.1/32 trust\n",
                                                        encoding="ascii")
        cluster.settings |= {"ssl": "on"}
        cluster.start()
        cluster.listen = False
        cluster.psql("create database redsteward", "postgres")
        full = f"sslmode=verify-full&sslrootcert={ours.path}"

        code, text, _ = self.command(self.url(full), "setup", "--area", "城关区", "--organisation", "区住建局",
                                     "--name", "王主任")
        self.check("a house is made over TLS", code == 0 and "password" in text, text)
        server = self.server = Server(self.binary, self.house, self.url(full)).start(verb="serve")
        versions = cluster.psql("select s.version from pg_stat_ssl s join pg_stat_activity a using (pid)"
                                " where a.application_name = 'redsteward'").split()
        plain = cluster.psql("select count(*) from pg_stat_ssl s join pg_stat_activity a using (pid)"
                             " where a.application_name = 'redsteward' and not s.ssl").strip()
        self.check("a server whose certificate is right is used, every connection over TLS",
                   versions and set(versions) <= {"TLSv1.3", "TLSv1.2"} and plain == "0", f"{versions} {plain}")
        self.check("pages are served over it", server.ask("/ledger")[0] == 200)
        print(f"#   {len(versions)} connections, {' '.join(sorted(set(versions)))}", flush=True)
        self.sound()

        refused = (
            ("a server of another name", self.url(full, host="db.example"), "certificate is for another name"),
            ("an unknown authority", self.url(f"sslmode=verify-full&sslrootcert={other.path}"),
             "not signed by an authority of sslrootcert"),
            ("an authority's file that is not there", self.url("sslmode=verify-full&sslrootcert=/nowhere/ca.crt"),
             "/nowhere/ca.crt"),
            ("a connection without TLS", self.url("sslmode=disable"), "no encryption"),
        )
        for name, url, words in refused:
            code, text, took = self.command(url)
            self.check(f"{name} is refused at once and in words",
                       code != 0 and words in text and "cannot be reached" in text and took < 5 and "Fatal" not in text,
                       f"{code} {took:.1f} s {text}")
            print(f"#   {text.splitlines()[0] if text else ''}", flush=True)

        # The same with a server that offers no TLS.
        self.server.stop()
        cluster.stop()
        cluster.settings |= {"ssl": "off"}
        (Path(cluster.data) / "pg_hba.conf").write_text("local all all trust\nhost all all 127.0.0.1/32 trust\n",
                                                        encoding="ascii")
        cluster.listen = True
        cluster.start()
        code, text, took = self.command(self.url(full))
        self.check("a server without TLS is refused at once and in words",
                   code != 0 and "offers no TLS" in text and took < 5, f"{code} {text}")
        code, text, took = self.command(self.url(full), "serve", "--port", "0")
        self.check("and nothing is served from it", code != 0 and "offers no TLS" in text, f"{code} {text}")


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--binary", required=True)
    tls = TLS(arguments.parse_args().binary)

    def work():
        try:
            tls.part("PostgreSQL over TLS", tls.all)
        finally:
            tls.end()

    run(work, tls, limit=250)


if __name__ == "__main__":
    main()
