"""Certificate authorities and certificates for tests, made by openssl. Python's standard library only."""
import subprocess
from pathlib import Path


def openssl(*words):
    done = subprocess.run(["openssl", *map(str, words)], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr)


class Authority:
    """Signs certificates for some days; `path` is its own."""

    def __init__(self, folder, name):
        self.folder, self.name = Path(folder), name
        self.path, self.key = self.folder / f"{name}.crt", self.folder / f"{name}.key"
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                "-subj", f"/CN={name} of a test", "-keyout", self.key, "-out", self.path)

    def certificate(self, host):
        """(certificate, key) of a server of that name."""
        base = self.folder / f"{self.name}-{host}"
        key, request, path, more = (Path(f"{base}.{end}") for end in ("key", "csr", "crt", "ext"))
        more.write_text(f"subjectAltName=DNS:{host}\n", encoding="ascii")
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", f"/CN={host}",
                "-keyout", key, "-out", request)
        openssl("x509", "-req", "-in", request, "-CA", self.path, "-CAkey", self.key, "-CAcreateserial", "-days", "2",
                "-extfile", more, "-out", path)
        return path, key
