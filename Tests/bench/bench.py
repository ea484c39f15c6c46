#!/usr/bin/env python3
"""Drives bin/bench: in-process rates first, then the server under load from wrk, in one run on one machine."""
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import pgbench  # noqa: E402

binary, data, seconds = sys.argv[1], sys.argv[2], int(sys.argv[3])
accounts = json.load(open(f"{data}/bench.json"))


def say(name, value, unit, limit="", ratio=""):
    print(f"{name:34} {value:>12} {unit:8} {limit:>14} {ratio:>8}", flush=True)


def inside():
    out = subprocess.run(
        [binary, "bench", "inside", "--data", data, "--seconds", str(seconds)], capture_output=True, text=True, check=True)
    return {line.split()[0]: float(line.split()[1]) for line in out.stdout.splitlines() if len(line.split()) == 2}


def serve():
    started = time.monotonic()
    process = subprocess.Popen(
        [binary, "serve", "--data", data, "--port", "0"], stdout=subprocess.PIPE, text=True)
    line = process.stdout.readline()
    port = int(re.search(r":(\d+)\s*$", line).group(1))
    urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz").read()
    return process, port, (time.monotonic() - started) * 1000


def load(port, callers, path, token, script=None):
    """Rate and p99 of `seconds` after one second that is not counted: connections open and plans are made in it."""
    def run(duration):
        command = ["wrk", "-t1", f"-c{callers}", f"-d{duration}s", "--latency", "-H", f"Authorization: Bearer {token}"]
        if script:
            command += ["-s", script]
        address = f"http://127.0.0.1:{port}{path}"
        return subprocess.run(command + [address], capture_output=True, text=True, check=True).stdout

    run(1)
    out = run(seconds)
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", out).group(1))
    p99 = re.search(r"99%\s+([\d.]+)(us|ms|s)", out)
    ms = float(p99.group(1)) * {"us": 0.001, "ms": 1, "s": 1000}[p99.group(2)]
    if "Non-2xx" in out:
        print(out)
    return rate, ms


def main():
    print(f"{'name':34} {'value':>12} {'unit':8} {'limit':>14} {'ratio':>8}")
    base = inside()
    # What that left for the disk is written now, not while the server is measured.
    os.sync()
    process, port, first = serve()
    try:
        say("start to first answer", f"{first:.0f}", "ms", "< 200")
        time.sleep(3)
        with open(f"/proc/{process.pid}/status") as file:
            rss = int(re.search(r"VmRSS:\s+(\d+)", file.read()).group(1)) / 1024
        say("resident memory, idle", f"{rss:.0f}", "MiB", "< 150")
        for name in ["estate", "street", "district"]:
            for category in ["", accounts["category"]]:
                key = f"desk-{name}" + ("-category" if category else "")
                path = "/desk" + (f"?category={category}" if category else "")
                rate, p99 = load(port, 32, path, accounts["tokens"][name])
                say(key, f"{rate:.0f}", "/s", f"{base[key] * 0.5:.0f}", f"{rate / base[key]:.2f}")
                say(key + " p99", f"{p99:.1f}", "ms", "< 20")
        rate, p99 = load(port, 8, "/desk", accounts["tokens"]["estate"])
        say("list of 50, 8 callers", f"{rate:.0f}", "/s")
        say("list over Request Tracker (33/s)", f"{rate / 33:.0f}", "times", "> 100")
        say("list over django-helpdesk (3.8/s)", f"{rate / 3.8:.0f}", "times", "> 100")
        # The numbers of many estates, each as a page: the screen, the wall, the morning page.
        for name in ["street", "district"]:
            for key, path in [("screen", "/desk/screen"), ("wall", "/desk/screen?big=1"), ("morning", "/desk/morning")]:
                rate, p99 = load(port, 32, path, accounts["tokens"][name])
                say(f"{key}-{name}", f"{rate:.0f}", "/s")
                say(f"{key}-{name} p99", f"{p99:.1f}", "ms", "< 20")
        for key, path, token in [
            ("case", f"/desk/cases/{accounts['caseID']}", "estate"), ("home", "/home", "resident")]:
            rate, p99 = load(port, 32, path, accounts["tokens"][token])
            say(key, f"{rate:.0f}", "/s", f"{base[key] * 0.5:.0f}", f"{rate / base[key]:.2f}")
            say(key + " p99", f"{p99:.1f}", "ms", "< 20")
        with tempfile.NamedTemporaryFile("w", suffix=".lua", delete=False) as lua:
            lua.write(
                'local n = 0\nlocal t = tostring(os.time()) .. tostring({}):sub(8)\n'
                'request = function()\n  n = n + 1\n'
                '  wrk.headers["Content-Type"] = "application/json"\n'
                '  wrk.headers["Idempotency-Key"] = t .. "-" .. n\n'
                f'  return wrk.format("POST", nil, nil, \'{{"area":"{accounts["home"]}","words":"厨房水管漏水"}}\')\nend\n')
        rate, p99 = load(port, 64, "/api/v1/cases", accounts["tokens"]["resident"], lua.name)
        os.unlink(lua.name)
        say("report, durable, 64 callers", f"{rate:.0f}", "/s", f"{base['report'] * 0.7:.0f}", f"{rate / base['report']:.2f}")
        say("report p99", f"{p99:.1f}", "ms")
        reported = rate
        say("report over Request Tracker (5.6/s)", f"{rate / 5.6:.0f}", "times", "> 100")
        say("report over django-helpdesk (39/s)", f"{rate / 39:.0f}", "times", "> 100")
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}/desk", headers={"Authorization": f"Bearer {accounts['tokens']['estate']}"})
        page = urllib.request.urlopen(request).read()
        sheet = re.search(rb'href="(/assets/[a-z]+.css[^"]*)"', page).group(1).decode()
        css = urllib.request.urlopen(f"http://127.0.0.1:{port}{sheet}").read()
        say("desk page of 50 rows with its CSS", f"{(len(page) + len(css)) / 1000:.1f}", "KB", "< 60")
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)
    if os.environ.get("REDSTEWARD_DATABASE", "").startswith("postgres"):
        for callers in [64, 8, 1]:
            rate, statements = pgbench.measure(data, serve, accounts, seconds, callers)
            say(f"pgbench, {statements} statements, {callers} callers", f"{rate:.0f}", "/s")
            say(f"report over pgbench, {callers} callers", f"{reported / rate:.2f}", "times", "> 0.5" if callers == 64 else "")


main()
