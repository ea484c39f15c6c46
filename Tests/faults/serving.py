"""A served demo house for tests from outside: the process, its accounts, and writes that are remembered.

Python's standard library only.
"""
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
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


class Server:
    """`redsteward demo` on a folder and, where it is given, a PostgreSQL URL."""

    def __init__(self, binary, folder, url=None, environment=None, through=()):
        self.binary, self.folder, self.url = str(Path(binary).resolve()), Path(folder), url
        self.environment, self.through = environment or {}, list(through)
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        self.base = f"http://127.0.0.1:{self.port}"
        self.process, self.people, self.token = None, {}, {}
        self.log = Path(str(self.folder) + ".log")

    def words(self, command, *more):
        database = ["--database", self.url] if self.url else []
        return [self.binary, command, "--data", str(self.folder), *database, *more]

    def start(self, wait=90):
        accounts = Path(str(self.folder) + ".accounts.json")
        with open(self.log, "a", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                self.through + self.words("demo", "--port", str(self.port), "--accounts-json", str(accounts)),
                stdout=log, stderr=subprocess.STDOUT, env=os.environ | self.environment)
        until = time.monotonic() + wait
        while time.monotonic() < until and self.process.poll() is None:
            try:
                with urllib.request.urlopen(self.base + "/healthz", timeout=2):
                    self.people = {a["login"]: a for a in json.loads(accounts.read_text(encoding="utf-8"))}
                    self.token = {login: a["token"] for login, a in self.people.items()}
                    return self
            except (OSError, http.client.HTTPException, ValueError):
                time.sleep(0.1)
        self.kill()
        raise RuntimeError("the server did not start: " + self.log.read_text(encoding="utf-8")[-800:])

    def stop(self):
        """Returns the code of an orderly end, or None when it had to be killed."""
        if self.process is None:
            return None
        self.process.send_signal(signal.SIGCONT)
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.kill()
            return None

    def kill(self):
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def verify(self):
        """Whether `redsteward verify` finds the house sound, and its words."""
        done = subprocess.run(self.words("verify"), capture_output=True, text=True, timeout=120)
        return done.returncode == 0, (done.stdout + done.stderr).strip()

    def memory(self):
        """Resident memory in MiB."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS"):
                return int(line.split()[1]) / 1024
        return 0

    def ask(self, path, login=None, body=None, key=None, timeout=30, form=None):
        """(status, text), the text of a redirect being its place; status 0 when there was no answer."""
        headers = {"Accept-Language": "zh-CN"}
        if login:
            headers["Authorization"] = f"Bearer {self.token[login]}"
        data = None
        if body is not None:
            data = json.dumps(body).encode()
            headers["Content-Type"] = "application/json"
        if form is not None:
            data = urllib.parse.urlencode(form).encode()
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        if key:
            headers["Idempotency-Key"] = key
        request = urllib.request.Request(self.base + path, data=data, headers=headers)
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

    def me(self, login):
        status, text = self.ask("/api/v1/me", login)
        if status != 200:
            raise RuntimeError(f"/api/v1/me: {status} {text[:200]}")
        return json.loads(text)

    def home(self, login="resident"):
        return self.me(login)["homes"][0]["unit"]


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


Plain = urllib.request.build_opener(_NoRedirect)


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
