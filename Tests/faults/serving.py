"""The names that the tests in this folder and beside it know; they are in Tests/support."""
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from checks import ROOT  # noqa: E402, F401
from house import ALPHABET, Load, Plain, Server, raw_id, text_id  # noqa: E402, F401
