"""A served house for tests from outside: the process, its accounts, and writes that are remembered.

Python's standard library only.
"""
import csv
import http.client
import json
import os
import re
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

from checks import ROOT, begin, command, end, free_port, kill, wait_until

sys.path.insert(0, str(ROOT / "Tests/postgres"))
ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


def text_id(number):
    """An id as the API writes it."""
    return "".join(ALPHABET[number >> shift & 31] for shift in range(60, -1, -5))


def raw_id(text):
    """An id as the database keeps it."""
    number = 0
    for letter in text:
        number = number << 5 | ALPHABET.index(letter)
    return number


def form_token(page):
    return re.search(r'name=_form value="([^"]+)"', page)[1]


def multipart(fields, files):
    """(body, content type) of a form with files, each (field, file name, type, bytes)."""
    line, body = "----redsteward", b""
    for name, value in fields.items():
        body += f'--{line}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
    for name, file, kind, data in files:
        body += (f'--{line}\r\nContent-Disposition: form-data; name="{name}"; filename="{file}"\r\n'
                 f"Content-Type: {kind}\r\n\r\n").encode() + data + b"\r\n"
    return body + f"--{line}--\r\n".encode(), f"multipart/form-data; boundary={line}"


def complaints(folder, rows, words=lambda index: "小区门口的路灯坏了好几天"):
    """(table, mapping) of that many complaints for `redsteward import cases`, in a folder."""
    table, mapping = folder / "rows.csv", folder / "mapping.json"
    with open(table, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "time", "title", "body", "level1"])
        for index in range(rows):
            writer.writerow([f"r{index}", f"2025-{index % 12 + 1:02}-{index % 28 + 1:02} 09:{index % 60:02}:00",
                             f"路灯不亮 {index}", words(index), "城市管理"])
    content = json.loads((ROOT / "examples/import/tipdm-messages.json").read_text(encoding="utf-8"))
    mapping.write_text(json.dumps(content | {"area_name": "桂花苑"}), encoding="utf-8")
    return table, mapping


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


Plain = urllib.request.build_opener(_NoRedirect)


def ask(url, headers=None, data=None, timeout=30):
    """(status, text), the text of a redirect being its place; status 0 when there was no answer."""
    request = urllib.request.Request(url, data=data, headers=headers or {})
    try:
        with Plain.open(request, timeout=timeout) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        try:
            if error.code == 303:
                return 303, error.headers["Location"]
            return error.code, error.read().decode()
        except (OSError, http.client.HTTPException):
            return 0, "the answer broke off"
    except (OSError, http.client.HTTPException) as error:
        return 0, repr(error)


