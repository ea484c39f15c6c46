"""What PostgreSQL does by itself: pgbench runs the statements of one report, with the same durability.

The server is told to log what it hears while two reports come in. What differs between the two becomes a variable that
rises with each transaction, as our ids do; the rest stays as it is, so both count in the same estate.
"""
import glob
import json
import os
import re
import subprocess
import tempfile
import time
import urllib.parse
import urllib.request

# How the transactions of a report begin; all others are background work.
OURS = (
    "select person_id, post_id, expires_ms from directory_token", "select a.id, a.parent_id",
    "select case_id, digest from cases_key")


def entries(text):
    """(process, statement, values) of a log, statements of several lines put together."""
    found = []
    for line in text.split("\n"):
        head = re.match(r"\S+ \S+ \S+ \[(\d+)\] (\w+):  (.*)", line)
        if not head:
            if found and line.startswith("\t"):
                found[-1][-1] += "\n" + line[1:]
            continue
        process, kind, words = head.groups()
        found.append([process, kind, words])
    result = []
    for process, kind, words in found:
        if kind == "LOG" and re.match(r"statement: |execute \S+: ", words):
            result.append([process, re.sub(r"^(statement|execute \S+): ", "", words), []])
        elif kind == "DETAIL" and words.startswith("parameters: "):
            values = re.findall(r"\$\d+ = (NULL|'(?:[^']|'')*')", words)
            owner = next((one for one in reversed(result) if one[0] == process), None)
            if owner:
                owner[2] = values
    return result


def transactions(text):
    """Each transaction of a report: its statements with their values."""
    open_ones, found = {}, []
    for process, words, values in entries(text):
        if words.startswith("begin"):
            open_ones[process] = [(words, [])]
        elif words == "commit" and process in open_ones:
            done = open_ones.pop(process)
            if len(done) > 1 and done[1][0].startswith(OURS):
                found.append(done)
        elif process in open_ones:
            open_ones[process].append((words, values))
    return found


def script(first, second):
    """The pgbench script that does what both did."""
    names, lines, body = {}, ["\\set n :n + 1"], []

    def value(a, b):
        if a == b or not re.fullmatch(r"'\d{17,19}'", a):
            # Keys are texts that must be new each time; times and digests may stay.
            return a if a == b or not a.startswith("'bench") else "'bench' || :base || '-' || :client_id || '-' || :n"
        if a not in names:
            names[a] = f"id{len(names)}"
            lines.append(f"\\set {names[a]} :base + (:n * 128 + :client_id) * 16 + {len(names) - 1}")
        return ":" + names[a]

    for left, right in zip(first, second):
        for (words, ours), (others, theirs) in zip(left, right):
            assert words == others, (words, others)
            for place in range(len(ours), 0, -1):
                words = words.replace(f"${place}", value(ours[place - 1], theirs[place - 1]))
            body.append(re.sub(r"\s+", " ", words) + ";")
        body.append("commit;")
    return "\n".join(lines + body) + "\n"


def measure(data, serve, accounts, seconds, callers):
    """Reports a second of pgbench with so many connections, and how many statements a report has."""
    home, token = accounts["home"], accounts["tokens"]["resident"]
    url = os.environ["REDSTEWARD_DATABASE"]
    folder = urllib.parse.unquote(urllib.parse.urlsplit(url).netloc.split("@")[1].rsplit(":", 1)[0])
    os.environ["REDSTEWARD_DATABASE"] = url + "?options=-c%20log_statement%3Dall"
    process, port, _ = serve()
    heard = []
    try:
        # The first ones prepare statements and make the counters of the day.
        for number in range(40):
            start = os.path.getsize(folder + "/log")
            request = urllib.request.Request(
                f"http://127.0.0.1:{port}/api/v1/cases", method="POST",
                data=json.dumps({"area": home, "words": "厨房水管漏水"}).encode(),
                headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json",
                         "Idempotency-Key": f"bench{time.time_ns()}"})
            urllib.request.urlopen(request).read()
            time.sleep(0.3 if number > 30 else 0)
            with open(folder + "/log", encoding="utf-8", errors="replace") as log:
                log.seek(start)
                heard.append(transactions(log.read()))
    finally:
        process.terminate()
        process.wait(20)
        os.environ["REDSTEWARD_DATABASE"] = url
    whole = [one for one in heard if any("insert into cases_case" in words for part in one for words, _ in part)]
    first, second = whole[-2:]
    if [[w for w, _ in part] for part in first] != [[w for w, _ in part] for part in second]:
        raise SystemExit("two reports ran different statements")
    port, name = urllib.parse.urlsplit(url).port, urllib.parse.urlsplit(url).path.lstrip("/")
    with tempfile.TemporaryDirectory() as place:
        path = place + "/report.sql"
        with open(path, "w", encoding="utf-8") as file:
            file.write(script(first, second))
        tool = sorted(glob.glob("/usr/lib/postgresql/*/bin/pgbench"))[-1]
        base = 4_000_000_000_000_000_000 + time.time_ns() // 1000 % 10**12 * 10**5
        # Plans for any value, as on our connections.
        out = subprocess.run(
            [tool, "-n", "-M", "prepared", "-c", str(callers), "-j", "2", "-T", str(seconds), "--max-tries=1000",
             "-D", "n=0", "-D", f"base={base}", "-f", path, "-h", folder, "-p", str(port), "-U", "postgres", name],
            capture_output=True, text=True, env=dict(os.environ, PGOPTIONS="-c plan_cache_mode=force_generic_plan"))
    found = re.search(r"^tps = ([\d.]+)", out.stdout, re.M)
    if out.returncode != 0 or not found:
        raise SystemExit("pgbench: " + out.stdout + out.stderr)
    return float(found.group(1)), sum(len(part) + 1 for part in first)
