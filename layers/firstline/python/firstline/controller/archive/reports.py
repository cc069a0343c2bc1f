"""Write the report of each ended incident into the archive.

A report is made from the ledger's table, so it is complete even if the stream delivered only the
last entry. A file is put once, under the number of its entries: a repeated batch puts nothing, and
a later entry makes another report.
"""

from collections.abc import Callable, Iterable

from firstline.config import profile_file
from firstline.config.profile import Profile
from firstline.controller.archive.fill import ArchiveContext
from firstline.errors import InvalidInput
from firstline.ids import IncidentId, digest
from firstline.ledger import archive, report_location
from firstline.ledger.chain import Entry
from firstline.ledger.export import decode_entry
from firstline.reporting.postmortem.markdown import markdown
from firstline.reporting.postmortem.meeting import invitation
from firstline.reporting.postmortem.report import Report
from firstline.reporting.postmortem.write import has_ended, write_report

type RenderPage = Callable[[tuple[Report, ...]], str]
"""A function that renders reports as one HTML page."""


def write_reports(
    incidents: Iterable[IncidentId], context: ArchiveContext, render: RenderPage
) -> int:
    """Put the reports of the ended ones of *incidents*; return the number of files put now.

    Raises `DependencyUnavailable`, after which the batch must be redelivered, and `InvalidInput`
    for a chain that cannot be read.
    """
    return sum(_write_report(each, context, render) for each in incidents)


def _write_report(incident: IncidentId, context: ArchiveContext, render: RenderPage) -> int:
    chain = tuple(context.ledger.entries(incident))
    if not has_ended(chain):
        return 0
    report = write_report(chain, _profile(chain[-1], context))
    files = {"report.html": render((report,)), "report.md": markdown(report)}
    if (meeting := invitation(report)) is not None:
        files["post-mortem.ics"] = meeting
    return sum(
        context.archive.put(report_location.report_key(incident, len(chain), name), text.encode())
        for name, text in files.items()
    )


def _profile(last: Entry, context: ArchiveContext) -> Profile | None:
    """The policy of the last entry; None if it is not archived or cannot be parsed."""
    policy_digest = decode_entry(last).policy
    text: bytes | None = context.policy
    if digest(context.policy) != policy_digest:
        text = context.archive.get(archive.policy_key(policy_digest))
    try:
        return profile_file.parse(text, policy_digest) if text is not None else None
    except InvalidInput:
        return None
