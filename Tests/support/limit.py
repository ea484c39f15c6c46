#!/usr/bin/env python3
"""Runs a command that must end: limit.py SECONDS COMMAND [WORD ...]. Exits with its code, or with 124 when it was late
and was ended with everything that it had begun."""
import sys

from checks import supervise

if __name__ == "__main__":
    sys.exit(supervise(sys.argv[2:], float(sys.argv[1])))
