"""Follows every link of every account: what is nowhere in a list of pages is found by its links."""
import html
import re

# What is no page of ours, or has no end.
NOT_PAGES = re.compile(r"^/(desk/export/|assets/|api/|files/|metrics|healthz)|/live(\?|$)|way=export|/sign-out")
LINK = re.compile(r'<a [^>]*?href="?([^" >]+)')


def shape(path):
    """A path with `:id` for each of its parts that names a thing: pages of one shape are made by one piece of code."""
    plain = path.split("?")[0].split("#")[0]
    return "/".join(":id" if re.search(r"\d", part) else part for part in plain.split("/"))


def crawl(base, context, starts):
    """Walks breadth first through the pages that an account reaches by links, one of each shape.

    `context` is a signed-in browser. Returns `{shape: path}` and the links that led to anything but a page.
    """
    found, dead, waiting = {}, [], list(starts)
    while waiting:
        path = waiting.pop(0)
        if shape(path) in found:
            continue
        answer = context.request.get(base + path)
        if answer.status != 200:
            dead.append(f"{answer.status} {path}")
            found[shape(path)] = None
            continue
        # A file, or a page that led on to another one.
        reached = answer.url.removeprefix(base).split("#")[0]
        found[shape(path)] = reached if "text/html" in answer.headers.get("content-type", "") else None
        if found[shape(path)] is None:
            continue
        found.setdefault(shape(reached), reached)
        for link in LINK.findall(answer.text()):
            link = html.unescape(link)
            if link.startswith("/") and not link.startswith("//") and not NOT_PAGES.search(link):
                waiting.append(link)
    return {key: path for key, path in found.items() if path}, dead


def crawl_all(base, browse, accounts, known):
    """The same as a visitor and as each account: `(login, path)` for every shape that is not in `known`, and dead links."""
    pages, dead, known = [], [], set(known)
    for login in [""] + sorted(accounts):
        context = browse(login or None)
        staff = accounts.get(login, {}).get("role", "resident") != "resident"
        starts = ["/ledger", "/look-up"] + (["/desk", "/me"] if staff else ["/home", "/me"] if login else [])
        found, wrong = crawl(base, context, starts)
        context.close()
        dead += [f"{login} {one}" for one in wrong]
        for key, path in sorted(found.items()):
            if key not in known:
                known.add(key)
                pages.append((login, path))
    return pages, dead
