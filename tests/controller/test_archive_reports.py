"""The report of an ended incident in the archive: put once for each length."""

import copy

import pytest

from firstline.config import fleet_file
from firstline.controller.archive.reports import write_reports
from firstline.errors import DependencyUnavailable, InvalidInput
from firstline.ids import IncidentId, digest
from firstline.ledger import archive, report_location
from firstline.ledger.chain import Entry, Kind, Provenance
from firstline.remediation.kill_switch import CHAIN
from firstline.reporting.postmortem.report import Report
from tests.builders import ID, PROFILE_FILE
from tests.controller.archive_rig import Records
from tests.reporting.chains import chain, handed_over, opening, outage, page

POLICY = fleet_file.read(PROFILE_FILE)
BY = Provenance(policy=digest(POLICY), code="code")
ENDED = chain(*outage(), by=BY)
FILES = ("post-mortem-000015.ics", "report-000015.html", "report-000015.md")


def draw(reports: tuple[Report, ...]) -> str:
    """A page that says what it is of."""
    return ", ".join(f"{each.title} ({each.entries})" for each in reports)


def holding(*entries: Entry, incident: IncidentId = ID) -> Records:
    """A ledger that holds one chain, whose policy is the one that runs."""
    records = Records(table={incident: list(entries)})
    records.within = copy.replace(records.within, policy=POLICY)
    return records


def files(records: Records) -> tuple[str, ...]:
    """The names of the incident's reports."""
    prefix = f"reports/{ID}/"
    return tuple(each.removeprefix(prefix) for each in records.bucket.keys(prefix))


def test_an_ended_incident_has_its_report() -> None:
    """As a page, as Markdown, and the invitation to its post-mortem."""
    records = holding(*ENDED)
    assert write_reports([ID], records.within, draw) == 3
    assert files(records) == FILES
    found = {each: records.bucket.objects[f"reports/{ID}/{each}"].decode() for each in FILES}
    assert found[FILES[1]] == "P1 complete-outage: resolved after 1 min 40 s (15)"
    assert found[FILES[2]].startswith("# P1 complete-outage: resolved")
    assert found[FILES[0]].startswith("BEGIN:VCALENDAR")


def test_a_hand_over_is_an_end() -> None:
    """The person who takes over finds it."""
    records = holding(*chain(*outage(helped=False), by=BY))
    assert write_reports([ID], records.within, draw) == 3


NO_END = [
    (ENDED[:-1], ID),
    ((), ID),
    (chain(opening(disposition="context"), by=BY), ID),
    (chain((0, Kind.PAUSE, {}), by=BY), CHAIN),
]


@pytest.mark.parametrize(("entries", "incident"), NO_END)
def test_what_has_not_ended_has_none(entries: tuple[Entry, ...], incident: IncidentId) -> None:
    """Nor a signal that opened nothing, nor the kill switch."""
    records = holding(*entries, incident=incident)
    assert write_reports([incident], records.within, draw) == 0
    assert records.bucket.keys("reports/") == ()


def test_a_batch_that_comes_again_puts_nothing() -> None:
    """Wherever it was stopped, the rest is put when it comes again."""
    for stopped in range(5):
        records, left = holding(*ENDED), [stopped]

        def stops(_name: str, _key: str, left: list[int] = left) -> None:
            left[0] -= 1
            if left[0] == -1:
                raise DependencyUnavailable("archive: timeout")

        records.effect = stops
        put = 0
        for _ in range(3):
            try:
                put += write_reports([ID], records.within, draw)
            except DependencyUnavailable:
                put = len(files(records))
        assert (put, files(records)) == (3, FILES)


def test_a_late_entry_makes_a_later_report() -> None:
    """The earlier one stays."""
    records = holding(*ENDED)
    write_reports([ID], records.within, draw)
    records.table[ID] = list(chain(*outage(), page(105, action="resolve"), by=BY))
    assert write_reports([ID], records.within, draw) == 3
    assert set(FILES) < set(files(records))
    assert "report-000016.html" in files(records)


def test_it_is_made_under_the_policy_of_its_end() -> None:
    """The running one, an archived one; without it no meeting can be proposed."""
    other = Provenance(policy=digest(b"another"), code="code")
    unknown = holding(*chain(*outage(), by=other))
    assert write_reports([ID], unknown.within, draw) == 2
    later = holding(*ENDED)
    later.within = copy.replace(later.within, policy=b"another")
    later.bucket.put(archive.policy_key(digest(POLICY)), POLICY)
    assert write_reports([ID], later.within, draw) == 3
    unread = holding(*chain(*outage(), by=other))
    unread.within = copy.replace(unread.within, policy=b"another")
    assert write_reports([ID], unread.within, draw) == 2


def test_a_chain_that_cannot_be_read_raises() -> None:
    """Nothing of it is put."""
    records = holding(
        *chain(*outage(), handed_over(101), by=BY), *chain((0, Kind.RESPONSE, {"met": 3}))
    )
    with pytest.raises(InvalidInput, match="cannot be read"):
        write_reports([ID], records.within, draw)
    assert records.bucket.keys("reports/") == ()


def test_its_place_is_known_before_it_is_there() -> None:
    """A page links to where its reports will be."""
    assert report_location.reports_url("bucket", "eu-west-1", ID) == (
        "https://eu-west-1.console.aws.amazon.com/s3/buckets/bucket"
        f"?region=eu-west-1&prefix=reports/{ID}/"
    )
