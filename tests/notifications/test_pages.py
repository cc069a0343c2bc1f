import copy
from datetime import timedelta
from typing import Any

import pytest

from firstline.config.channels import Routes
from firstline.incidents.incident import Incident, Page
from firstline.incidents.resolve_delay import RESOLVE_DELAY_MIN
from firstline.notifications import pages as paging
from firstline.notifications.delivery import Accepted, BadBody, Delivery, NotYet
from firstline.notifications.origin import Origin
from firstline.signal import Severity
from tests.builders import ID, NOW, PROFILE, incident, signal
from tests.notifications import wire
from tests.remediation.situations import proposal

ROUTES = Routes()

CONSOLE = "https://us-east-1.console.aws.amazon.com/cloudwatch/home?region=us-east-1"
LINK = f"{CONSOLE}#alarmsV2:alarm/vettid-prod-enclave-healthy-hosts"
BOARD = f"{CONSOLE}#dashboards/dashboard/firstline-vettid"
ORIGIN = Origin(fleet="vettid", region="us-east-1", mode="enforce")
FACTS = {
    "incident": ID,
    "condition": "complete-outage",
    "component": "fleet",
    "signalled_at": "2026-03-11T04:18:58+00:00",
    "alarm_link": LINK,
}
OPENED = incident(pages=paging.opening_pages(incident(), signal(), "a rule fits", PROFILE))
(OPENING,) = OPENED.pages


SPENT = {"why": "spent", "tried": "nothing"}


def escalated(held: Incident) -> Incident:
    return copy.replace(
        held, pages=(*held.pages, *paging.escalation_pages(held, SPENT, NOW, ROUTES))
    )


def closed(held: Incident) -> Incident:
    return copy.replace(held, pages=(*held.pages, *paging.resolve_pages(held, NOW)))


def test_the_opening_page_has_the_episodes_own_key() -> None:
    """I2: a redelivery gives the same key, so PagerDuty folds it."""
    assert wire.body(OPENING, ORIGIN) == {
        "event_action": "trigger",
        "dedup_key": ID,
        "payload": {
            "summary": "[vettid us-east-1] P1 complete outage:"
            " alarm healthy-hosts went to ALARM at 04:18:58 UTC",
            "source": "vettid",
            "severity": "critical",
            "component": "fleet",
            "group": "vettid",
            "class": "complete-outage",
            "custom_details": {
                "region": "us-east-1",
                "mode": "enforce",
                "dashboard_link": BOARD,
                "rule": "all vaults inaccessible",
                "why": "a rule fits",
                **FACTS,
            },
        },
        "client": "firstline",
        "links": [
            {"href": LINK, "text": "the alarm"},
            {"href": BOARD, "text": "console and dashboard"},
        ],
    }


def test_the_hand_over_has_a_key_of_its_own() -> None:
    """S14: a trigger under the key of an acknowledged alert would not notify."""
    held = incident()
    (page,) = paging.escalation_pages(held, SPENT, NOW, ROUTES)
    assert (page.key, page.action, page.queued_at, page.due_at) == (
        f"{ID}:escalated",
        "trigger",
        NOW,
        NOW,
    )
    assert page.summary == "P1 complete outage: firstline escalated the incident to on-call"
    assert page.details == FACTS | SPENT


def test_an_incident_without_an_alarm_is_paged_once() -> None:
    """Its opening page is complete; it has no alarm to link to."""
    held = incident(alarm_arn="", alarms=())
    assert paging.escalation_pages(held, SPENT, NOW, ROUTES) == ()
    minor = copy.replace(held, severity=Severity.P3)
    assert (
        len(paging.escalation_pages(minor, SPENT, NOW, ROUTES)) == 1
    )  # what was seen on its hosts is news
    assert paging.escalation_pages(copy.replace(minor, hosts={}), SPENT, NOW, ROUTES) == ()
    (page,) = paging.opening_pages(held, signal(), "unreadable", PROFILE)
    assert "alarm_link" not in page.details
    assert wire.body(page, ORIGIN)["links"] == [{"href": BOARD, "text": "console and dashboard"}]


@pytest.mark.parametrize(
    ("severity", "told"),
    [
        (Severity.P1, ["critical", "critical"]),
        (Severity.P2, ["error", "error"]),
        (Severity.P3, []),
        (Severity.P4, []),
    ],
)
def test_only_p1_and_p2_wake_a_person(severity: Severity, told: list[str]) -> None:
    """R44: neither the opening nor the hand-over of a P3 or P4 pages."""
    held = incident(severity=severity)
    pages = (
        *paging.opening_pages(held, signal(), "x", PROFILE),
        *paging.escalation_pages(held, SPENT, NOW, ROUTES),
    )
    paged: list[Any] = [wire.body(each, ORIGIN) for each in pages if each.channel == "pager"]
    assert [each["payload"]["severity"] for each in paged] == told


