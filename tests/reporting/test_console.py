"""The console's views: what they hold, and what they look like as HTML."""

import copy
import json
import re
from datetime import datetime, timedelta

import pytest

from firstline.cli.analysis import board
from firstline.controller.console import read_view
from firstline.errors import DependencyUnavailable, Unreadable
from firstline.ids import Digest, IncidentId
from firstline.incidents.approvals import Approval
from firstline.incidents.incident import Incident, Status
from firstline.ledger.chain import Chain, Data, Kind, Provenance, append
from firstline.ledger.export import DecodedEntry, decode_entry
from firstline.remediation.kill_switch import CHAIN, KillSwitch
from firstline.reporting.console import lines, rows
from firstline.reporting.console.rows import RowContext
from firstline.reporting.console.view import LINES_MAX, Detail, Missing, Overview, Row
from firstline.reporting.html.console import Theme, page, widget
from firstline.reporting.links import Link, Places
from tests.builders import ID, NOW, answered, attempt, incident, targets
from tests.builders import look as looking
from tests.controller.rig import Rig, opened
from tests.events import body
from tests.remediation.situations import proposal, switch

BY = Provenance(Digest("0" * 64), "code")
MINUTE = timedelta(minutes=1)
LENS = RowContext(now=NOW)
ARN = "arn:aws:lambda:us-east-1:111122223333:function:console"
HOSTILE = "<script>x</script> 0f3c9a1e-5b7d-4c2a-9e10-aa0000000001 me@example.com"


def chain(*said: tuple[datetime, Kind, Data], of: str = ID) -> list[DecodedEntry]:
    """A chain that says this."""
    links, made = Chain(), list[DecodedEntry]()
    for at, kind, data in said:
        links, entry = append(links, IncidentId(of), kind, at, BY, data)
        made.append(decode_entry(entry))
    return made


SIGNAL: Data = {
    "disposition": "incident",
    "severity": "P1",
    "condition": "complete-outage",
    "subject": "healthy-hosts",
    "state": "ALARM",
    "why": "a rule fits",
}
PROPOSAL: Data = {
    "action": "restart_enclave",
    "targets": ["i-0a1b2c3d4e5f60711"],
    "plan": "f" * 64,
    "approvable": True,
    "until": (NOW + MINUTE).isoformat(),
}
OPENING = (NOW, Kind.SIGNAL, SIGNAL)


def decision(step: str, why: str = "so", **fields: object) -> Data:
    return {"step": {"type": step}, "rule": "a rule", "why": why, "mode": "dry-run", **fields}


# --- rows --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("held", "outcome", "owner", "doing"),
    [
        (incident(targets=()), "open", "firstline", "watches"),
        (incident(look=looking()), "open", "firstline", "inspects hosts; 0 of 3 hosts verified"),
        (
            incident(targets=(), recovered_at=NOW),
            "open",
            "firstline",
            "recovered, watches for a relapse",
        ),
        (
            incident(attempts=(attempt(),), targets=targets(verified=5)),
            "open",
            "firstline",
            "restart_enclave on i-0a1b2c3d4e5f60711 was sent; 3 of 3 hosts verified",
        ),
        (
            incident(attempts=(answered(5),), targets=()),
            "open",
            "firstline",
            "restart_enclave on i-0a1b2c3d4e5f60711 is being verified",
        ),
        (incident(status=Status.ESCALATED), "escalated", "on-call", ""),
        (incident(status=Status.RESOLVED), "resolved", "", ""),
    ],
)
def test_a_stored_incident_is_a_row(held: Incident, outcome: str, owner: str, doing: str) -> None:
    row = rows.of_incident(held, (), LENS)
    assert (row.id, row.severity, row.condition) == (ID, "P1", "complete-outage")
    assert (row.outcome, row.owner, row.doing, row.asks) == (outcome, owner, doing, ())