class Server:
    """`redsteward` on a folder and, where it is given, a PostgreSQL URL, on a loopback port of its own.

    `environment` is added to that of the test, or is a function that gives the whole of it at each start.
    """

    def __init__(self, binary, folder, url=None, environment=None, through=()):
        self.binary, self.folder, self.url = str(Path(binary).resolve()), Path(folder), url
        self.environment, self.through = environment, list(through)
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self.process, self.people, self.token = None, {}, {}
        self.log = Path(str(self.folder) + ".log")
        self.accounts = Path(str(self.folder) + ".accounts.json")

    def words(self, verb, *more):
        database = ["--database", self.url] if self.url else []
        return [self.binary, verb, "--data", str(self.folder), *database, *map(str, more)]

    def _environment(self):
        return self.environment() if callable(self.environment) else os.environ | (self.environment or {})

    def launch(self, *words, verb="serve"):
        """Begins the process and does not wait for it."""
        with open(self.log, "a", encoding="utf-8") as log:
            self.process = begin(self.through + self.words(verb, "--port", self.port, *words), stdout=log,
                                 stderr=subprocess.STDOUT, env=self._environment())
        return self

    def is_ready(self):
        try:
            with urllib.request.urlopen(self.base + "/healthz", timeout=2):
                return True
        except (OSError, http.client.HTTPException):
            return False

    def wait_ready(self, seconds=60):
        """Whether it answers before the time is over or the process has ended."""
        wait_until(lambda: self.process.poll() is not None or self.is_ready(), seconds, 0.05)
        return self.process.poll() is None and self.is_ready()

    def start(self, *words, verb="demo", wait=90):
        """Begins a demo (or what `verb` says) and waits until it serves; a demo's people are known afterwards."""
        if verb == "demo":
            self.accounts.unlink(missing_ok=True)
            words = ("--accounts-json", self.accounts, *words)
        self.launch(*words, verb=verb)
        if self.wait_ready(wait) and (verb != "demo" or wait_until(self._meet, 10)):
            return self
        self.kill()
        raise RuntimeError("the server did not start: " + self.tail())

    def _meet(self):
        try:
            self.people = {a["login"]: a for a in json.loads(self.accounts.read_text(encoding="utf-8"))}
        except (OSError, ValueError):
            return False
        self.token = {login: a["token"] for login, a in self.people.items()}
        return True

    def tail(self):
        return self.log.read_text(encoding="utf-8", errors="replace")[-800:]

    def stop(self, seconds=20):
        """Returns the code of an orderly end, or None when it had to be killed."""
        return end(self.process, seconds)

    def kill(self):
        kill(self.process)

    def run(self, verb, *more, seconds=180):
        """(code, words) of another command on the same house."""
        return command(self.words(verb, *more), seconds, env=self._environment())

    def verify(self):
        """Whether `redsteward verify` finds the house sound, and its words."""
        code, words = self.run("verify")
        return code == 0, words.strip()

    def numbers(self):
        """Whether the numbers of the screens are what the cases say, and the words of the check."""
        code, words = self.run("numbers")
        return code == 0, words.strip()

    def memory(self):
        """Resident memory in MiB."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS"):
                return int(line.split()[1]) / 1024
        return 0

    def bearer(self, login):
        return {"Authorization": f"Bearer {self.token[login]}", "Accept-Language": "zh-CN"}

    def ask(self, path, login=None, body=None, key=None, timeout=30, form=None):
        """(status, text) of a page, of a JSON `body` or of a `form`: see `ask`."""
        headers = {"Accept-Language": "zh-CN"} | (self.bearer(login) if login else {})
        data = None
        if body is not None:
            data = json.dumps(body).encode()
            headers["Content-Type"] = "application/json"
        if form is not None:
            data = urllib.parse.urlencode(form).encode()
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        if key:
            headers["Idempotency-Key"] = key
        return ask(self.base + path, headers, data, timeout)

    def upload(self, path, login, fields, files, timeout=30):
        """(status, text) of a form with files: see `multipart`."""
        data, kind = multipart(fields, files)
        return ask(self.base + path, self.bearer(login) | {"Content-Type": kind}, data, timeout)

    def report(self, login, area, words, key, timeout=30):
        return self.ask("/api/v1/cases", login, {"area": area, "words": words}, key, timeout)

    def me(self, login):
        status, text = self.ask("/api/v1/me", login)
        if status != 200:
            raise RuntimeError(f"/api/v1/me: {status} {text[:200]}")
        return json.loads(text)

    def home(self, login="resident"):
        return self.me(login)["homes"][0]["unit"]

    def rows(self, text):
        """What a folder's own database answers, beside the server."""
        with sqlite3.connect(f"file:{self.folder}/redsteward.db?mode=ro", uri=True) as database:
            return database.execute(text).fetchall()


class Load:
    """Callers that report one case after another, each with a key of its own, and repeat what had no clear answer."""

    def __init__(self, server, name, callers=12, words="管道漏水"):
        self.server, self.name, self.words = server, name, words
        self.area = server.home()
        self.kept, self.told, self.strange, self.waits = {}, {}, [], []
        self.first_after = None
        self.mark = None
        self.lock = threading.Lock()
        self.going = True
        self.threads = [threading.Thread(target=self._run, args=(n,), daemon=True) for n in range(callers)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.end()

    def end(self):
        self.going = False
        for thread in self.threads:
            thread.join(60)

    def watch(self):
        """From now on the first kept write is timed."""
        with self.lock:
            self.mark, self.first_after = time.monotonic(), None

    @property
    def back(self):
        """Seconds from `watch` to the first write that was begun afterwards and kept; None when there was none."""
        return None if self.first_after is None else self.first_after - self.mark

    def _run(self, caller):
        number = 0
        while self.going:
            number += 1
            key = f"{self.name}-{caller}-{number}"
            body = {"area": self.area, "words": f"{self.words} {key}"}
            tries = 0
            while True:
                tries += 1
                began = time.monotonic()
                status, text = self.server.ask("/api/v1/cases", "resident", body, key, timeout=40)
                now = time.monotonic()
                with self.lock:
                    self.waits.append(now - began)
                    if status in (200, 201):
                        self.kept[key] = json.loads(text)["id"]
                        if self.mark is not None and began >= self.mark and self.first_after is None:
                            self.first_after = now
                        break
                    title = ""
                    if status:
                        try:
                            title = json.loads(text)["title"]
                        except ValueError:
                            title = text[:80]
                    self.told[(status, title)] = self.told.get((status, title), 0) + 1
                    if status not in (0, 503) and not (status == 500 and "存不下" in title):
                        self.strange.append((status, text[:200]))
                        break
                # Ended: what is open is asked a few times more, so that its end is known.
                if not self.going and tries > 20:
                    break
                time.sleep(0.1)