def test_a_p3_goes_to_the_team() -> None:
    """Its opening, its hand-over and its end; a user's as well, which has no alarm."""
    held = incident(severity=Severity.P3, alarm_arn="")
    held = copy.replace(held, pages=paging.opening_pages(held, signal(), "x", PROFILE))
    result = (
        *held.pages,
        *paging.escalation_pages(held, SPENT, NOW, ROUTES),
        *paging.resolve_pages(held, NOW),
    )
    assert [(each.channel, each.summary.split(":")[0]) for each in result] == [
        ("team", "P3 complete outage"),
        ("team", "P3 complete outage"),
        ("team", "closed"),
    ]
    subject, text = wire.notice(result[1], ORIGIN)
    assert subject == (
        "[vettid us-east-1] P3 complete outage: firstline escalated the incident to on-call"
    )
    assert text.splitlines()[:7] == [
        subject,
        f"incident: {ID}:escalated",
        "region: us-east-1",
        "mode: enforce",
        f"dashboard_link: {BOARD}",
        "why: spent",
        "tried: nothing",
    ]


@pytest.mark.parametrize("summary", ["x" * 1_024, "P3 \u00e9\n\x1b[31m" * 40])
def test_a_subject_is_what_the_topic_takes(summary: str) -> None:
    """Printable ASCII of at most 100 characters."""
    page = copy.replace(
        paging.opening_pages(incident(), signal(), "x", PROFILE)[0], summary=summary
    )
    subject, text = wire.notice(page, ORIGIN)
    assert len(subject) == 100
    assert subject.isascii()
    assert subject.isprintable()
    assert text.startswith(f"[vettid us-east-1] {summary[:4]}")
    assert text.partition("\n")[0].isprintable()


def test_the_pager_and_the_team_do_not_wait_for_each_other() -> None:
    """They share an incident's key, and not its order."""
    minor = incident(severity=Severity.P3)
    pages = paging.opening_pages(minor, signal(), "x", PROFILE) + paging.opening_pages(
        incident(), signal(), "x", PROFILE
    )
    held = copy.replace(incident(), pages=pages)
    assert [each.channel for each in paging.pending(held.pages)] == ["team", "pager"]


def test_every_key_has_a_resolve_after_its_trigger() -> None:
    """I2: a page behind another of its key waits until that one was taken."""
    held = closed(escalated(OPENED))
    for action, due_at in (("trigger", NOW), ("resolve", NOW + RESOLVE_DELAY_MIN)):
        owed = paging.pending(held.pages)
        assert [(each.key, each.action) for each in owed] == [
            (ID, action),
            (f"{ID}:escalated", action),
        ]
        assert paging.due_pages(held.pages, due_at) == owed
        assert (
            action == "trigger" or paging.due_pages(held.pages, due_at - timedelta(seconds=1)) == ()
        )
        for each in owed:
            pages = paging.after_try(held.pages, each, Accepted(), NOW)
            held = copy.replace(held, pages=pages)
    assert paging.pending(held.pages) == ()
    assert wire.body(held.pages[2], ORIGIN) == {"event_action": "resolve", "dedup_key": ID}


@pytest.mark.parametrize("delivery", [NotYet("503"), BadBody("no")])
def test_a_refused_page_stays_pending_and_is_retried(delivery: Delivery) -> None:
    """It is tried every ten seconds, and holds back the pages of its key alone."""
    pages = paging.after_try(closed(escalated(OPENED)).pages, OPENING, delivery, NOW)
    page = pages[0]
    assert (page.tries, page.sent_at, page.due_at) == (1, None, NOW + timedelta(seconds=10))
    assert [each.key for each in paging.due_pages(pages, NOW)] == [f"{ID}:escalated"]
    assert paging.due_pages(pages, page.due_at)[0] == page


def test_a_page_that_was_taken_is_sent() -> None:
    """The instant of the try is kept."""
    assert paging.after_try(OPENED.pages, OPENING, Accepted(), NOW) == (
        copy.replace(OPENING, tries=1, sent_at=NOW, due_at=NOW + paging.RETRY_DELAY),
    )


@pytest.mark.parametrize("page", [OPENING, closed(OPENED).pages[1]])
def test_the_minimal_body_has_fixed_words_and_the_same_key(page: Page) -> None:
    """The body for an event that PagerDuty refuses."""
    expected: dict[str, object] = {"event_action": page.action, "dedup_key": ID}
    if page.action == "trigger":
        summary = f"[vettid us-east-1] firstline: P1 incident {ID}"
        expected["payload"] = {"summary": summary, "source": "vettid", "severity": "critical"}
    assert wire.minimal_body(page, ORIGIN) == expected


def test_a_summary_fits_pagerduty() -> None:
    """Its limit is 1,024 characters."""
    (page,) = paging.opening_pages(incident(), signal(subject="x" * 2000), "y", PROFILE)
    assert len(page.summary) == 1024
    event: Any = wire.body(page, ORIGIN)
    assert len(event["payload"]["summary"]) == 1024


REPORT = "https://us-east-1.console.aws.amazon.com/s3/buckets/b?region=us-east-1&prefix=reports/i/"


