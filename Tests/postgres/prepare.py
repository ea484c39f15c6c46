#!/usr/bin/env python3
"""Starts a PostgreSQL of its own on a private socket and port, runs every migration on it, and PREPAREs every statement
that the tests executed on SQLite.

Usage: prepare.py LOG [LOG ...] - each LOG holds one JSON string a line; LOG.schema.sql holds the schema it needs.
Also finds orders by a column that may be NULL: the engines put NULL at different ends, so the statement has to say
where, or to leave NULL out. Prints what PostgreSQL refuses, and ends with `N passed, N failed`.
"""
import json
import os
import re
import sys
from pathlib import Path

from cluster import Cluster  # the path of checks.py comes with it
from checks import Checks, at_end, run


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


def prepare(cluster, tally, name, log):
    """Runs the schema of a log in a database of its own, and PREPAREs every statement of the log."""
    psql = [f"{cluster.tools}/psql", "-X", "-q", "-h", cluster.folder, "-p", str(cluster.port), "-U", "postgres", "-d"]
    cluster.psql(f"create database {name}", "postgres")
    schema = Path(log + ".schema.sql").read_text(encoding="utf-8")
    made = cluster.run(*psql, name, "-v", "ON_ERROR_STOP=1", input=schema)
    if made.returncode != 0:
        print(f"schema of {os.path.basename(log)}: {made.stderr.strip()}")
        tally.failed += 1
        return
    tally.passed += 1
    with open(log, encoding="utf-8") as file:
        # A measuring command makes a table for one transaction, which no schema has.
        statements = sorted(
            text for text in {json.loads(line) for line in file if line.strip()} if not re.search(r"\bbench_", text))
    if not statements:
        print(f"{os.path.basename(log)}: no statement was recorded")
        tally.failed += 1
        return
    rows = cluster.psql(
        "select table_name, column_name from information_schema.columns"
        " where table_schema = 'public' and is_nullable = 'YES'"
        # The storage tests' own tables are no part of the house.
        " and table_name not like 'test\\_%'", name)
    nullable = {tuple(row.split("|")) for row in rows.split()}
    if not nullable:
        print("no column may be NULL: the schema was not read")
        tally.failed += 1
    for column, text in null_orders(statements, nullable):
        print(f"orders by {column}, which may be NULL: {text}")
        tally.failed += 1
    script = "".join(f"\\echo #{index}\nprepare s{index} as {text};\n" for index, text in enumerate(statements))
    result = cluster.run(*psql, name, input=script)
    bad = len(re.findall(r"ERROR:", result.stderr))
    for match in re.finditer(r"<stdin>:(\d+): ERROR: .*|ERROR: .*|LINE \d+: .*", result.stderr):
        print(match.group(0))
    if f"#{len(statements) - 1}" not in result.stdout.split():
        print(f"{os.path.basename(log)}: psql did not come to the end: {result.stderr[-300:]}")
        bad = max(bad, 1)
    tally.passed += len(statements) - bad
    tally.failed += bad


def main():
    tally, cluster = Checks(), Cluster({"fsync": "off"})
    at_end(cluster.remove)

    def work():
        cluster.make()
        cluster.start()
        for number, log in enumerate(sys.argv[1:]):
            prepare(cluster, tally, f"db{number}", log)

    run(work, tally, limit=240)


if __name__ == "__main__":
    main()
