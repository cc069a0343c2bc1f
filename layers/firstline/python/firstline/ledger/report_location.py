"""The location of an incident's reports: in the archive, under a prefix that its alert links to.

reports/<incident>/report-<n>.html     the report of its first n entries, as a page
reports/<incident>/report-<n>.md       the same, as Markdown
reports/<incident>/post-mortem-<n>.ics the invitation, for a P1 or P2
"""

from firstline import console_links
from firstline.ids import IncidentId

REPORTS = "reports/"


def report_key(incident: IncidentId, entries: int, name: str) -> str:
    """The key of a file of the report on that many entries; *name* is such as ``report.html``."""
    stem, _, suffix = name.rpartition(".")
    return f"{REPORTS}{incident}/{stem}-{entries:06d}.{suffix}"


def reports_url(bucket: str, region: str, incident: IncidentId) -> str:
    """The console's list of an incident's reports, for readers with access to the bucket."""
    return console_links.s3_prefix_url(bucket, f"{REPORTS}{incident}/", region)