def test_an_approval_request_has_its_commands() -> None:
    """Not what was answered, is only recommended, or whose time is over."""
    waits = proposal()
    text = Approval(plan=waits.plan, granted=True, by="a", at=NOW, until=NOW)
    others = (
        proposal(text),
        copy.replace(waits, approvable=False),
        copy.replace(waits, until=NOW),
    )
    assert rows.of_incident(incident(proposals=others), (), LENS).asks == ()
    (ask,) = rows.of_incident(incident(proposals=(*others, waits)), (), LENS).asks
    assert ask.what == f"{waits.action} on {waits.target}"
    assert ask.approve == f"firstline approve {ID} {waits.plan[:12]}"
    assert ask.deny == f'firstline deny {ID} {waits.plan[:12]} --why "..."'
    known = copy.replace(LENS, places=Places(fleet="vaults", region="us-east-1"))
    (ask,) = rows.of_incident(incident(proposals=(waits,)), (), known).asks
    where = "--fleet vaults --region us-east-1"
    assert ask.approve == f"firstline approve {ID} {waits.plan[:12]} {where}"
    assert ask.deny == f'firstline deny {ID} {waits.plan[:12]} --why "..." {where}'


@pytest.mark.parametrize(
    ("later", "asks"),
    [
        ((), 1),
        (((NOW, Kind.APPROVAL, {"plan": "f" * 64, "granted": False, "counts": True}),), 0),
        (((NOW, Kind.INTENT, {"plan": "f" * 64, "action": "a", "token": "t", "fence": 1}),), 0),
        (((NOW, Kind.PROPOSAL, PROPOSAL | {"plan": "e" * 64, "approvable": False}),), 1),
    ],
)
def test_a_chain_has_its_approval_requests(
    later: tuple[tuple[datetime, Kind, Data], ...], asks: int
) -> None:
    records = chain(OPENING, (NOW, Kind.PROPOSAL, PROPOSAL), *later)
    assert len(rows.of_chain(records, LENS).asks) == asks
    assert rows.of_chain(records, RowContext(now=NOW + MINUTE)).asks == ()


def test_a_chain_has_its_last_fix_and_its_owner() -> None:
    intent: Data = {"action": "restart_enclave", "token": "t", "fence": 1, "targets": ["i-1"]}
    tried = chain(OPENING, (NOW, Kind.INTENT, intent))
    assert rows.of_chain(tried, LENS).doing == "restart_enclave on i-1 has no verdict yet"
    over = chain(OPENING, (NOW + MINUTE, Kind.DECISION, decision("escalate")))
    row = rows.of_chain(over, RowContext(now=NOW + 2 * MINUTE))
    assert (row.outcome, row.owner, row.doing) == ("escalated", "on-call", "")
    assert rows.age(row, NOW + 2 * MINUTE) == MINUTE


def test_pauses_stand_until_they_end() -> None:
    """By the switch, and by the entries of its chain: the latest of a scope counts."""
    paused = switch("everything")
    assert [each.scope for each in rows.active_pauses(paused, NOW)] == ["everything"]
    assert rows.active_pauses(switch("everything", ends=60), NOW) == ()
    until = (NOW + MINUTE).isoformat()
    pause: Data = {"change": "paused", "scope": "everything", "why": "w", "by": "b", "until": until}
    result = chain((NOW, Kind.PAUSE, pause), of=CHAIN)
    assert [each.why for each in board.stops(result, NOW)] == ["w"]
    assert board.stops(result, NOW + MINUTE) == ()
    resumed: Data = {"change": "resumed", "scope": "everything"}
    both = chain((NOW, Kind.PAUSE, pause), (NOW, Kind.PAUSE, resumed), of=CHAIN)
    assert board.stops(both, NOW) == ()


# --- lines -------------------------------------------------------------------------------------