def test_what_ends_links_to_its_report() -> None:
    """An escalation in addition to its alarm, and each resolve; an answered request has none."""
    held = escalated(OPENED)
    (page,) = paging.escalation_pages(OPENED, SPENT | {"report_link": REPORT}, NOW, ROUTES)
    assert wire.body(page, ORIGIN)["links"] == [
        {"href": LINK, "text": "the alarm"},
        {"href": BOARD, "text": "console and dashboard"},
        {"href": REPORT, "text": "the report"},
    ]
    resolves = paging.resolve_pages(held, NOW, REPORT)
    assert [wire.body(each, ORIGIN) for each in resolves] == [
        {
            "event_action": "resolve",
            "dedup_key": each.key,
            "links": [{"href": REPORT, "text": "the report"}],
        }
        for each in resolves
    ]
    assert resolves
    assert all("links" not in wire.body(each, ORIGIN) for each in paging.resolve_pages(held, NOW))


def test_a_page_names_its_deployment() -> None:
    """Each trigger, whatever it is about; in a mode that fixes nothing the title says so."""
    held = incident()
    observed = copy.replace(ORIGIN, mode="dry-run")
    triggers = (
        OPENING,
        *paging.rise_pages(held, signal(), "x", NOW, PROFILE),
        *paging.real_trouble_pages(held, signal(), "x", NOW, PROFILE),
        *paging.escalation_pages(held, SPENT, NOW, ROUTES),
        paging.approval_page(held, proposal(), (), ORIGIN),
    )
    for page in triggers:
        for origin, title in (
            (ORIGIN, "[vettid us-east-1] "),
            (observed, "[vettid us-east-1 d"),
        ):
            event: Any = wire.body(page, origin)
            assert event["payload"]["summary"].startswith(title)
            assert event["payload"]["custom_details"]["mode"] == origin.mode
            assert wire.notice(page, origin)[0].startswith(title)
            least: Any = wire.minimal_body(page, origin)
            assert least["payload"]["summary"].startswith(title)


def test_the_runbook_is_linked_where_it_is_known() -> None:
    """As a link, and as a line for plain text."""
    runbook = "https://wiki.example.com/enclaves"
    known = copy.replace(ORIGIN, runbook=runbook)
    event: Any = wire.body(OPENING, known)
    assert event["links"][-1] == {"href": runbook, "text": "the runbook"}
    assert f"runbook_link: {runbook}" in wire.notice(OPENING, known)[1].splitlines()


def test_an_opening_page_without_a_ladder() -> None:
    """The person who is paged is the one to act; so where it rises, or is no drill."""
    bare = copy.replace(PROFILE, ladders=())
    result = "no automatic fix for this condition: manual action required"
    pages = (
        *paging.opening_pages(incident(), signal(), "x", bare),
        *paging.rise_pages(incident(), signal(), "x", NOW, bare),
        *paging.real_trouble_pages(incident(), signal(), "x", NOW, bare),
    )
    for page in pages:
        assert page.summary.endswith(f"went to ALARM at 04:18:58 UTC; {result}")
        assert page.details["fix"] == result
    assert "fix" not in OPENING.details


def test_an_alarm_goes_by_its_name() -> None:
    """One that the profile does not know has an ARN for a subject, with a name of any kind."""
    arn = "arn:aws:cloudwatch:us-east-1:111122223333:alarm:a:alarm:b/c"
    (page,) = paging.opening_pages(
        incident(alarm_arn=arn), signal(subject=arn, arn=arn), "x", PROFILE
    )
    assert page.summary == "P1 complete outage: alarm a:alarm:b/c went to ALARM at 04:18:58 UTC"
    assert page.details["alarm_link"] == f"{CONSOLE}#alarmsV2:alarm/a$3Aalarm$3Ab$2Fc"


def test_the_link_to_an_alarm_is_kept_whole() -> None:
    """Auto Scaling puts a GUID into the names of its alarms: without it the link leads nowhere."""
    guid = "0f3c9a1e-5b7d-4c2a-9e10-aa00000c0001"
    arn = f"arn:aws:cloudwatch:us-east-1:111122223333:alarm:TargetTracking-AlarmHigh-{guid}"
    (page,) = paging.opening_pages(
        incident(alarm_arn=arn), signal(subject=arn, arn=arn), "x", PROFILE
    )
    event: Any = wire.body(page, ORIGIN)
    assert guid not in event["payload"]["summary"]
    assert event["links"][0]["href"].endswith(f"#alarmsV2:alarm/TargetTracking-AlarmHigh-{guid}")


def test_an_address_that_was_redacted_is_no_link() -> None:
    """It would lead nowhere."""
    (page,) = paging.escalation_pages(
        incident(), {"report_link": "https://x/111122223333/"}, NOW, ROUTES
    )
    event: Any = wire.body(page, ORIGIN)
    assert "the report" not in {each["text"] for each in event["links"]}


def test_a_change_links_to_the_console() -> None:
    """As a page does."""
    event: Any = wire.change_body(paging.drill_heartbeat(incident()), ORIGIN)
    assert event["links"] == [{"href": BOARD, "text": "console and dashboard"}]
    assert event["payload"]["summary"].startswith("[vettid us-east-1] firstline: a drill")
