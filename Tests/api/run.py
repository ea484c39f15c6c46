#!/usr/bin/env python3
"""The API against its own document: schemathesis over a served demo house, signed in as four roles.

    .build/api-venv/bin/python Tests/api/run.py --binary .build/debug/redsteward

Every operation is asked with values that the document allows and with values that it does not; the answers must be of a
status, a content type and a shape that the document names, never a server's error, and never given to somebody who is not
signed in. Ends with `N passed, N failed`, counting operations of each role.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "faults"))
from serving import Server  # noqa: E402

ROLES = ("resident", "desk", "grid", "administrator")
CHECKS = ("not_a_server_error", "status_code_conformance", "content_type_conformance",
          "response_schema_conformance", "ignored_auth", "unsupported_method")


def ids(server, role):
    """What the role may name, and a little that it may not."""
    def ask(path, who=role):
        status, text = server.ask("/api/v1/" + path, who)
        return json.loads(text) if status == 200 else {"items": []}

    def listed(path, name="id", who=role):
        return [one[name] for one in ask(path, who)["items"]]

    estates = listed("estates")
    home = server.me("resident")["homes"][0]
    desk = listed("cases?limit=40", who="desk")
    mine = listed("me/cases", who="resident")
    cases = desk + mine
    if role == "resident":
        # Enough of one's own, beside those of others.
        made = [server.ask("/api/v1/cases", role, {"area": home["unit"], "words": f"漏水 {n}"})[1] for n in range(12)]
        cases = [json.loads(text)["id"] for text in made] + mine + desk[:2]
    photos = [p["id"] for c in cases[:20] for p in ask(f"cases/{c}").get("photos", [])]
    bodies = listed("organisations")
    posts = [i for b in bodies for i in listed(f"organisations/{b}/posts")]
    colleagues = ask(f"cases/{desk[0]}/choices", "desk").get("colleagues", [])
    buildings = listed(f"places/{estates[0]}/children")
    waiting = listed("homes", who="desk")
    rooms = ("appointments", "bodies", "contracts", "counters", "links", "notices", "selections", "vehicles", "zones")
    # By a role that sees them: some of them are missing for others, which is an answer too.
    server.ask("/api/v1/vehicles", "desk", {"plate": "赣B12345", "unit": home["unit"]})
    server.ask("/api/v1/counters", "grid", {"area": estates[0], "name": "窗口", "place": "东门", "hours": "全天"})
    governed = {f"/api/v1/{room}/": listed(room, who="grid") for room in rooms}
    own = {f"/api/v1/my/{room}/": listed(f"my/{room}", who="resident")
           for room in ("duties", "links", "selections", "vehicles")}
    stewards = listed("stewards", "person", who="grid")
    return {
        "paths": {
            "/api/v1/cases/": cases, "/api/v1/ledger/": estates, "/api/v1/statistics/": estates,
            "/api/v1/rosters/": estates, "/api/v1/places/": estates + buildings[:2],
            "/api/v1/areas/": estates + buildings + [home["unit"]], "/api/v1/organisations/": bodies,
            "/api/v1/homes/": waiting, "/api/v1/photos/": photos, **governed, **own,
            "/api/v1/who/": listed("who", "area", who="grid") + estates, "/api/v1/stewards/": stewards,
        },
        "names": {
            "year": [2025, 2026], "post": [c["post"] for c in colleagues] + posts[-2:], "area": [home["unit"], *estates],
            "unit": [home["unit"]], "person": [c["person"] for c in colleagues], "into": desk[:3],
            "category": listed("categories")[:4], "estate": estates, "about": bodies[:2], "code": ["23456-23456"],
            "organisation": bodies[:4], "company": bodies[:4], "superior": stewards, "version": [0, 1, 2],
        },
    }


def run(st, server, role, examples, budget, seed, out):
    """Runs one role. Returns how it ended, its report and the seconds it took."""
    began = time.monotonic()
    report = out / f"{role}.json"
    named = out / f"{role}.ids.json"
    named.write_text(json.dumps(ids(server, role)), encoding="utf-8")
    environment = os.environ | {
        "SCHEMATHESIS_HOOKS": "hooks", "PYTHONPATH": str(Path(__file__).resolve().parent),
        "REDSTEWARD_API_IDS": str(named), "REDSTEWARD_API_SEED": str(seed)}
    done = subprocess.run(
        [st, "run", server.base + "/api/v1/openapi.json", "--header", f"Authorization: Bearer {server.token[role]}",
         "--checks", ",".join(CHECKS), "--seed", str(seed), "--max-examples", str(examples),
         "--phases", "examples,coverage,fuzzing", "--workers", "1", "--max-time", str(budget),
         "--continue-on-failure", "--no-shrink", "--request-timeout", "30", "--suppress-health-check", "all",
         "--generation-database", "none", "--warnings", "off", "--no-color",
         "--report", "json", "--report-json-path", str(report)],
        cwd=out, env=environment, capture_output=True, text=True, timeout=budget + 400)
    (out / f"{role}.log").write_text(done.stdout + done.stderr, encoding="utf-8")
    return done, report, time.monotonic() - began


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--examples", type=int, default=6)
    parser.add_argument("--budget", type=int, default=45, help="seconds for each role, of the fuzzing")
    parser.add_argument("--roles", default=",".join(ROLES))
    parser.add_argument("--keep", help="a folder for the logs and reports")
    options = parser.parse_args()
    st = str(Path(sys.executable).with_name("st"))
    passed = failed = 0
    with tempfile.TemporaryDirectory(prefix="redsteward-api-") as folder:
        out = Path(options.keep or folder)
        out.mkdir(parents=True, exist_ok=True)
        server = Server(options.binary, Path(folder) / "house").start()
        try:
            # Two at once: one waits while the server works for the other.
            with ThreadPoolExecutor(2) as pool:
                runs = {role: pool.submit(run, st, server, role, options.examples, options.budget, options.seed, out)
                        for role in options.roles.split(",")}
            for role, running in runs.items():
                done, report, took = running.result()
                text = done.stdout + done.stderr
                # The report names what failed; a run that did not end well without naming any is one failure.
                told = json.loads(report.read_text(encoding="utf-8")) if report.exists() else {}
                operations = told.get("operations", {}).get("tested", 0)
                cases = told.get("test_cases", {}).get("generated", 0)
                bad = len({line for line in text.splitlines() if line.startswith("____")})
                if done.returncode != 0 or operations < 150:
                    bad = max(bad, 1)
                    print(text[-12000:])
                passed += max(0, operations - bad)
                failed += bad
                print(f"{role}: {operations} operations, {cases} requests, {bad} failed, {took:.0f} s", flush=True)
            broken = [line for line in server.log.read_text(encoding="utf-8").splitlines()
                      if "request failed" in line or "undeclared refusal" in line]
            for line in broken[:5]:
                print(line)
            passed, failed = passed + (not broken), failed + bool(broken)
        finally:
            server.stop()
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
