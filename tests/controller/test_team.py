"""Minor incidents go to the team, and page no one."""

import copy
from datetime import timedelta

from firstline.config.profile import Profile
from firstline.controller.sweep import WAKE_GRACE, sweep
from firstline.incidents.incident import Status
from firstline.ledger.chain import Kind
from firstline.notifications.pages import NO_LADDER
from firstline.signal import Severity
from tests.builders import PROFILE
from tests.controller.rig import Rig
from tests.events import EVENTS, edited

REPORT = edited((EVENTS / "user.report.json").read_bytes(), {"time": "2026-03-11T04:18:00Z"})


def minor() -> Profile:
    """The runbook's profile, in which an outage is a P3."""
    rules = tuple(copy.replace(each, severity=Severity.P3) for each in PROFILE.rules)
    return copy.replace(PROFILE, rules=rules)


def subjects(rig: Rig) -> list[str]:
    return [subject for _, subject, _ in rig.world.notices]


def test_a_p3_is_sent_at_its_opening_and_its_end() -> None:
    """Nothing goes to the pager."""
    rig = Rig(profile=minor())
    rig.hear()
    held = rig.at_the_end()
    assert held.status is Status.RESOLVED
    opening = "P3 complete outage: alarm healthy-hosts went to ALARM at 04:18:43 UTC"
    over = f"[vettid us-east-1] closed: {opening}"
    assert subjects(rig) == [f"[vettid us-east-1] {opening}", over]
    assert rig.posts == []
    result = [each for each in rig.entries_of(Kind.PAGE) if each["channel"] != "change"]
    assert [(each["channel"], each["action"], each["outcome"]) for each in result] == [
        ("team", "trigger", "accepted"),
        ("team", "resolve", "accepted"),
    ]


def test_a_topic_that_is_down_delays_nothing() -> None:
    """The incident goes on meanwhile."""
    rig = Rig(profile=minor())
    rig.script.failing = {"publish"}
    rig.hear()
    rig.until(lambda held: held.attempts)
    assert subjects(rig) == []
    rig.script.failing = set()
    rig.at_the_end()
    assert len(subjects(rig)) == 2


def test_a_topic_that_hangs_does_not_hold_a_page_back() -> None:
    """The pager is asked all the same."""
    rig = Rig(profile=minor())
    rig.script.failing = {"publish"}
    rig.hear()
    grave = copy.replace(
        rig.incident(),
        pages=(*rig.incident().pages, copy.replace(rig.incident().pages[0], channel="pager")),
    )
    rig.store(grave, version=grave.version)
    rig.until(lambda held: any(each.sent_at for each in held.pages))
    assert rig.posts == [("trigger", grave.id)]
    assert subjects(rig) == []


def test_a_users_report_is_looked_into_and_given_to_the_team() -> None:
    """R23 to R26: hosts are inspected, nothing is fixed, and the next steps are sent."""
    rig = Rig()
    rig.hear(REPORT)
    held = rig.at_the_end()
    assert (held.status, rig.fixes, rig.posts) == (Status.ESCALATED, [], [])
    assert held.hosts.keys() == set(rig.world.hosts)
    assert subjects(rig) == [
        f"[vettid us-east-1] P3 user affected: user; {NO_LADDER}"[:100],
        "[vettid us-east-1] P3 user affected: firstline escalated the incident to on-call",
    ]
    text = rig.world.notices[-1][2]
    assert all(step in text for step in ("R24", "R25", "R26", "no automatic fix"))
    assert held.reports[0].user not in text


def test_a_sweep_sends_a_message_once_its_wake_is_late() -> None:
    """No key folds a second one: who has the wake may be sending it at this moment."""
    rig = Rig(profile=minor())
    rig.script.failing = {"publish"}
    rig.hear()
    rig.waiting.clear()
    rig.script.failing = set()
    due_at = rig.incident().pages[0].due_at
    rig.world.advance(due_at + WAKE_GRACE - timedelta(milliseconds=1))
    sweep(rig.system)
    assert subjects(rig) == []
    rig.world.advance(due_at + WAKE_GRACE)
    sweep(rig.system)
    assert len(subjects(rig)) == 1
    assert rig.incident().pages[0].sent_at == rig.world.now