def test_a_line_has_the_decisions_without_a_line_of_their_own() -> None:
    """A repeated line in a row is one line."""
    no = {"guard": "cooldown", "denial": {"why": "too soon"}}
    yes = {"guard": "switch_is_off", "denial": None}
    wait = decision("wait", facts=["dead"], guards=[no, yes])
    quiet = decision("look") | {"rule": "LookUnderWay"}
    made, left_out = lines.lines(
        chain(
            OPENING,
            (NOW, Kind.DECISION, quiet),
            (NOW + MINUTE, Kind.DECISION, wait),
            (NOW + 2 * MINUTE, Kind.DECISION, wait),
            (NOW + 3 * MINUTE, Kind.SIGNAL, SIGNAL),
            (NOW + 4 * MINUTE, Kind.SIGNAL, SIGNAL),
        )
    )
    assert left_out == 0
    assert [(each.word, each.times, len(each.decisions)) for each in made] == [
        ("receives", 1, 1),
        ("waits", 1, 2),
        ("receives", 2, 0),
    ]
    assert (made[2].after, made[2].last) == (3 * MINUTE, 4 * MINUTE)
    reasons = made[1].decisions[0]
    assert (reasons.step, reasons.rule, reasons.why) == ("wait", "a rule", "so")
    assert reasons.facts == ("dead",)
    assert [(each.guard, each.denial) for each in reasons.answers] == [
        ("cooldown", "too soon"),
        ("switch_is_off", ""),
    ]


def test_a_decision_of_another_form_is_shown_in_part() -> None:
    """First in its chain, too, where there is no line before it."""
    made, _ = lines.lines(chain((NOW, Kind.DECISION, {"guards": [{"denial": {}}]})))
    assert [(each.word, len(each.decisions)) for each in made] == [("records", 1)]
    quiet = decision("look") | {"rule": "LookUnderWay"}
    assert lines.lines(chain((NOW, Kind.DECISION, quiet))) == ((), 0)


def test_of_a_long_timeline_the_latest_lines_are_shown() -> None:
    many = [(NOW, Kind.SIGNAL, SIGNAL | {"why": str(number)}) for number in range(LINES_MAX + 5)]
    made, left_out = lines.lines(chain(*many))
    assert (len(made), left_out) == (LINES_MAX, 5)
    assert made[-1].text.endswith(f": {LINES_MAX + 4}")


# --- views -------------------------------------------------------------------------------------


def test_a_board_shows_the_state_at_its_time() -> None:
    records = [
        *chain(OPENING, (NOW + MINUTE, Kind.DECISION, decision("close"))),
        *chain(OPENING, of="inc-2"),
        *chain((NOW, Kind.SIGNAL, SIGNAL | {"disposition": "context"}), of="inc-3"),
    ]
    before, after = (
        board.board_at("vettid", records, NOW),
        board.board_at("vettid", records, NOW + MINUTE),
    )
    early, late = before.view(""), after.view(" ")
    assert isinstance(early, Overview)
    assert isinstance(late, Overview)
    assert ([each.id for each in early.open], early.ended) == ([ID, "inc-2"], ())
    assert [each.id for each in late.open] == ["inc-2"]
    assert [(each.id, each.outcome) for each in late.ended] == [(ID, "self-recovered")]
    assert (early.mode, late.mode) == ("unknown", "dry-run")
    detail = after.view(ID)
    assert isinstance(detail, Detail)
    assert [each.word for each in detail.lines] == ["receives", "closes"]
    assert after.view("inc-4") == Missing("There is no incident inc-4.")


def test_the_controller_reads_open_incidents_and_one_of_them() -> None:
    """It writes nothing, and asks nothing of the world while nothing is escalated."""
    rig = opened()
    rig.turn()
    rig.script.calls.clear()
    seen = read_view("", rig.system)
    assert isinstance(seen, Overview)
    assert [each.id for each in seen.open] == [rig.id()]
    assert (seen.more, seen.unreadable, seen.stops) == (False, "", ())
    detail = read_view(f" {rig.id()} ", rig.system)
    assert isinstance(detail, Detail)
    assert detail.row.id == rig.id()
    assert detail.lines[0].word == "receives"
    assert rig.script.calls == {
        **dict.fromkeys(("open_now", "escalated", "closed", "switch", "last_entries"), 1),
        "load": 2,
        "entries": 1,
    }


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ("inc-" + "0" * 20, "There is no incident inc-00000000000000000000."),
        ("inc-1; drop", "An incident's id is inc- and twenty hexadecimal digits."),
        ("control", "An incident's id is inc- and twenty hexadecimal digits."),
    ],
)
def test_a_request_is_validated(asked: str, why: str) -> None:
    assert read_view(asked, Rig().system) == Missing(why)


