#!/usr/bin/env python3
"""The browser tests: a whole walk, the same without JavaScript, axe, small screens, wrong things, keys.

    python3 Tests/browser/run.py --binary .build/debug/redsteward [--shots DIR] [--engine sqlite|postgres]

Starts a demo of its own on a free loopback port in a temporary folder and stops it. Without an engine both run at
once, each with a browser of its own. One line a check, then `N passed, N failed`; the exit code tells whether anything
failed.
"""
import argparse
import base64
import contextlib
import re
import shutil
import sys
import tempfile
import threading
import time
from pathlib import Path

import axe_playwright_python
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from checks import Checks, at_end, run  # noqa: E402
from house import Server  # noqa: E402  the path of cluster.py comes with it
from cluster import Cluster  # noqa: E402
from crawl import crawl_all, shape  # noqa: E402

# 64 × 48 px, with a maker's name and a place (39°54′15″ N, 116°23′29″ E) in its EXIF.
LEAK = base64.b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/4QCcRXhpZgAATU0AKgAAAAgAAgEPAAIAAAAIAAAAJoglAAQAAAABAAAALgAAAABMRUFLQ0FNAAAE"
    "AAEAAgAAAAJOAAAAAAIABQAAAAMAAABkAAMAAgAAAAJFAAAAAAQABQAAAAMAAAB8AAAAAAAAACcAAAABAAAANgAAAAEAAAAPAAAAAQAA"
    "AHQAAAABAAAAFwAAAAEAAAAdAAAAAf/bAEMAFA4PEg8NFBIQEhcVFBgeMiEeHBwePSwuJDJJQExLR0BGRVBac2JQVW1WRUZkiGVtd3uB"
    "goFOYI2XjH2Wc36BfP/bAEMBFRcXHhoeOyEhO3xTRlN8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8"
    "fHx8fP/AABEIADAAQAMBIgACEQEDEQH/xAAfAAABBQEBAQEBAQAAAAAAAAAAAQIDBAUGBwgJCgv/xAC1EAACAQMDAgQDBQUEBAAAAX0B"
    "AgMABBEFEiExQQYTUWEHInEUMoGRoQgjQrHBFVLR8CQzYnKCCQoWFxgZGiUmJygpKjQ1Njc4OTpDREVGR0hJSlNUVVZXWFlaY2RlZmdo"
    "aWpzdHV2d3h5eoOEhYaHiImKkpOUlZaXmJmaoqOkpaanqKmqsrO0tba3uLm6wsPExcbHyMnK0tPU1dbX2Nna4eLj5OXm5+jp6vHy8/T1"
    "9vf4+fr/xAAfAQADAQEBAQEBAQEBAAAAAAAAAQIDBAUGBwgJCgv/xAC1EQACAQIEBAMEBwUEBAABAncAAQIDEQQFITEGEkFRB2FxEyIy"
    "gQgUQpGhscEJIzNS8BVictEKFiQ04SXxFxgZGiYnKCkqNTY3ODk6Q0RFRkdISUpTVFVWV1hZWmNkZWZnaGlqc3R1dnd4eXqCg4SFhoeI"
    "iYqSk5SVlpeYmZqio6Slpqeoqaqys7S1tre4ubrCw8TFxsfIycrS09TV1tfY2dri4+Tl5ufo6ery8/T19vf4+fr/2gAMAwEAAhEDEQA/"
    "AL9FFFUZhRRRQAUUUUAFFFFABRVH+0P+mX/j3/1qP7Q/6Zf+Pf8A1qB2L1RTTLCASCSegFVv7Q/6Zf8Aj3/1qhmmMz7sY4xiqirsmTsi"
    "9BcLNxghhzipqyo5DE4cDOO1T/2h/wBMv/Hv/rU5qzFB3Reoqj/aH/TL/wAe/wDrUf2h/wBMv/Hv/rVBdilRRRQMKcp4ptFOLs7kyV1Y"
    "ex4plFFEpXYRjyoKKKKRR//Z"
)
PHONE, WIDE = {"width": 360, "height": 780}, {"width": 1280, "height": 800}
# Milliseconds that a page has on a machine that is busy with other things.
WAIT = 60_000
RESIDENT_PHONE = "13800000001"
AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")


