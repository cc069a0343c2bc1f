"""Reporting: the report of each incident that has ended, beside its entries in the archive.

Made of the ledger's table, so it is whole even where the stream brought the end alone. A file is
put once, under the number of entries that it is of: a batch that comes again puts nothing, and an
entry that comes after the end makes a later report beside the earlier.
"""

from collections.abc import Callable, Iterable

from firstline.config import profile_file as profiles
from firstline.config.profile import Profile
from firstline.controller.archive.fill import Archiving
from firstline.errors import InvalidInput
from firstline.ids import IncidentId, digest
from firstline.ledger import archive as archiving
from firstline.ledger import report_location as report_place
from firstline.ledger.chain import Entry
from firstline.ledger.export import decode_entry
from firstline.reporting.postmortem.markdown import markdown
from firstline.reporting.postmortem.meeting import invitation
from firstline.reporting.postmortem.report import Report
from firstline.reporting.postmortem.write import ended, write

type Draw = Callable[[tuple[Report, ...]], str]
"""What makes a page of reports."""


def report(incidents: Iterable[IncidentId], within: Archiving, draw: Draw) -> int:
    """Put the report of those of *incidents* that have ended; how many files were put now.

    Raises `DependencyUnavailable`, after which the batch is to come again, and `InvalidInput` for a
    chain that cannot be read.
    """
    return sum(_report(each, within, draw) for each in incidents)


def _report(incident: IncidentId, within: Archiving, draw: Draw) -> int:
    chain = tuple(within.ledger.entries(incident))
    if not ended(chain):
        return 0
    told = write(chain, _profile(chain[-1], within))
    files = {"report.html": draw((told,)), "report.md": markdown(told)}
    if (meeting := invitation(told)) is not None:
        files["post-mortem.ics"] = meeting
    return sum(
        within.archive.put(report_place.report_key(incident, len(chain), name), text.encode())
        for name, text in files.items()
    )


def _profile(last: Entry, within: Archiving) -> Profile | None:
    """The policy that the last entry was under; None where it is not archived, or not read now."""
    named = decode_entry(last).policy
    text: bytes | None = within.policy
    if digest(within.policy) != named:
        text = within.archive.get(archiving.policy_key(named))
    try:
        return profiles.parse(text, named) if text is not None else None
    except InvalidInput:
        return None
