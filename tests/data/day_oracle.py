#!/usr/bin/env python3
"""Recomputes from the rules alone when each notice of a replayed day is meant for and which channels say it, and compares it with the plan
that `aftercare replay` printed. It shares nothing with the product but the two files that both read.
usage: day_oracle.py day.jsonl dealerships.toml < plan          exit 1 and a line for each difference"""
import json, re, sys, tomllib
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

events = sorted((json.loads(line) for line in open(sys.argv[1], encoding="utf-8") if line.strip()), key=lambda e: datetime.fromisoformat(e["time"]))
shops = {s["code"]: s for s in tomllib.load(open(sys.argv[2], "rb"))["dealership"]}
for e in events: e["at"] = datetime.fromisoformat(e["time"])
END = events[-1]["at"] + timedelta(days=21)
M, H = (lambda n: timedelta(minutes=n)), (lambda n: timedelta(hours=n))
DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

def zone(shop): return ZoneInfo(shops[shop]["time_zone"])
def local(shop, at): return at.astimezone(zone(shop))
def spans(shop, day):
    """The opening hours of a date as pairs of moments."""
    holidays = {h["date"]: h["open"] for h in shops[shop].get("holidays", [])}
    hours = holidays.get(day.isoformat(), shops[shop]["opening_hours"].get(DAYS[day.weekday()], []))
    return [tuple(datetime.combine(day, time.fromisoformat(t), zone(shop)) for t in span) for span in hours]
def is_open(shop, at): return any(a <= at < b for a, b in spans(shop, local(shop, at).date()))
def next_opening(shop, at):
    day = local(shop, at).date()
    while True:
        for a, _ in spans(shop, day):
            if a > at: return a
        day += timedelta(days=1)
def open_for(shop, at, wanted):
    """When the doors have been open for so long since `at`."""
    day = local(shop, at).date()
    while True:
        for a, b in spans(shop, day):
            begins = max(a, at)
            if begins < b:
                if b - begins >= wanted: return begins + wanted
                wanted -= b - begins
        day += timedelta(days=1)
def last_closing(shop, at):
    day = local(shop, at).date()
    while True:
        before = [b for _, b in spans(shop, day) if b <= at]
        if before: return before[-1]
        day -= timedelta(days=1)
def working_days_after(shop, at, n):
    at = at if is_open(shop, at) else next_opening(shop, at)
    at, day = local(shop, at), local(shop, at).date()
    while n:
        day += timedelta(days=1)
        n -= bool(spans(shop, day))
    return datetime.combine(day, at.time(), zone(shop))
def working_days_between(shop, first, last):
    return sum(bool(spans(shop, first + timedelta(days=n + 1))) for n in range((last - first).days))
def inside(shop, at, begins, ends):
    """The nearest moment of the day's window, the earlier when equal."""
    day, best = local(shop, at).date(), None
    for d in (day - timedelta(days=1), day, day + timedelta(days=1)):
        a, b = (datetime.combine(d, t, zone(shop)) for t in (begins, ends))
        near = min(max(at, a), b)
        if best is None or abs(near - at) < abs(best - at): best = near
    return best
def is_live(source, at): return any(e["source"] == source and at - M(15) <= e["at"] <= at for e in events)

def mobile(shop, customer):
    """The number that takes texts: of the mainland and of Japan only mobile ones do."""
    phones = sorted(customer.get("phones", []), key=lambda p: p["label"] != "mobile")
    ok = {"CN": r"1[3-9]\d{9}", "JP": r"0[789]0\d{8}", "US": r"\d{10}"}[shops[shop]["region"]]
    return next((p for p in phones if re.fullmatch(ok, re.sub(r"\D", "", p["number"]))), None)
def channels(shop, customer, *tracks):
    """Of each track the first channel for which there is an address; nobody here is on WeChat or WeCom."""
    has = {"email": "email" in customer, "sms": mobile(shop, customer) is not None}
    return {first for track in tracks for first in [next((c for c in track if has.get(c)), None)] if first}

