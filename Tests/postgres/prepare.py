#!/usr/bin/env python3
"""Starts a PostgreSQL of its own on a private socket and port, runs every migration on it, and PREPAREs every statement
that the tests executed on SQLite.

Usage: prepare.py LOG [LOG ...] - each LOG holds one JSON string a line; LOG.schema.sql holds the schema it needs.
Also finds orders by a column that may be NULL: the engines put NULL at different ends, so the statement has to say where,
or to leave NULL out. Prints what PostgreSQL refuses, and ends with `N passed, N failed`.
"""
import glob
import json
import os
import pwd
import re
import shutil
import socket
import subprocess
import sys
import tempfile


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def null_orders(statements, nullable):
    """Statements that order by a column that may be NULL without a word about it."""
    found = []
    for text in statements:
        flat = re.sub(r"\s+", " ", text)
        tables = {(alias or table): table for table, alias in re.findall(
            r"(?:from|join) ([a-z_]+)(?: (?!on\b|where\b|order\b|limit\b|group\b|join\b|set\b|left\b)([a-z]+))?", flat)}
        for order in re.findall(r"order by (.+?)(?= limit| for update| on conflict|\)|$)", flat):
            for item in order.split(","):
                name = re.fullmatch(r"(?:([a-z_]+)\.)?([a-z_]+)(?: (?:asc|desc))?", item.strip())
                if not name:
                    continue
                among = [tables[name[1]]] if name[1] in tables else tables.values()
                column = name[2]
                left_out = re.search(rf"\b{column} (is not null|=|<|>|<=|>=|between)", flat)
                if any((table, column) in nullable for table in among) and not left_out:
                    found.append((column, flat))
    return found


def main() -> int:
    homes = sorted(glob.glob("/usr/lib/postgresql/*/bin"))
    if not homes:
        print("PostgreSQL is not installed")
        print("0 passed, 1 failed")
        return 1
    tools = homes[-1]
    root = os.geteuid() == 0
    folder = tempfile.mkdtemp(prefix="redsteward-pg-")
    port = str(free_port())
    passed = failed = 0

    def run(*words: str, **options):
        command = list(words)
        if root:
            command = ["runuser", "-u", "postgres", "--"] + command
        return subprocess.run(command, capture_output=True, text=True, cwd="/tmp", **options)

    try:
        if root:
            os.chown(folder, pwd.getpwnam("postgres").pw_uid, -1)
        data = f"{folder}/data"
        made = run(f"{tools}/initdb", "-D", data, "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C")
        if made.returncode != 0:
            print(made.stderr)
            print("0 passed, 1 failed")
            return 1
        options = f"-p {port} -k {folder} -c listen_addresses= -c fsync=off"
        started = run(f"{tools}/pg_ctl", "-D", data, "-w", "-o", options, "-l", f"{folder}/log", "start")
        if started.returncode != 0:
            print(started.stdout, started.stderr)
            print("0 passed, 1 failed")
            return 1
        try:
            for number, log in enumerate(sys.argv[1:]):
                name = f"db{number}"
                psql = [f"{tools}/psql", "-X", "-q", "-h", folder, "-p", port, "-U", "postgres", "-d"]
                run(*psql, "postgres", "-c", f"create database {name}")
                with open(log + ".schema.sql", encoding="utf-8") as file:
                    schema = file.read()
                result = run(*psql, name, "-v", "ON_ERROR_STOP=1", input=schema)
                if result.returncode != 0:
                    print(f"schema of {os.path.basename(log)}: {result.stderr.strip()}")
                    failed += 1
                    continue
                passed += 1
                with open(log, encoding="utf-8") as file:
                    statements = sorted({json.loads(line) for line in file if line.strip()})
                if not statements:
                    print(f"{os.path.basename(log)}: no statement was recorded")
                    failed += 1
                    continue
                rows = run(*psql, name, "-A", "-t", "-c",
                           "select table_name, column_name from information_schema.columns"
                           " where table_schema = 'public' and is_nullable = 'YES'"
                           # The storage tests' own tables are no part of the house.
                           " and table_name not like 'test\\_%'").stdout
                nullable = {tuple(row.split("|")) for row in rows.split()}
                if not nullable:
                    print("no column may be NULL: the schema was not read")
                    failed += 1
                for column, text in null_orders(statements, nullable):
                    print(f"orders by {column}, which may be NULL: {text}")
                    failed += 1
                script = "".join(
                    f"\\echo #{index}\nprepare s{index} as {text};\n" for index, text in enumerate(statements))
                result = run(*psql, name, input=script)
                bad = len(re.findall(r"ERROR:", result.stderr))
                for match in re.finditer(r"<stdin>:(\d+): ERROR: .*|ERROR: .*|LINE \d+: .*", result.stderr):
                    print(match.group(0))
                passed += len(statements) - bad
                failed += bad
        finally:
            run(f"{tools}/pg_ctl", "-D", data, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{passed} passed, {failed} failed")
    return 0 if failed == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
