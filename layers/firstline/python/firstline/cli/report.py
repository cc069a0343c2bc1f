"""``firstline report``: the report of an incident, for reading afterwards.

With ``--since`` it covers a time instead, across incidents (``report_since.py``).
"""

import sys
from pathlib import Path
from typing import Annotated

import typer

from firstline.cli import export_files
from firstline.cli.account import deployments
from firstline.cli.analysis import archive_reader
from firstline.cli.fleets import Credentials, FileOrName, Place, Region
from firstline.cli.incidents import Export, Until
from firstline.cli.output import lines as output
from firstline.config import fleet_file as profiles
from firstline.config.profile import Profile as LoadedProfile
from firstline.errors import InvalidInput
from firstline.ids import Digest, IncidentId
from firstline.ledger.chain import Entry
from firstline.ledger.export import DecodedEntry, Policy, decode_entry
from firstline.remediation.kill_switch import CHAIN
from firstline.reporting.postmortem.markdown import markdown as as_markdown
from firstline.reporting.postmortem.meeting import invitation
from firstline.reporting.postmortem.report import Report
from firstline.reporting.postmortem.write import write_report

app = typer.Typer(add_completion=False, rich_markup_mode=None)

INCIDENTS_MAX = 200
"""Maximum number of incidents on one page."""

type Chains = dict[IncidentId, list[Entry]]
File = Path | None


@app.command("report")
def run(
    export: Export = None,
    incident: Annotated[str, typer.Option(metavar="ID", help="only this one")] = "",
    html: Annotated[File, typer.Option(metavar="FILE", help="write it as one HTML page")] = None,
    markdown: Annotated[File, typer.Option(metavar="FILE", help="write it as Markdown")] = None,
    ics: Annotated[
        File, typer.Option(metavar="FILE", help="write the invitation to its post-mortem")
    ] = None,
    since: Annotated[
        str, typer.Option(metavar="TIME", help="across incidents, since this time: 7d, 2026-03-11")
    ] = "",
    until: Until = "",
    fleet: FileOrName = "",
    profile: Credentials = "",
    region: Region = "",
    as_json: Annotated[bool, typer.Option("--json", help="one JSON document per line")] = False,
) -> None:
    """Report the incidents of an export: on the terminal, or as HTML, Markdown or an invitation.

    With --since: statistics across incidents, with proposals for changes.
    """
    files = [each for each in (html, markdown, ics) if each is not None]
    place = Place(fleet, region, profile)
    if since:
        if incident or files:
            raise InvalidInput(
                "--since reports across incidents: leave out --incident and the files"
            )
        from firstline.cli import report_since

        report_since.print_review(export, since, until, place, as_json=as_json)
        return
    if export is None and not incident:
        raise InvalidInput(
            "no input: name an EXPORT, an --incident of the deployed ledger, or --since"
        )
    if until:
        raise InvalidInput("--until requires --since")
    reports = reports_of(export, incident) if export else (_deployed(incident, place),)
    for path, content in _file_contents(reports, html, markdown, ics):
        export_files.write([content.encode()], path)
        print(f"{path}: written", file=sys.stderr)
    if as_json:
        for each in reports:
            output.emit(each)
    elif not files:
        from firstline.cli.output import report_text

        report_text.print_reports(reports)


def reports_of(export: Path, incident: str = "") -> tuple[Report, ...]:
    """Return the reports of the incidents in *export*; raises `InvalidInput`."""
    chains: Chains = {}
    policies: dict[Digest, str] = {}
    with export_files.open_export(export) as lines:
        for each in lines:
            if isinstance(each, DecodedEntry):
                chains.setdefault(each.entry.incident, []).append(each.entry)
            elif isinstance(each, Policy):
                policies[each.digest] = each.text
    with export_files.decoding(export):
        chosen = _selected_chains(chains, incident, export)
        return tuple(write_report(tuple(each), _profile(each, policies)) for each in chosen)


def page_of(reports: tuple[Report, ...]) -> str:
    """Return *reports* as one page."""
    from firstline.reporting.html.report import page

    return page(reports)


def _deployed(incident: str, place: Place) -> Report:
    """Return the report of one incident of the deployed ledger, under its last policy.

    The policy's text is the archive's; before it is archived, that of the fleet file.
    """
    deployment = deployments.find(place)
    entries = list(deployment.ledger.entries(IncidentId(incident)))
    if not entries:
        raise InvalidInput(f"there is no incident {incident} in the deployed ledger")
    policy = decode_entry(entries[-1]).policy
    archived_text = (
        archive_reader.policy(deployment.archive, policy) if deployment.archive else None
    )
    if archived_text is None and deployment.file is not None:
        return write_report(tuple(entries), profiles.load(deployment.file))
    return write_report(
        tuple(entries),
        _profile(entries, {policy: archived_text} if archived_text is not None else {}),
    )


def _file_contents(
    reports: tuple[Report, ...], html: File, markdown: File, ics: File
) -> list[tuple[Path, str]]:
    """Return each file with its content, all made before the first is written."""
    contents: list[tuple[Path, str]] = []
    if html is not None:
        contents.append((html, page_of(reports)))
    if markdown is not None:
        contents.append((markdown, "\n".join(map(as_markdown, reports))))
    if ics is not None:
        contents.append((ics, _invitation(reports)))
    return contents


def _invitation(reports: tuple[Report, ...]) -> str:
    invitations = [each for each in map(invitation, reports) if each is not None]
    if not invitations:
        raise InvalidInput("--ics: only a P1 or P2 whose policy is in the export has a post-mortem")
    if len(invitations) > 1:
        raise InvalidInput("--ics: an invitation is for one incident: give --incident")
    return invitations[0]


def _selected_chains(chains: Chains, incident: str, export: Path) -> list[list[Entry]]:
    """Return the named chain, else those of incidents, else those of other signals."""
    if incident:
        if (chain := chains.get(IncidentId(incident))) is None:
            hint = "audit list shows its incidents"
            raise InvalidInput(f"{export}: contains no incident {incident!r}: {hint}")
        return [chain]
    signals = [chain for chain in chains.values() if chain[0].incident != CHAIN]
    chosen = [chain for chain in signals if _opens_incident(chain)] or signals
    if not chosen:
        raise InvalidInput(f"{export}: contains no entry of an incident")
    if len(chosen) > INCIDENTS_MAX:
        count = f"contains {len(chosen)} incidents; a page has at most {INCIDENTS_MAX}"
        raise InvalidInput(f"{export}: {count}: name one with --incident")
    return chosen


def _opens_incident(chain: list[Entry]) -> bool:
    return decode_entry(chain[0]).opens


def _profile(chain: list[Entry], policies: dict[Digest, str]) -> LoadedProfile | None:
    """Return the profile of the last entry; None if the export lacks it or it is unreadable."""
    digest = decode_entry(chain[-1]).policy
    text = policies.get(digest)
    try:
        return profiles.parse(text.encode(), digest) if text is not None else None
    except InvalidInput:  # written for another version
        return None
