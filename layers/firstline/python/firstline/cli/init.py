"""``firstline init``: write a fleet file from an account, from answers or from a profile."""

import copy
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from firstline.adapters.clock import SystemClock
from firstline.cli import doctor, export_files, fleets
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
        Path | None,
        typer.Option("--from", metavar="OLD.toml", help=("a complete profile to shorten")),
    ] = None,
    look: Annotated[bool, typer.Option("--look", help="read a host's units, by SSM")] = False,
    profile: Credentials = "",
    region: Annotated[str, typer.Option(help="else AWS_REGION", show_default=False)] = "",
) -> int:
    """Write a fleet file, check it, and compare it with the account. AWS is only read.

    Each value has a comment with its reason. An undetermined value is asked for on standard input;
    without an answer it stays a question in the file. Without credentials every value is asked for.
    The status is 1 if the file is incomplete, or decides differently than OLD.toml.
    """
    if output.exists():
        raise InvalidInput(f"{output}: exists already: name another file by --output, or remove it")
    if old is not None:
        return _shorten(old, output)
    place = Place(region=region, credentials=profile)
    account_survey = _survey(group, place, look=look)
    file_answers = _with_answers(
        questions() if account_survey is None else answers(account_survey), account_survey
    )
    _write(output, file_answers, account_survey)
    status = dispatch(["policy", "check", str(output)])
    if account_survey is not None and _loads(output):
        session = fleets.session(place)
        doctor.print_findings(
            doctor.examine(session, output, SystemClock(), look=False), as_json=False
        )
    return int(status != 0)


def _loads(output: Path) -> bool:
    """True if doctor can read the file; it can if only questions about recipients are open."""
    try:
        return bool(fleet_file.load(output))
    except InvalidInput:
        return False


def _shorten(old: Path, output: Path) -> int:
    short = shortening.shorten(read(old), str(old))
    export_files.write([short.text.encode()], output)
    print(f"{output}: {len(short.text.splitlines())} lines")
    for each in recipients.faults(output):
        print(each)
    for each in short.differences:
        print(f"otherwise than {old}: {each}")
    if not short.differences:
        print(
            f"makes the same decisions as {old}: each alarm, rule, ladder, action and number "
            "is equal"
        )
    return int(bool(short.differences))


def _survey(group: str, place: Place, *, look: bool) -> Survey | None:
    """Return the survey of the account; None without credentials or a named group."""
    if not group:
        print("no --group: asking for every key, without an account")
        return None
    try:
        return read_survey(fleets.session(place), group, look=look)
    except DependencyUnavailable as error:
        print(f"the account cannot be read ({error}): asking for every key")
        return None


def _with_answers(proposed: Sequence[Answer], account_survey: Survey | None) -> tuple[Answer, ...]:
    """Return *proposed* with the answers from standard input."""
    questions_open = [
        each for each in proposed if each.value is None and _needs_answer(each, account_survey)
    ]
    by_key = {each.key: each for each in proposed}
    for each in questions_open:
        try:
            answer_text = input(f"{'.'.join(map(str, each.key[1:]))}: {each.why}: ").strip()
        except EOFError:
            break
        if answer_text:
            by_key[each.key] = copy.replace(each, value=_value(each, answer_text), why="as entered")
    return tuple(by_key.values())


def _needs_answer(answer: Answer, account_survey: Survey | None) -> bool:
    """True for all without an account, else for what only a person can know."""
    return account_survey is None or answer.needed or answer.key == NATS_HOST


def _value(answer: Answer, answer_text: str) -> Value:
    if answer.key != TAGS:
        return answer_text
    key, sign, value = answer_text.partition("=")
    if not (key and sign):
        raise InvalidInput(f"{answer_text}: write a tag as KEY=VALUE")
    return {key: value}


def _write(output: Path, file_answers: Sequence[Answer], account_survey: Survey | None) -> None:
    today = datetime.now(UTC).date()
    if account_survey is None:
        written = text(file_answers, Header("your answers", today))
    else:
        origin = f"the account {account_survey.home.account} in {account_survey.home.region}"
        home = {"account": account_survey.home.account, "region": account_survey.home.region}
        header = Header(origin, today, _notes(account_survey))
        written = text(file_answers, header, group_alarms(account_survey), home)
    export_files.write([written.encode()], output)
    open_questions = written.count("# ?") - 1
    print(f"{output}: {len(written.splitlines())} lines, {open_questions} questions")


def _notes(account_survey: Survey) -> tuple[str, ...]:
    if isinstance(account_survey.agents, ReadFailure):
        return (
            f"SSM was not read ({account_survey.agents.code}): fixes need its agent on each host.",
        )
    online = sum(each.state == "Online" for each in or_empty(account_survey.agents))
    return (f"SSM reaches {online} of {len(account_survey.group.hosts)} hosts; fixes need all.",)
