"""``firstline init``: a fleet file, from what an account shows, from answers, or from a profile."""

import copy
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from firstline.adapters.clock import SystemClock
from firstline.cli import doctor, exported, fleets
from firstline.cli.fleets import Credentials, Place
from firstline.cli.main import dispatch
from firstline.config import fleet_choice, fleet_file, recipients, shortening
from firstline.config.profile_file import read
from firstline.doctor.facts import ReadFailure, or_empty
from firstline.doctor.readers.survey import read_survey
from firstline.doctor.survey.answers import Answer, Value, answers, group_alarms, questions
from firstline.doctor.survey.facts import Survey
from firstline.doctor.survey.text import NATS_HOST, Header, text
from firstline.errors import DependencyUnavailable, InvalidInput

app = typer.Typer(add_completion=False, rich_markup_mode=None)

TAGS = ("fleet", "tags")


@app.command("init")
def run(
    group: Annotated[str, typer.Option(help="the Auto Scaling group", show_default=False)] = "",
    output: Annotated[Path, typer.Option("--output", "-o", help="the file to write")] = Path(
        fleet_choice.FILE
    ),
    old: Annotated[
        Path | None, typer.Option("--from", metavar="OLD.toml", help="a whole profile to shorten")
    ] = None,
    look: Annotated[bool, typer.Option("--look", help="ask a host for its units, by SSM")] = False,
    profile: Credentials = "",
    region: Annotated[str, typer.Option(help="else AWS_REGION", show_default=False)] = "",
) -> int:
    """Write a fleet file, check it, and hold it against the account. AWS is only read.

    Each value has a comment with its reason. What could not be chosen is asked on standard input;
    without an answer it stays a question in the file. Without credentials all is asked. The status
    is 1 where the file is not complete, or decides otherwise than OLD.toml.
    """
    if output.exists():
        raise InvalidInput(f"{output}: is there already: name another by --output, or remove it")
    if old is not None:
        return _shorten(old, output)
    place = Place(region=region, credentials=profile)
    found = _survey(group, place, look=look)
    asked = _asked(questions() if found is None else answers(found), found)
    _write(output, asked, found)
    status = dispatch(["policy", "check", str(output)])
    if found is not None and _loads(output):
        session = fleets.session(place)
        doctor.tell(doctor.examine(session, output, SystemClock(), look=False), as_json=False)
    return int(status != 0)


def _loads(output: Path) -> bool:
    """Whether doctor can read the file; one with questions on recipients alone can be read."""
    try:
        return bool(fleet_file.load(output))
    except InvalidInput:
        return False


def _shorten(old: Path, output: Path) -> int:
    short = shortening.shorten(read(old), str(old))
    exported.write([short.text.encode()], output)
    print(f"{output}: {len(short.text.splitlines())} lines")
    for each in recipients.faults(output):
        print(each)
    for each in short.differences:
        print(f"otherwise than {old}: {each}")
    if not short.differences:
        print(f"decides the same as {old}: each alarm, rule, ladder, action and number is equal")
    return int(bool(short.differences))


def _survey(group: str, place: Place, *, look: bool) -> Survey | None:
    """What the account shows; None where there are no credentials and no group is named."""
    if not group:
        print("no --group: every key is asked for, and no account")
        return None
    try:
        return read_survey(fleets.session(place), group, look=look)
    except DependencyUnavailable as error:
        print(f"the account cannot be asked ({error}): every key is asked for")
        return None


def _asked(found: Sequence[Answer], shown: Survey | None) -> tuple[Answer, ...]:
    """*found* with what a person answers, to the end of standard input."""
    wanted = [each for each in found if each.value is None and _is_asked(each, shown)]
    held = {each.key: each for each in found}
    for each in wanted:
        try:
            said = input(f"{'.'.join(map(str, each.key[1:]))}: {each.why}: ").strip()
        except EOFError:
            break
        if said:
            held[each.key] = copy.replace(each, value=_value(each, said), why="as you said")
    return tuple(held.values())


def _is_asked(answer: Answer, shown: Survey | None) -> bool:
    """Without an account, all; with one, what only a person can know."""
    return shown is None or answer.needed or answer.key == NATS_HOST


def _value(answer: Answer, said: str) -> Value:
    if answer.key != TAGS:
        return said
    key, sign, value = said.partition("=")
    if not (key and sign):
        raise InvalidInput(f"{said}: write a tag as KEY=VALUE")
    return {key: value}


def _write(output: Path, found: Sequence[Answer], shown: Survey | None) -> None:
    today = datetime.now(UTC).date()
    if shown is None:
        written = text(found, Header("what you answered", today))
    else:
        origin = f"the account {shown.home.account} in {shown.home.region}"
        known_of = {"account": shown.home.account, "region": shown.home.region}
        header = Header(origin, today, _notes(shown))
        written = text(found, header, group_alarms(shown), known_of)
    exported.write([written.encode()], output)
    left = written.count("# ?") - 1
    print(f"{output}: {len(written.splitlines())} lines, {left} questions")


def _notes(shown: Survey) -> tuple[str, ...]:
    if isinstance(shown.agents, ReadFailure):
        return (f"SSM was not read ({shown.agents.code}): fixes need its agent on each host.",)
    online = sum(each.state == "Online" for each in or_empty(shown.agents))
    return (f"SSM reaches {online} of {len(shown.group.hosts)} hosts; fixes need all.",)