expected = {}   # (kind, subject, what, when) -> the channels that say it and from when to when, None where nothing is said
def expect(kind, shop, ref, when, said, skipped=None, slack=timedelta(0), whose=None):
    if when is not None and when > END: return
    subject = f"{shop}/{ref}" + (f" {whose}" if whose else "")
    expected[(kind, subject, skipped or "planned", when, slack)] = said
def rings(shop, at):
    """When a telephone may ring: eight to nine in the evening where the reader lives (D6.3)."""
    here = local(shop, at)
    if time(8) <= here.time() < time(21): return at, at
    day = here.date() + timedelta(days=here.time() >= time(21))
    begins = datetime.combine(day, time(8), zone(shop))
    return begins, begins + timedelta(seconds=180)
def says(shop, customer, at, *tracks, answers=False, ends=None):
    """Channel -> from when to when; what is withdrawn before it may ring is not said."""
    said = {}
    for channel in channels(shop, customer, *tracks):
        window = rings(shop, at) if channel == "sms" and not answers else (at, at)
        if ends is None or window[0] < ends: said[channel] = window
    return said
def tells(kind, shop, ref, customer, at, *tracks, ends=None):
    """A notice about what has just happened; where only the telephone can say it, it is meant for when that may ring."""
    begins, latest = rings(shop, at)
    waits = channels(shop, customer, *tracks) == {"sms"}
    expect(kind, shop, ref, begins if waits else at, says(shop, customer, at, *tracks, ends=ends), slack=latest - begins if waits else timedelta(0))
STAFF = lambda at: {"email": (at, at)}
BOOK, PHONE, MAIL = (["email"], ["wechat", "sms"]), ["wechat", "sms", "email"], ["email", "wechat", "sms"]

appointments, orders, parts, inquiries = {}, {}, {}, {}
def remind(shop, ref, a, now):
    start, booked = a["start"], a["booked"]
    if start - booked < H(36): return expect("appointment.reminder", shop, ref, None, None, "skip_if")
    at = inside(shop, start - H(24), time(10), time(19))
    day = local(shop, at).date()
    while not spans(shop, day): day -= timedelta(days=1)
    at = datetime.combine(day, local(shop, at).time(), zone(shop))
    if start - H(2) <= max(at, now): return expect("appointment.reminder", shop, ref, None, None, "no_longer_useful")
    if now - at > H(2): return expect("appointment.reminder", shop, ref, None, None, "too_late")
    a["reminders"].append((max(at, now), now))

