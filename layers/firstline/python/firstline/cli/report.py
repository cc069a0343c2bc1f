"""``firstline report``: what happened in an incident, as people read it afterwards.

With ``--since`` it is about a time instead, across incidents (``report_since.py``).
"""

import sys
from pathlib import Path
from typing import Annotated

import typer

from firstline.cli import exported
from firstline.cli.account import deployments
from firstline.cli.analysis import archived
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
"""As many on one page; more are read by nobody."""

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
        str, typer.Option(metavar="TIME", help="across incidents, since then: 7d, 2026-03-11")
    ] = "",
    until: Until = "",
    fleet: FileOrName = "",
    profile: Credentials = "",
    region: Region = "",
    as_json: Annotated[bool, typer.Option("--json", help="one JSON document a line")] = False,
) -> None:
    """Report the incidents of an export: on the terminal, or as HTML, Markdown or a meeting.

    With --since: what firstline did over that time, how often, how soon, what a person may change.
    """
    files = [each for each in (html, markdown, ics) if each is not None]
    place = Place(fleet, region, profile)
    if since:
        if incident or files:
            raise InvalidInput("--since is across incidents: leave out --incident and the files")
        from firstline.cli import report_since

        report_since.tell(export, since, until, place, as_json=as_json)
        return
    if export is None and not incident:
        raise InvalidInput(
            "of what? Name an EXPORT, an --incident of the deployed ledger, or --since"
        )
    if until:
        raise InvalidInput("--until goes with --since")
    reports = read(export, incident) if export else (_deployed(incident, place),)
    for path, made in _written(reports, html, markdown, ics):
        exported.write([made.encode()], path)
        print(f"{path}: written", file=sys.stderr)
    if as_json:
        for each in reports:
            output.emit(each)
    elif not files:
        from firstline.cli.output import reading

        reading.show(reports)


def read(export: Path, incident: str = "") -> tuple[Report, ...]:
    """The reports of what *export* holds; raises `InvalidInput`."""
    chains: Chains = {}
    policies: dict[Digest, str] = {}
    with exported.opened(export) as lines:
        for each in lines:
            if isinstance(each, DecodedEntry):
                chains.setdefault(each.entry.incident, []).append(each.entry)
            elif isinstance(each, Policy):
                policies[each.digest] = each.text
    with exported.understood(export):
        chosen = _chosen(chains, incident, export)
        return tuple(write_report(tuple(each), _profile(each, policies)) for each in chosen)


def page_of(reports: tuple[Report, ...]) -> str:
    """*reports* as one page."""
    from firstline.reporting.html.report import page

    return page(reports)


def _deployed(incident: str, place: Place) -> Report:
    """The report of one incident of the deployed ledger, under the policy that decided it last.

    Its text is the archive's; before it is archived, it is that of the fleet file.
    """
    deployment = deployments.find(place)
    found = list(deployment.ledger.entries(IncidentId(incident)))
    if not found:
        raise InvalidInput(f"there is no incident {incident} in the deployed ledger")
    policy = decode_entry(found[-1]).policy
    kept = archived.policy(deployment.archive, policy) if deployment.archive else None
    if kept is None and deployment.file is not None:
        return write_report(tuple(found), profiles.load(deployment.file))
    return write_report(tuple(found), _profile(found, {policy: kept} if kept is not None else {}))


def _written(
    reports: tuple[Report, ...], html: File, markdown: File, ics: File
) -> list[tuple[Path, str]]:
    """Each file with what goes into it, all made before the first is written."""
    made: list[tuple[Path, str]] = []
    if html is not None:
        made.append((html, page_of(reports)))
    if markdown is not None:
        made.append((markdown, "\n".join(map(as_markdown, reports))))
    if ics is not None:
        made.append((ics, _invitation(reports)))
    return made


def _invitation(reports: tuple[Report, ...]) -> str:
    found = [each for each in map(invitation, reports) if each is not None]
    if not found:
        raise InvalidInput("--ics: a post-mortem is of a P1 or P2, whose policy is in the export")
    if len(found) > 1:
        raise InvalidInput("--ics: an invitation is to one meeting: give --incident")
    return found[0]


def _chosen(chains: Chains, incident: str, export: Path) -> list[list[Entry]]:
    """The one that is named; or the incidents; or the signals that opened none."""
    if incident:
        if (named := chains.get(IncidentId(incident))) is None:
            told = "audit list shows what it holds"
            raise InvalidInput(f"{export}: holds no incident {incident!r}: {told}")
        return [named]
    signals = [chain for chain in chains.values() if chain[0].incident != CHAIN]
    found = [chain for chain in signals if _opened(chain)] or signals
    if not found:
        raise InvalidInput(f"{export}: holds no entry of an incident")
    if len(found) > INCIDENTS_MAX:
        many = f"holds {len(found)} incidents, and a page {INCIDENTS_MAX}"
        raise InvalidInput(f"{export}: {many}: name one with --incident")
    return found


def _opened(chain: list[Entry]) -> bool:
    return decode_entry(chain[0]).opens


def _profile(chain: list[Entry], policies: dict[Digest, str]) -> LoadedProfile | None:
    """The profile that the last entry was under, where the export has it and it can be read."""
    digest = decode_entry(chain[-1]).policy
    text = policies.get(digest)
    try:
        return profiles.parse(text.encode(), digest) if text is not None else None
    except InvalidInput:  # it was written for another version
        return None
