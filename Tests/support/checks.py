"""What the tests from outside share: counted checks, parts that break off without taking the others along, commands and
processes with deadlines, small disks. Nothing that begins here outlives the test.

Python's standard library only.
"""
import atexit
import contextlib
import faulthandler
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


# ---------- processes ----------

_ours, _endings = set(), []


def begin(words, **options):
    """A process of ours. What still runs when the test ends, however it ends, is killed."""
    process = subprocess.Popen(list(map(str, words)), **options)
    _ours.add(process)
    return process


def end(process, seconds=20):
    """The code of an orderly end, or None when it had to be killed."""
    if process is None:
        return None
    if process.poll() is None:
        # A process that stands still ends when it goes on.
        process.send_signal(signal.SIGCONT)
        process.send_signal(signal.SIGTERM)
    try:
        code = process.wait(seconds)
    except subprocess.TimeoutExpired:
        kill(process)
        code = None
    _ours.discard(process)
    return code


def kill(process):
    if process is not None:
        if process.poll() is None:
            process.kill()
            process.wait()
        _ours.discard(process)


def at_end(work):
    """Work that is done however the test ends: clusters, mounts, folders."""
    _endings.append(work)


@atexit.register
def _end_all():
    for process in list(_ours):
        with contextlib.suppress(OSError):
            kill(process)
    while _endings:
        try:
            _endings.pop()()
        except Exception:  # noqa: BLE001
            traceback.print_exc()


def command(words, seconds=180, **options):
    """(code, output and errors) of a command; the code is None when it had not ended in time and was killed."""
    try:
        done = subprocess.run(list(map(str, words)), capture_output=True, text=True, timeout=seconds, **options)
        return done.returncode, done.stdout + done.stderr
    except subprocess.TimeoutExpired as error:
        return None, f"no end after {seconds} s: {error.stdout or b''!r}"


def wait_until(what, seconds, step=0.1):
    """The first true value of `what()`, or its last one when the time is over."""
    until = time.monotonic() + seconds
    while True:
        value = what()
        if value or time.monotonic() >= until:
            return value
        time.sleep(step)


def join(threads, seconds):
    """Waits for threads; those that have not ended in time are an error."""
    until = time.monotonic() + seconds
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))
    if any(thread.is_alive() for thread in threads):
        raise RuntimeError(f"no end after {seconds} s")


# ---------- checks ----------

class Checks:
    """The tally of a test: one line a check."""

    def __init__(self):
        self.passed = self.failed = 0
        self._tally = threading.Lock()

    def say(self, text):
        print(text, flush=True)

    def check(self, name, good, detail=""):
        with self._tally:
            if good:
                self.passed += 1
            else:
                self.failed += 1
        self.say(("ok   " if good else "FAIL ") + name + (f": {detail}" if detail and not good else ""))
        return good

    def part(self, name, work):
        """A part that breaks off is one failure; the others still run."""
        began = time.monotonic()
        try:
            work()
        except Exception as error:  # noqa: BLE001
            where = " > ".join(f"{f.name}:{f.lineno}" for f in traceback.extract_tb(error.__traceback__)
                               if str(ROOT) in f.filename)
            self.check(f"{name} runs to its end", False, f"{where} {str(error).strip()[:400] or repr(error)}")
        self.say(f"# {name}: {time.monotonic() - began:.1f} s")

    def part_in_folder(self, name, work):
        """The same with a folder of its own, which is gone afterwards."""
        folder = Path(tempfile.mkdtemp(prefix="redsteward-test-"))
        try:
            self.part(name, lambda: work(folder))
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def run(work, *tallies, limit):
    """Runs a test, prints its totals and ends the process with its code.

    A test that has not ended after `limit` seconds shows where every thread stands, ends what it began and fails.
    """
    def totals(more=0):
        failed = sum(tally.failed for tally in tallies) + more
        print(f"{sum(tally.passed for tally in tallies)} passed, {failed} failed", flush=True)
        return 1 if failed else 0

    def late():
        print(f"FAIL no end after {limit} s", flush=True)
        faulthandler.dump_traceback(sys.stdout, all_threads=True)
        _end_all()
        totals(1)
        os._exit(1)

    watch = threading.Timer(limit, late)
    watch.daemon = True
    watch.start()
    # A stop by signal ends what was begun as well.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    broken = 0
    try:
        work()
    except Exception:  # noqa: BLE001
        traceback.print_exc()
        broken = 1
    _end_all()
    watch.cancel()
    code = totals(broken)
    sys.stdout.flush()
    # Threads that still wait for something do not keep the test.
    os._exit(code)


# ---------- small disks ----------

@contextlib.contextmanager
def small_disk(place, size):
    """A tmpfs of that size on a new folder; None where the machine allows none."""
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place)]
    if subprocess.run(mount, capture_output=True).returncode:
        yield None
        return
    at_end(lambda: subprocess.run(["umount", "-l", str(place)], capture_output=True))
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], capture_output=True)


def fill(disk, leave):
    """Leaves that many bytes free. Returns the file that takes the room."""
    room, filler = os.statvfs(disk), disk / "filler"
    with open(filler, "wb") as file:
        left = room.f_bavail * room.f_frsize - leave
        while left > 0:
            file.write(b"x" * min(left, 1 << 20))
            left -= 1 << 20
    return filler


def in_namespace(checks, name, script, *words):
    """Runs one part of a script again where a tmpfs may be mounted: in a namespace of its own. Says SKIPPED where there
    is none. The part's checks are printed, and count as one."""
    if os.environ.get("REDSTEWARD_IN_NAMESPACE") or not shutil.which("unshare"):
        checks.say(f"SKIPPED {name}: this machine does not allow a tmpfs")
        return
    done = subprocess.run(["unshare", "-Urm", sys.executable, str(script), *map(str, words)], capture_output=True,
                          text=True, timeout=300, env={**os.environ, "REDSTEWARD_IN_NAMESPACE": "1"})
    print(done.stdout, end="", flush=True)
    if "uid_map" in done.stderr or "Operation not permitted" in done.stderr:
        checks.say(f"SKIPPED {name}: this machine does not allow a tmpfs")
        return
    checks.check(f"{name} in a namespace of its own", done.returncode == 0, done.stderr[-300:])


# ---------- commands of others ----------

def supervise(words, seconds, **options):
    """Runs a command in a session of its own and returns its code. After `seconds`, and when this process is told to
    stop, the command and everything that it began in that session is ended, by force after half a minute."""
    process = subprocess.Popen(list(map(str, words)), start_new_session=True, **options)

    def stop():
        for what, patience in ((signal.SIGTERM, 30), (signal.SIGKILL, 10)):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, what)
            try:
                process.wait(patience)
                break
            except subprocess.TimeoutExpired:
                pass
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)

    def told(number, _):
        stop()
        sys.exit(128 + number)

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, told)
    try:
        code = process.wait(seconds)
    except subprocess.TimeoutExpired:
        print(f"FAIL no end after {seconds} s: {' '.join(map(str, words))}", flush=True)
        code = 124
    stop()
    return code