for n, e in enumerate(events):
    d, shop, at, kind = e["data"], e["dealership"], e["at"], e["type"]
    when = lambda key: datetime.fromisoformat(d[key])
    if kind == "appointment.booked":
        a = appointments[(shop, d["ref"])] = {"start": when("start_at"), "booked": when("booked_at"), "customer": d["customer"], "advisor": d["advisor_ref"], "source": e["source"], "ends": None, "arrived": None, "reminders": [], "moves": [(at, when("start_at"))]}
        expect("appointment.confirmation", shop, d["ref"], at, says(shop, a["customer"], at, *BOOK, answers=at - a["booked"] <= M(15)))
        if d.get("is_comeback"): expect("staff.comeback", shop, d["ref"], at, STAFF(at))
        remind(shop, d["ref"], a, at)
    elif kind == "appointment.rescheduled":
        a = appointments[(shop, d["ref"])]
        a["start"] = when("start_at"); a["moves"].append((at, a["start"]))
        tells("appointment.change", shop, d["ref"], a["customer"], at, *BOOK)
        remind(shop, d["ref"], a, at)
    elif kind == "appointment.cancelled":
        a = appointments[(shop, d["ref"])]; a["ends"] = at
        tells("appointment.cancellation", shop, d["ref"], a["customer"], at, *BOOK)
    elif kind == "appointment.arrived":
        appointments[(shop, d["ref"])]["arrived"] = at
    elif kind == "repair_order.opened":
        orders[(shop, d["ref"])] = {"promised": when("promised_at"), "customer": d["customer"]}
    elif kind == "repair_order.promised_changed":
        o = orders[(shop, d["ref"])]
        if abs(when("promised_at") - o["promised"]) >= M(15): tells("repair.promised_changed", shop, d["ref"], o["customer"], at, PHONE)
        o["promised"] = when("promised_at")
    elif kind == "repair_order.work_found":
        o = orders[(shop, d["ref"])]
        tells("repair.work_found", shop, d["ref"], o["customer"], at, PHONE)
        expect("staff.work_found", shop, d["ref"], at, STAFF(at))
    elif kind == "repair_order.ready":
        o = orders[(shop, d["ref"])]; o["ready"] = at
        handed = next(f["at"] for f in events if f["type"] == "repair_order.delivered" and f["data"]["ref"] == d["ref"])
        tells("repair.ready", shop, d["ref"], o["customer"], at, PHONE, ends=handed)
    elif kind == "repair_order.delivered":
        at = inside(shop, at + H(20), time(10), time(19))
        expect("followup.thanks", shop, d["ref"], at, says(shop, orders[(shop, d["ref"])]["customer"], at, ["wechat", "email", "sms"]))
    elif kind == "parts.ordered":
        p = parts[(shop, d["order_ref"])] = {"customer": d["customer"], "missing": {l["line_ref"] for l in d["lines"]}, "told": d["eta"], "source": e["source"]}
        tells("parts.ordered", shop, d["order_ref"], p["customer"], at, PHONE)
    elif kind == "parts.eta_changed":
        p = parts[(shop, d["order_ref"])]
        day = lambda text: datetime.fromisoformat(text).date()
        if working_days_between(shop, day(p["told"]), day(d["eta"])) >= 2:
            p["told"] = d["eta"]
            tells("parts.eta_changed", shop, d["order_ref"], p["customer"], at, PHONE)
    elif kind == "parts.received":
        p = parts[(shop, d["order_ref"])]; p["missing"].discard(d["line_ref"])
        if not p["missing"]:
            tell, slack = (at, timedelta(0)) if is_open(shop, at) else (next_opening(shop, at), timedelta(seconds=180))
            said = {c: (tell, tell + slack) for c in channels(shop, p["customer"], PHONE)}
            expect("parts.arrived", shop, d["order_ref"], tell, said, slack=slack)
            expect("staff.parts_arrived", shop, d["order_ref"], at, STAFF(at))
            again = working_days_after(shop, at, 2)
            if not is_live(p["source"], again): expect("parts.arrived_remind", shop, d["order_ref"], None, None, "feed_not_live")
    elif kind == "inquiry.received":
        inquiries[(shop, d["ref"])] = {"at": at, "customer": d["customer"], "replied": None, "channel": d["channel"]}
    elif kind == "inquiry.replied":
        inquiries[(shop, d["inquiry_ref"])]["replied"] = at

for (shop, ref), a in appointments.items():
    # Only the reminder of the last time is left, unless they come or call it off before.
    for n, (at, planned_at) in enumerate(a["reminders"]):
        moved = next((m for m, _ in a["moves"] if m > planned_at), None)
        over = min([t for t in (moved, a["ends"], a["arrived"]) if t], default=None)
        expect("appointment.reminder", shop, ref, at, says(shop, a["customer"], at, PHONE) if over is None or at < over else {})
    missed = a["start"] + M(30)
    if a["ends"] is None and (a["arrived"] is None or a["arrived"] > missed):
        expect("staff.no_show", shop, ref, missed, STAFF(missed))
        live = is_live(a["source"], missed)
        if live: expect("appointment.missed", shop, ref, missed, says(shop, a["customer"], missed, PHONE))
        else: expect("appointment.missed", shop, ref, None, None, "feed_not_live")
for (shop, ref), o in orders.items():
    risk = o["promised"] - H(1)
    if o["ready"] > risk: expect("staff.promise_at_risk", shop, ref, risk, STAFF(risk))