class Run(Checks):
    """The server of one engine, a browser and the tally."""

    def __init__(self, binary, shots, engine):
        super().__init__()
        self.engine = engine
        # Both engines draw the same pages: one album is enough.
        self.shots = Path(shots) if shots and engine == "sqlite" else None
        self.shot = 0
        self.folder = Path(tempfile.mkdtemp(prefix=f"redsteward-browser-{engine}-"))
        at_end(lambda: shutil.rmtree(self.folder, ignore_errors=True))
        self.cluster = Cluster() if engine == "postgres" else None
        self.server = Server(binary, self.folder / "data")
        self.sessions = {}

    def say(self, text):
        super().say(f"[{self.engine}] {text}")

    def start(self):
        if self.cluster:
            at_end(self.cluster.remove)
            self.cluster.make()
            self.cluster.start()
            self.cluster.psql("create database redsteward", "postgres")
            self.server.url = self.cluster.url()
        self.server.start(wait=120)
        self.base, self.accounts = self.server.base, self.server.people

    def context(self, login=None, viewport=PHONE, mode="zh", script=True):
        """A browser of its own, signed in with the password (once for each account)."""
        if login and login not in self.sessions:
            plain = self.browser.new_context()
            plain.set_default_timeout(WAIT)
            page = plain.new_page()
            self.password(page, login)
            self.sessions[login] = plain.storage_state()
            plain.close()
        context = self.browser.new_context(
            viewport=viewport, storage_state=self.sessions.get(login), java_script_enabled=script, locale="zh-CN")
        context.set_default_timeout(WAIT)
        context.add_cookies([{"name": "rs_mode", "value": mode, "url": self.base}])
        return context

    def page(self, *arguments, **named):
        return self.context(*arguments, **named).new_page()

    def password(self, page, login):
        page.goto(self.base + "/sign-in?staff=1")
        page.fill("#login", login)
        page.fill("#password", self.accounts[login]["password"])
        page.click("button.primary")
        page.wait_for_url(lambda url: "/sign-in" not in url)

    def take(self, page, name):
        if self.shots:
            self.shot += 1
            self.shots.mkdir(parents=True, exist_ok=True)
            page.screenshot(path=self.shots / f"{self.shot:02d}-{name}.png", full_page=page.viewport_size["width"] < 600)

    def picture(self, name="leak.jpg", content=LEAK):
        return {"name": name, "mimeType": "image/jpeg", "buffer": content}

    # ---------- a, b: the walk ----------

    def report(self, page, words, picture=True):
        page.goto(self.base + "/report")
        if picture:
            page.set_input_files("input[name=photo]", self.picture())
        page.fill("#what", words)
        page.click(".send button")
        page.wait_for_url("**/my/cases/*")
        return page.url.rsplit("/", 1)[1]

    def step(self, page, case, fields=(), picture=False):
        """The one next action of a case on the desk."""
        page.goto(f"{self.base}/desk/cases/{case}")
        for selector, value in fields:
            page.fill(selector, value)
        if picture:
            page.set_input_files(".next input[type=file]", self.picture("done.jpg"))
        page.click(".next [data-next]")
        page.wait_for_load_state()

    def state(self, page, case):
        page.goto(f"{self.base}/desk/cases/{case}")
        return page.locator("#case .head .state").inner_text()

    def walk(self):
        resident = self.page()
        resident.goto(self.base + "/sign-in")
        self.take(resident, "sign-in")
        resident.fill("#phone", RESIDENT_PHONE)
        resident.click("button.primary")
        code = re.search(r"\d{6}", resident.locator("p.note").inner_text()).group()
        self.take(resident, "code")
        resident.fill("#code", code)
        resident.click("button.primary")
        # Two of the family share this number: the page asks who it is.
        resident.locator(".chip", has_text="王阿姨").click()
        resident.click("button.primary")
        resident.wait_for_url("**/home")
        self.check("a resident signs in by phone and code", resident.locator("a.ask").is_visible())
        self.take(resident, "home")

        officer = self.page(viewport=WIDE)
        self.password(officer, "grid")
        officer.goto(self.base + "/desk")
        self.check("the grid officer's desk is live", officer.locator("[data-live]").is_visible()
                   or officer.locator("[data-live]").wait_for(timeout=20000) is None)
        words = "厨房水管漏水，走廊也湿了一片"
        case = self.report(resident, words)
        self.check("a leak is reported with a photo", resident.locator(".shot img").count() == 1)
        self.take(resident, "reported")
        row = officer.locator(f'.job[href^="/desk/cases/{case}"]')
        began = time.monotonic()
        row.wait_for(timeout=20000)
        self.check("the open desk shows it without a reload", True)
        self.say(f"# live after {time.monotonic() - began:.1f} s")
        self.check("the small scores have their five lines", officer.evaluate(
            "(u => u && getComputedStyle(u).stroke !== 'none' && document.getElementById('ms') !== null)"
            "(document.querySelector('.job .mini use'))"))
        self.take(officer, "desk-live")
        source = resident.locator(".shot").get_attribute("href")
        picture = resident.request.get(self.base + source).body()
        self.check("the photo has lost its EXIF", picture[:2] == b"\xff\xd8" and b"LEAKCAM" not in picture
                   and b"Exif" not in picture)
        small = resident.locator(".shot img")
        small.scroll_into_view_if_needed()
        resident.wait_for_function("document.querySelector('.shot img').naturalWidth > 0")
        self.check("its thumbnail is drawn", True)

        row.click()
        officer.wait_for_load_state()
        self.take(officer, "desk-reported")
        if officer.locator(".next input[value=triage]").count():
            officer.click(".next [data-next]")
            officer.wait_for_load_state()
        self.take(officer, "desk-triaged")
        choice = officer.locator(".next select[name=post]")
        steward = choice.locator("option", has_text="李师傅").get_attribute("value")
        choice.select_option(steward)
        officer.click(".next [data-next]")
        officer.wait_for_load_state()
        self.check("triaged and dispatched", self.state(officer, case) in ("等上门", "在路上", "已派单"), self.state(officer, case))
        self.take(officer, "desk-dispatched")
        resident.goto(f"{self.base}/my/cases/{case}")
        self.check("the resident reads the promise", "前上门" in resident.locator(".promise").inner_text()
                   and "李师傅" in resident.locator(".promise").inner_text())
        self.check("and the score", resident.locator("svg.score").is_visible())
        self.take(resident, "promise")

        hand = self.page(viewport=PHONE)
        self.password(hand, "steward")
        self.take(hand, "steward-list")
        hand.goto(f"{self.base}/desk/cases/{case}")
        self.check("on a phone the case stands alone", hand.locator("#case").is_visible()
                   and not hand.locator("#list").is_visible())
        self.take(hand, "steward-case")
        self.step(hand, case)
        self.take(hand, "steward-attended")
        self.step(hand, case, [(".next [name=words]", "换了角阀，试水不漏了")], picture=True)
        self.take(hand, "steward-handled")
        self.step(hand, case, [(".next [name=words]", "角阀换好了，走廊也擦干了")])
        self.take(hand, "steward-fed-back")

        resident.goto(self.base + "/home")
        self.check("home asks for the rating", resident.locator(f'a[href="/my/cases/{case}#rate"]').is_visible())
        self.take(resident, "home-to-rate")
        resident.goto(f"{self.base}/my/cases/{case}")
        self.check("the answer is told", "角阀换好了" in resident.locator(".promise").inner_text())
        self.take(resident, "to-rate")
        resident.fill("#say", "来得快")
        resident.click("#rate button.primary")
        resident.wait_for_load_state()
        self.check("rated", "很满意" in resident.locator("#rate").inner_text())
        self.take(resident, "rated")

        approver = self.page(viewport=WIDE)
        self.password(approver, "approver")
        approver.goto(f"{self.base}/desk/cases/{case}")
        self.take(approver, "to-strike-off")
        self.step(approver, case, [(".next [name=words]", "看了照片，打电话问过王阿姨")])
        self.take(approver, "struck-off")
        moderator = self.page(viewport=WIDE)
        self.password(moderator, "moderator")
        moderator.goto(f"{self.base}/desk/cases/{case}")
        self.take(moderator, "to-publish")
        self.step(moderator, case, [("#pt", "厨房水管漏水"), ("#pl", "3 号楼"), ("#pb", "换了角阀，不漏了。")])
        self.check("published", self.state(moderator, case) == "已公示" or "办好" in self.state(moderator, case),
                   self.state(moderator, case))
        self.take(moderator, "published")
        resident.goto(self.base + "/ledger")
        ledger = resident.url
        public = self.page(viewport=PHONE)
        public.goto(ledger)
        first = public.locator(".led-row").first.inner_text()
        self.check("the public ledger shows it without sign-in", "换了角阀，不漏了。" in first, first)
        self.check("without the door number", "502" not in public.locator("main").inner_text())
        self.take(public, "ledger")
        public.emulate_media(media="print")
        self.take(public, "ledger-print")
        self.case, self.ledger = case, ledger.removeprefix(self.base)

    def without_script(self):
        resident = self.page("family", script=False)
        case = self.report(resident, "楼道的窗户关不上了")
        officer = self.page("grid", viewport=WIDE, script=False)
        officer.goto(f"{self.base}/desk/cases/{case}")
        if officer.locator(".next input[value=triage]").count():
            self.step(officer, case)
        officer.goto(f"{self.base}/desk/cases/{case}")
        choice = officer.locator(".next select[name=post]")
        choice.select_option(choice.locator("option", has_text="李师傅").get_attribute("value"))
        officer.click(".next [data-next]")
        hand = self.page("steward", script=False)
        self.step(hand, case)
        self.step(hand, case, [(".next [name=words]", "换了合页")], picture=True)
        self.step(hand, case, [(".next [name=words]", "合页换好了")])
        resident.goto(f"{self.base}/my/cases/{case}")
        resident.click("#rate button.primary")
        resident.wait_for_load_state()
        self.check("without JavaScript: reported, attended, handled, fed back, rated",
                   "很满意" in resident.locator("#rate").inner_text())
        self.take(resident, "without-script")

    # ---------- c, d: every page in every mode ----------

    def pages(self):
        """Who looks at which address."""
        officer = self.page("grid", viewport=WIDE)
        found = {}
        for queue in ("intake", "dispatch", "handling", "rating", "paused"):
            officer.goto(f"{self.base}/desk?queue={queue}")
            row = officer.locator(".job").first
            if row.count():
                found[queue] = row.get_attribute("href").split("/")[-1].split("?")[0]
        officer.context.close()
        rate = found.get("rating", "")
        pages = [
            ("", "/sign-in"), ("", "/sign-in?staff=1"), ("", "/score"), ("", "/look-up"), ("", "/ledger"),
            ("", self.ledger), ("", "/nothing"), ("", "/report"),
            ("resident", "/home"), ("resident2", "/home"), ("resident", "/report"), ("resident", "/my/cases"),
            ("resident", f"/my/cases/{self.case}"), ("resident2", f"/my/cases/{rate}"), ("resident", "/messages"),
            ("resident", "/me"), ("resident", "/me/join"), ("resident", self.ledger),
            ("grid", "/desk"), ("grid", "/desk/new"), ("desk", "/desk/homes"), ("desk", "/desk/roster"),
            ("administrator", "/desk"), ("administrator", "/desk/calendar"), ("administrator", "/desk/policies"),
            ("administrator", "/desk/categories"), ("administrator", "/desk/categories?edit=leak"),
            ("administrator", "/desk/regions"),
            ("desk", "/desk/find"), ("desk", "/desk/find?q=wang"), ("desk", "/desk/exports"),
            ("administrator", "/desk/areas"), ("administrator", "/desk/organisations"), ("desk", "/desk/areas"),
            ("desk", "/desk/invitations"), ("security", "/desk/security"), ("security", "/desk/security/people"),
            ("security", "/desk/security/sessions"), ("auditor", "/desk/audit"), ("desk", "/me/factor"),
            ("", "/privacy"), ("resident", "/my/privacy"), ("resident", "/my/notice"), ("resident", "/my/household"), ("resident", "/my/homes"),
            ("resident", "/me/phone"),
            ("administrator", "/desk/privacy"), ("grid", "/desk/privacy"), ("administrator", "/desk/privacy/notice"),
            ("administrator", "/desk/privacy/purposes"), ("administrator", "/desk/privacy/periods?edit=sessions"),
            ("administrator", "/desk/privacy/limits"), ("administrator", "/desk/privacy/processing"),
            ("administrator", "/desk/privacy/assessments"), ("administrator", "/desk/privacy/breaches"),
            ("administrator", "/desk/privacy/sharing"),
            ("resident", "/my/privacy/relative"), ("resident", "/my/privacy/arrangement"),
            ("administrator", "/desk/privacy/audit"), ("auditor", "/desk/privacy/audit"),
            ("desk", "/desk/transfers"), ("approver", "/desk/teams"), ("approver", "/desk/zones"),
            ("approver", "/desk/contracts"), ("approver", "/desk/selections"), ("approver", "/desk/appointments"),
            ("desk", "/desk/cover"), ("desk", "/desk/pick"), ("desk", "/desk/templates"), ("desk", "/desk/leaves"),
            ("desk", "/desk/duty"), ("desk", "/desk/handovers"), ("desk", "/desk/handover"), ("desk", "/desk/workload"),
            ("desk", "/desk/roster?kind=hotline"), ("steward", "/desk/mine"),
            ("district", "/desk/screen"), ("street", "/desk/morning"), ("street", "/desk/screen/cases?what=open"),
            ("street", "/desk/screen?big=1"),
            ("grid", "/desk/statistics"), ("desk", "/desk/poster"), ("moderator", "/desk/replies"),
            ("steward", "/desk?q=nothingatall"), ("moderator", f"/desk/cases/{self.case}"),
        ]
        pages += [("grid", f"/desk/cases/{case}") for case in found.values()]
        self.by_links = self.linked({shape(path) for _, path in pages})
        return pages

    def linked(self, known):
        """Pages that the list above does not name, by the links of every account."""
        pages, dead = crawl_all(self.base, self.context, self.accounts, known)
        self.check(f"every link leads to a page; {len(pages)} pages were found by links alone", not dead,
                   self.brief(dead))
        return pages

    LOOK = """async ({elder, dark, rules}) => {
        const root = document.documentElement;
        root.classList.toggle('elder', elder); root.classList.toggle('dark', dark);
        root.classList.toggle('light', !dark);
        await new Promise(requestAnimationFrame);
        const options = rules ? {runOnly: {type: 'rule', values: rules}}
            : {runOnly: {type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa']}};
        const found = (await axe.run(document, {...options, resultTypes: ['violations']})).violations;
        const s = document.scrollingElement, least = elder ? 56 : 44;
        const small = [...document.querySelectorAll('.btn, .in, .tabs a, .chip, .queues a, .job')]
            .filter((e) => e.checkVisibility({visibilityProperty: true}))
            .filter((e) => { const r = e.getBoundingClientRect(); return r.height > 0 && r.height < least - .5; })
            .map((e) => (e.textContent.trim() || e.id || e.className).slice(0, 20)
                + ' ' + Math.round(e.getBoundingClientRect().height));
        const primary = [...document.querySelectorAll('.btn.primary')].filter((e) => e.checkVisibility()).length;
        return {axe: found.map((v) => v.id + ' ' + v.nodes.slice(0, 2).map((n) => n.target.join(' ')).join(', ')),
            wide: s.scrollWidth - innerWidth, small, primary};
    }"""

    def look(self):
        wrong = {"axe": [], "wide": [], "small": [], "primary": []}
        looks = 0
        for language in ("zh", "en"):
            contexts = {}
            # Both engines draw the same pages: those found by links are looked at once, and at the widths they differ in.
            others = self.by_links if self.engine == "sqlite" else []
            for login, path in self.pages_list + others:
                is_other = (login, path) in others
                if login not in contexts:
                    contexts[login] = self.page(login or None, viewport=WIDE, mode=language)
                page = contexts[login]
                page.goto(self.base + path)
                page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
                page.evaluate(AXE)
                for viewport in (WIDE, PHONE):
                    page.set_viewport_size(viewport)
                    modes = [(False, False), (True, False)]
                    if is_other and (language == "en" or viewport is WIDE):
                        modes = [(False, False)] if language == "zh" or viewport is PHONE else []
                    elif language == "zh":  # colours do not depend on the language
                        modes.append((False, True))
                    for elder, dark in modes:
                        # The same page in other colours: only colours can go wrong.
                        rules = ["color-contrast"] if dark else None
                        answer = page.evaluate(self.LOOK, {"elder": elder, "dark": dark, "rules": rules})
                        looks += 1
                        mode = "elder" if elder else "dark" if dark else "light"
                        name = f"{path} {login} {language} {viewport['width']} {mode}"
                        wrong["axe"] += [f"{name}: {v}" for v in answer["axe"]]
                        if viewport is PHONE:
                            if answer["wide"] > 0:
                                wrong["wide"].append(f"{name}: {answer['wide']} px")
                            if answer["small"]:
                                wrong["small"].append(f"{name}: {answer['small'][:4]}")
                        if answer["primary"] > 1:
                            wrong["primary"].append(f"{name}: {answer['primary']}")
                page.set_viewport_size(WIDE)
            for page in contexts.values():
                page.context.close()
        self.check(f"axe finds nothing ({looks} looks at {len(self.pages_list) + len(others)} pages)", not wrong["axe"],
                   self.brief(wrong["axe"]))
        self.check("no page scrolls sideways at 360 px", not wrong["wide"], self.brief(wrong["wide"]))
        self.check("controls are 44 px high, 56 px in large type", not wrong["small"], self.brief(wrong["small"]))
        self.check("at most one red button", not wrong["primary"], self.brief(wrong["primary"]))

    @staticmethod
    def brief(lines):
        return f"{len(lines)}" + "".join("\n     " + line for line in lines[:40])

    # ---------- e: wrong things ----------

    def count(self, page):
        page.goto(self.base + "/my/cases")
        return page.locator('a.row[href^="/my/cases/"]').count()

    def wrong(self):
        page = self.page("resident3")
        before = self.count(page)
        page.goto(self.base + "/report")
        page.fill("#place", "北门边")
        page.evaluate("document.querySelector('form.report').noValidate = true")
        page.click(".send button")
        page.wait_for_selector("#what[aria-invalid]")
        self.check("an empty report says so at the field", page.locator("#what-error").is_visible())
        self.check("and keeps the rest", page.input_value("#place") == "北门边")
        self.take(page, "empty-report")

        page.goto(self.base + "/report")
        page.fill("#what", "文件不是照片")
        page.set_input_files("input[name=photo]", self.picture("a.jpg", b"this is a text file, whatever its name says"))
        page.click(".send button")
        page.wait_for_selector("#photo-error, .note[role=alert]")
        self.check("a text file named .jpg is refused", page.locator("#photo-error").is_visible())
        self.check("and the words are kept", page.input_value("#what") == "文件不是照片")
        self.check("nothing was kept of them", self.count(page) == before)

        case = self.report(page, "大门口的灯闪个不停", picture=False)
        page.go_back()
        page.wait_for_load_state()
        # Either the form is the same one, whose key was used, or it is empty: it is never the words with a new key.
        if page.locator("#what").input_value():
            page.click(".send button")
            page.wait_for_url("**/my/cases/*")
        self.check("the back button makes no second case", self.count(page) == before + 1)
        page.goto(self.base + "/report")
        page.fill("#what", "快递柜挡住了路")
        page.evaluate("""async () => {
            const form = document.querySelector('form.report');
            const send = () => fetch(form.action, {method: 'POST', body: new FormData(form)});
            await Promise.all([send(), send(), send()]);
        }""")
        self.check("three at once make one case", self.count(page) == before + 2)

        page.goto(self.base + "/report")
        page.fill("#what", "地下室没有信号，灯也坏了")
        page.context.set_offline(True)
        page.click(".send button")
        page.wait_for_selector("[data-kept]:visible")
        self.check("offline, the report is kept and it says so", True)
        self.take(page, "offline")
        page.context.set_offline(False)
        page.wait_for_url("**/my/cases/*")
        self.check("and goes out once when the network is back", self.count(page) == before + 3)

        page.goto(self.base + "/report")
        page.fill("#what", "系统忙的时候报的：车库门坏了")
        busy = {"left": 1}

        def refuse(route):
            if route.request.method == "POST" and busy["left"]:
                busy["left"] -= 1
                route.fulfill(status=503, content_type="text/html", body="busy")
            else:
                route.continue_()
        page.route("**/report", refuse)
        page.click(".send button")
        page.wait_for_selector("[data-kept]:visible")
        self.check("a busy server leaves the words on the form", "车库门坏了" in page.input_value("#what"))
        page.wait_for_url("**/my/cases/*")
        page.unroute("**/report")
        self.check("and they are sent once when it is back", self.count(page) == before + 4)

        self.lost_answers(page, case)
        other = self.page("resident")
        answer = other.goto(f"{self.base}/my/cases/{case}")
        self.check("a neighbour's case of another estate is 404", answer.status == 404)
        answer = self.page("desk2", viewport=WIDE).goto(f"{self.base}/desk/cases/{self.case}")
        self.check("and 404 on another estate's desk", answer.status == 404, str(answer.status))

        first = self.page("grid", viewport=WIDE)
        first.goto(f"{self.base}/desk/cases/{case}")
        if first.locator(".next input[value=triage]").count():
            first.click(".next [data-next]")
            first.wait_for_load_state()
        second = first.context.new_page()
        for tab in (first, second):
            tab.goto(f"{self.base}/desk/cases/{case}")
        for tab in (first, second):
            tab.click(".next [data-next]")
            tab.wait_for_load_state()
        self.check("of two tabs that dispatch, the second is told",
                   first.locator("[role=alert]").count() == 0 and second.locator("[role=alert]").is_visible())
        self.take(second, "second-tab")

    def lost_answers(self, page, case):
        """A form that is no report: what was typed comes back until the server has answered it."""
        place, form = f"{self.base}/my/cases/{case}", "form:has(#more)"

        def opened():
            page.goto(place)
            page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")

        def is_back():
            return page.input_value("#more") == "后来又灭了，换个人来看看" and page.locator(f"{form} .kept-back").is_visible()

        opened()
        page.fill("#more", "后来又灭了，换个人来看看")
        page.context.set_offline(True)
        page.click(f"{form} button")
        self.check("offline, any form stays with its words and says so", is_back())
        self.take(page, "form-offline")
        page.context.set_offline(False)
        for name, fate in (("cut off", lambda route: route.abort()),
                           ("answered by a strange 502", lambda route: route.fulfill(status=502, body="bad gateway"))):
            page.route("**/my/cases/*",
                       lambda route: fate(route) if route.request.method == "POST" else route.continue_())
            with contextlib.suppress(PlaywrightError):
                page.click(f"{form} button")
            page.wait_for_function("!document.querySelector('#more')")
            page.unroute("**/my/cases/*")
            opened()
            self.check(f"{name}, the words are back on the form", is_back())
        page.click(f"{form} button")
        page.wait_for_function("!document.querySelector('.kept-back')")
        opened()
        self.check("answered, they are kept once and the form is empty",
                   page.locator("main").inner_text().count("后来又灭了") == 1 and page.input_value("#more") == "")

    # ---------- f: keys ----------

    def keys(self):
        page = self.page("grid", viewport=WIDE)
        page.goto(self.base + "/desk?queue=intake")
        ids = page.locator(".job").evaluate_all("list => list.map((a) => a.getAttribute('href'))")
        focus = "document.activeElement.getAttribute('href') || document.activeElement.id"
        page.keyboard.press("j")
        first = page.evaluate(focus)
        page.keyboard.press("j")
        second = page.evaluate(focus)
        page.keyboard.press("k")
        self.check("j and k move", (first, second, page.evaluate(focus)) == (ids[0], ids[1], ids[0]),
                   f"{first} {second} {ids[:2]}")
        page.keyboard.press("Enter")
        page.wait_for_url(f"**{ids[0].split('?')[0]}*")
        self.check("Enter opens", True)
        page.keyboard.press("/")
        self.check("/ searches", page.evaluate(focus) == "s")
        page.keyboard.press("Escape")
        page.keyboard.press("e")
        page.wait_for_selector(".next input[value=dispatch], .next input[value=attend]", state="attached")
        self.check("e does the next step", True)

    def everything(self):
        with sync_playwright() as playwright:
            self.browser = playwright.chromium.launch(
                executable_path="/usr/bin/chromium", args=["--headless", "--no-sandbox", "--disable-gpu"])
            self.case, self.ledger = "", "/ledger"
            self.part("the walk", self.walk)
            self.part("the walk without JavaScript", self.without_script)
            self.pages_list = self.pages()
            self.part("wrong things", self.wrong)
            self.part("keys", self.keys)
            self.part("every page", self.look)
            self.browser.close()


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--binary", required=True)
    options.add_argument("--shots")
    options.add_argument("--engine", choices=("sqlite", "postgres"))
    asked = options.parse_args()
    runs = [Run(asked.binary, asked.shots, engine)
            for engine in ([asked.engine] if asked.engine else ["sqlite", "postgres"])]

    def go(run):
        def everything():
            run.start()
            run.everything()
        try:
            run.part("everything", everything)
        finally:
            run.server.stop()

    def work():
        threads = [threading.Thread(target=go, args=(run,)) for run in runs]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    run(work, *runs, limit=1200)


if __name__ == "__main__":
    main()
