"""Real ids instead of random ones in half of the requests, so that answers beyond `404` are compared with the document.

`REDSTEWARD_API_IDS` names a file: for the beginning of a path, the ids that may stand in it; for the name of a field, the
values that may stand in a body or a query.
"""
import json
import os
import random

import schemathesis

IDS = json.loads(open(os.environ["REDSTEWARD_API_IDS"], encoding="utf-8").read())
dice = random.Random(int(os.environ.get("REDSTEWARD_API_SEED", "1")))


def real(choices, value):
    return dice.choice(choices) if choices and dice.random() < 0.6 else value


@schemathesis.hook
def map_path_parameters(context, path_parameters):
    if not path_parameters or context.operation is None:
        return path_parameters
    path = context.operation.path
    for name, value in list(path_parameters.items()):
        best = max((p for p in IDS["paths"] if path.startswith(p)), key=len, default=None)
        choices = IDS["names"].get(name) if name != "id" else IDS["paths"].get(best)
        path_parameters[name] = real(choices, value)
    return path_parameters


@schemathesis.hook
def map_query(context, query):
    for name in list(query or {}):
        query[name] = real(IDS["names"].get(name), query[name])
    return query


@schemathesis.hook
def map_body(context, body):
    if isinstance(body, dict):
        for name in list(body):
            body[name] = real(IDS["names"].get(name), body[name])
    return body