def test_unreadable_incidents_are_shown() -> None:
    rig = opened()
    rig.script.failing = {"open_now"}
    result = read_view("", rig.system)
    assert isinstance(result, Missing)
    assert result.why.startswith("The console cannot read it: store.open_now")
    assert DependencyUnavailable.__name__ not in result.why


def test_a_signal_that_opened_nothing_is_shown_too() -> None:
    """It has a chain and no incident."""
    rig = opened()
    rig.tables.incidents.clear()
    (id_,) = rig.tables.entries
    detail = read_view(id_, rig.system)
    assert isinstance(detail, Detail)
    assert detail.row.outcome == "open"


def test_one_that_cannot_be_read_is_a_row_and_the_others_are_right() -> None:
    """The deployed console and `firstline console` say it alike."""
    rig = opened()
    text = rig.tables.incidents[rig.id()]
    rig.hear(body("unlisted-http-api-5xx"))
    rig.tables.incidents[rig.id()] = "{}"
    deployed = read_view("", rig.system)
    odd = SIGNAL | {"signalled_at": "long ago"}
    records = [*chain((NOW, Kind.SIGNAL, odd)), *chain(OPENING, of="inc-2")]
    at_hand = board.board_at("vettid", records, NOW).view("")
    for seen in (deployed, at_hand):
        assert isinstance(seen, Overview)
        conditions = {each.condition: each.unreadable for each in seen.open}
        assert len(conditions) == 2
        assert conditions.pop("cannot be read").startswith(
            "This version cannot read the incident: "
        )
        assert list(conditions.values()) == [""]
        for shown in (widget(seen, ARN, "light"), page(seen)):
            assert shown.count("This version cannot read the incident: ") == 1
            assert shown.count(">Timeline<") == 2
    rig.tables.incidents[rig.id()] = text
    again = read_view("", rig.system)
    assert isinstance(again, Overview)
    assert [each.unreadable for each in again.open] == ["", ""]


def test_the_timeline_of_one_that_cannot_be_read_is_shown_all_the_same() -> None:
    rig = opened()
    rig.tables.incidents[rig.id()] = "{}"
    odd: tuple[datetime, Kind, dict[str, object]] = (NOW, Kind.DECISION, {"step": 1})
    at_hand = board.board_at("vettid", chain(OPENING, odd), NOW).view(ID)
    for seen in (read_view(rig.id(), rig.system), at_hand):
        assert isinstance(seen, Detail)
        assert seen.lines[0].word == "receives"
        for shown in (widget(seen, ARN, "light"), page(seen)):
            assert "This version cannot read the incident: " in shown
    beside = board.board_at(
        "vettid", [*chain(OPENING, odd), *chain(OPENING, of="inc-2")], NOW
    ).view("")
    assert isinstance(beside, Overview)
    assert len(beside.open) == 2


def test_since_when_may_be_unknown() -> None:
    """Attributes next to the incident's text may be corrupt as well."""
    seen = overview(open=(rows.of_unreadable(Unreadable(ID, "why")),))
    assert rows.age(seen.open[0], NOW) is None
    assert "This version cannot read the incident: why." in widget(seen, ARN, "light")


def test_an_unreadable_switch_is_shown_as_a_stop() -> None:
    rig = opened()
    rig.tables.switch = KillSwitch(pauses=(), unreadable="odd")
    shown = widget(read_view("", rig.system), ARN, "light")
    assert "No fix runs: the pauses cannot be read (odd)" in shown


# --- HTML --------------------------------------------------------------------------------------

ROW = Row(
    id=IncidentId(ID),
    severity="P1",
    condition="complete-outage",
    alarm="healthy-hosts",
    opened_at=NOW,
    ended_at=None,
    outcome="open",
    owner="firstline",
)


def overview(**fields: object) -> Overview:
    known: dict[str, object] = {"fleet": "f", "mode": "dry-run", "now": NOW, "open": (ROW,)}
    return Overview(**known | fields)  # type: ignore[arg-type]