for shop in shops:
    day = local(shop, events[0]["at"]).date()
    while datetime.combine(day, time(0), zone(shop)) < END:
        morning = datetime.combine(day, time(8, 30), zone(shop))
        for (where, ref), a in appointments.items():
            known = [start for at, start in a["moves"] if at <= morning]
            gone = a["ends"] is not None and a["ends"] <= morning
            if where == shop and spans(shop, day) and known and local(shop, known[-1]).date() == day and not gone:
                expect("staff.day_list", shop, shop, morning, STAFF(morning), whose=a["advisor"])
        if spans(shop, day):
            closes = spans(shop, day)[-1][1]
            sweep, until = closes - H(1), next_opening(shop, closes - timedelta(seconds=1)) + H(1)
            due = [i for (where, _), i in inquiries.items() if where == shop and i["at"] < sweep and (i["replied"] is None or i["replied"] > sweep) and i["at"] + H(24) < until]
            if due: expect("staff.closing_sweep", shop, shop, sweep, STAFF(sweep))
        day += timedelta(days=1)
SAME = {"email": ["email", "sms"], "sms": ["sms"], "wechat": ["wechat", "sms", "email"], "web": ["email", "sms"]}
for (shop, ref), i in inquiries.items():
    asked, due = i["at"], i["at"] + H(24)
    expect("inquiry.ack", shop, ref, asked, says(shop, i["customer"], asked, SAME[i["channel"]], answers=True))
    steps = {}
    for strength, at in enumerate([open_for(shop, asked, M(30)), open_for(shop, asked, H(2)), asked + H(12), asked + H(18), asked + H(24) * 0.9, due - H(2)]):
        if at >= due: continue
        if not is_open(shop, at): at = max(last_closing(shop, at) - H(1), asked)
        steps[at] = max(steps.get(at, 0), strength)
    running = lambda at: i["replied"] is None or at < i["replied"]
    for at, strength in steps.items():
        # At nine tenths only an inquiry that nobody has is told of; everybody's is given to somebody within minutes.
        if strength != 4 and running(at): expect("staff.inquiry_at_risk", shop, ref, at, STAFF(at))
    for at in (due, due + H(4)):
        if running(at): expect("staff.inquiry_breached", shop, ref, at, STAFF(at))
    if running(due): expect("inquiry.overdue_apology", shop, ref, due, says(shop, i["customer"], due, MAIL))

# What was printed.
faults, planned, said = [], {}, []
for number, line in enumerate(sys.stdin, 1):
    if number == 1: continue    # the names of the columns
    at, what, kind, subject, reader, way, when, why, _ = line.rstrip("\n").split("\t")
    if not why.strip("-"): faults.append(f"line {number}: {kind} does not say why")
    if kind == "staff.day_list": subject += f" {reader}"
    if what in ("planned", "skipped"):
        reason = why.split()[-1] if what == "skipped" else "planned"
        planned.setdefault((kind, subject, reason), set()).add(None if when == "-" else datetime.fromisoformat(when))
    elif what == "message.accepted": said.append((kind, subject, way.split()[0], datetime.fromisoformat(at)))
for (kind, subject, what, when, slack), channels_said in expected.items():
    found = planned.get((kind, subject, what), set())
    match = next((t for t in found if t is when or (t and when and when <= t <= when + slack)), "none")
    if match == "none": faults.append(f"{kind} {subject}: {what} {when} expected, {sorted(map(str, found))} printed"); continue
    found.discard(match)
    for channel, (begins, ends) in (channels_said or {}).items():
        heard = next((s for s in said if s[:3] == (kind, subject, channel) and begins <= s[3] <= ends), None)
        if heard is None: faults.append(f"{kind} {subject}: by {channel} between {begins} and {ends} expected")
        else: said.remove(heard)
faults += [f"{kind} {subject}: {what} {t} printed, not expected" for (kind, subject, what), left in planned.items() for t in left]
# Two readers of one alarm are two messages at one moment.
seen = {(kind, subject, channel, when) for (kind, subject, _, when, _), by in expected.items() if kind.startswith("staff.") for channel in by or {}}
faults += [f"{kind} {subject}: said by {channel} at {at}, not expected" for kind, subject, channel, at in said if (kind, subject, channel, at) not in seen]
for fault in faults: print(fault)
print(f"{len(expected)} notices of {len({k[0] for k in expected})} kinds recomputed, {len(faults)} differences", file=sys.stderr)
sys.exit(bool(faults))
