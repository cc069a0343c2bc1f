"""Where the reports of an incident are: in the archive, under a prefix that its alert links to.

reports/<incident>/report-<n>.html     the report of its first n entries, as a page
reports/<incident>/report-<n>.md       the same, as Markdown
reports/<incident>/post-mortem-<n>.ics the invitation, for a P1 or P2
"""

from firstline import console_links
from firstline.ids import IncidentId

REPORTS = "reports/"


def key(incident: IncidentId, entries: int, name: str) -> str:
    """Where a file of the report of so many entries is; *name* is ``report.html`` and the like."""
    stem, _, suffix = name.rpartition(".")
    return f"{REPORTS}{incident}/{stem}-{entries:06d}.{suffix}"


def link(bucket: str, region: str, incident: IncidentId) -> str:
    """Where the console lists an incident's reports, for whoever may read the bucket."""
    return console_links.folder(bucket, f"{REPORTS}{incident}/", region)