def test_a_widget_calls_its_function_again_and_has_no_script() -> None:
    """`cwdb-action` stands right behind what is clicked, with JSON that names the incident."""
    shown = widget(overview(), ARN, "light")
    calls = re.findall(r"</a><cwdb-action ([^>]*)>([^<]*)</cwdb-action>", shown)
    assert [json.loads(text) for _, text in calls] == [{"incident": ID}, {"form": "yes"}]
    assert {attributes for attributes, _ in calls} == {f'action="call" endpoint="{ARN}"'}
    assert '<label for="firstline-incident">Incident id</label>' in shown
    assert '<input type="text" id="firstline-incident" name="incident"' in shown
    assert "<script" not in shown
    assert "href" not in shown


def test_a_link_out_opens_in_a_new_tab() -> None:
    """It does not learn where it was opened from."""
    links = (Link("runbook", "https://wiki.example.com/?a=1&b=2"),)
    shown = widget(overview(open=(), links=links), ARN, "light")
    assert shown.count("href") == 1
    (link,) = re.findall(r"<a class=\"out\" ([^>]*)>", shown)
    assert 'href="https://wiki.example.com/?a=1&amp;b=2"' in link
    assert 'target="_blank" rel="noopener noreferrer"' in link


def test_a_page_has_links_and_is_a_document() -> None:
    shown = page(overview())
    assert shown.startswith("<!doctype html>\n<html")
    assert f'href="/?incident={ID}"' in shown
    assert "cwdb-action" not in shown


@pytest.mark.parametrize(
    ("view", "says"),
    [
        (overview(open=()), "firstline handles no incident."),
        (overview(more=True), "1 or more open"),
        (overview(ended=(ROW,), ended_within="a day"), "<h3>Ended in a day</h3>"),
        (overview(ended=(ROW,), more_ended=True), "Older incidents are not shown."),
        (overview(escalated=(ROW, ROW)), "<h3>Escalated to on-call</h3>"),
        (Missing("nothing"), "<p>nothing</p>"),
        (Detail(fleet="f", now=NOW, row=ROW, lines=(), left_out=3), "3 earlier lines"),
    ],
)
def test_each_view_is_rendered(view: Overview | Detail | Missing, says: str) -> None:
    assert says in widget(view, ARN, "light")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_widget_has_the_theme_of_its_dashboard_and_a_page_that_of_its_browser(
    theme: Theme,
) -> None:
    """A style that stands at the widget wins over the stylesheet, which leaves the choice open."""
    assert f'<div class="firstline" style="color-scheme: {theme}">' in widget(
        overview(), ARN, theme
    )
    assert 'style="color-scheme' not in page(overview())


def test_no_text_from_outside_is_markup_or_names_a_person() -> None:
    """In every field that comes from a signal, a person, a guard or a host."""
    text: Data = dict.fromkeys(("subject", "state", "why", "severity", "condition"), HOSTILE)
    denial = {"guard": "cooldown", "denial": {"why": HOSTILE}}
    answers = [denial, {"guard": HOSTILE, "denial": None}]
    until = (NOW + MINUTE).isoformat()
    pause: Data = {"change": "paused", "scope": HOSTILE, "why": HOSTILE, "by": HOSTILE}
    asked: Data = PROPOSAL | {"targets": [HOSTILE]}
    records = [
        *chain(
            (NOW, Kind.SIGNAL, SIGNAL | text),
            (
                NOW,
                Kind.DECISION,
                decision("wait", HOSTILE, facts=[HOSTILE], guards=answers),
            ),
            (NOW, Kind.DECISION, decision("look", HOSTILE)),
            (NOW, Kind.PROPOSAL, asked),
            (NOW, Kind.APPROVAL, {"granted": True, "by": HOSTILE, "why": HOSTILE, "counts": True}),
            (NOW, Kind.PAGE, {"key": HOSTILE}),
        ),
        *chain((NOW, Kind.PAUSE, pause | {"until": until}), of=CHAIN),
    ]
    known = board.board_at("vettid", records, NOW)
    for asked_for in ("", ID, HOSTILE):
        for shown in (
            page(known.view(asked_for)),
            widget(known.view(asked_for), ARN, "dark"),
        ):
            assert "<script" not in shown
            assert "0f3c9a1e" not in shown
            assert "example.com" not in shown
    assert "&lt;script&gt;" in page(known.view(""))
