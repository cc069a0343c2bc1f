"""Writes answers as a fleet file: a comment for each value, a question for each missing one."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

import msgspec

from firstline.config.deployment_section import SECTION
from firstline.config.toml_document import Key, quote_key
from firstline.doctor.survey.answers import Answer, Value

NATS_HOST = ("fleet", "nats", "host")
NETWORK = ("probe", "nats", "network")


class Header(msgspec.Struct, frozen=True):
    """The source of the answers: ``origin`` is a phrase, ``notes`` are separate lines."""

    origin: str
    day: date
    notes: tuple[str, ...] = ()


def text(
    answers: Sequence[Answer],
    header: Header,
    external: Sequence[tuple[str, str]] = (),
    deployment: Mapping[str, str] | None = None,
) -> str:
    """Return the file's text. *external* are foreign alarms with their names in the rules.

    *deployment* has account and Region, if they are known.
    """
    answered = {each.key: each for each in answers}
    balanced = _value(answered, ("fleet", "target_group")) is not None
    policy = "runbook" if balanced else "probed"
    why = "the group is behind a load balancer" if balanced else "no load balancer: the probe asks"
    lines = [
        f"# By firstline init from {header.origin}, on {header.day}. # ? marks a question.",
        *(f"# {note}" for note in header.notes),
        f'extends = "{policy}"  # {why}',
        "",
        "[fleet]",
        *(_line(each) for each in answers if each.key[:-1] == ("fleet",)),
        _inline("units", answered, [("fleet", "units", kind) for kind in ("enclave", "parent")]),
        _inline("nats", answered, [NATS_HOST]),
        *_probe(answered),
        *_external(external),
        "",
        "[deployment]  # docs/DEPLOY.md lists its keys",
        *_deployment(deployment or {}, answered),
    ]
    return "\n".join(lines) + "\n"


def _line(answer: Answer) -> str:
    name, why = str(answer.key[-1]), _comment(answer.why)
    if answer.value is None:
        return f"# {name} =  # ? {why}"
    return f"{name} = {_toml(answer.value)}  # {why}"


def _comment(why: str) -> str:
    """Return *why* in one line, whatever characters it contains."""
    return "".join(each if each.isprintable() else " " for each in why)


def _inline(name: str, answered: Mapping[Key, Answer], keys: Sequence[tuple[str, ...]]) -> str:
    """Return an inline table of *keys*; it is a question if any value is missing."""
    found = [answered[key] for key in keys if key in answered]
    values = [f"{each.key[-1]} = {_toml(each.value)}" for each in found if each.value is not None]
    whys = _comment("; ".join(f"{each.key[-1]}: {each.why}" for each in found))
    if len(values) == len(keys):
        return f"{name} = {{ {', '.join(values)} }}  # {whys}"
    wanted = ", ".join(f'{each.key[-1]} = ""' for each in found)
    return f"# {name} = {{ {wanted} }}  # ? {whys}"


def _probe(answered: Mapping[Key, Answer]) -> Iterator[str]:
    """Yield the probe's section, which is commented out without a NATS host."""
    host = _value(answered, NATS_HOST)
    network = [each for key, each in answered.items() if key[:3] == NETWORK]
    if not network:
        return
    mark = "" if host else "# "
    shown = _toml(host) if host else " # ? that of fleet.nats"
    yield ""
    yield f"{mark}[probe.nats]  # docs/PROBE.md: its user's rights, and where its credentials are"
    yield f"{mark}host = {shown}"
    yield f'{mark}credentials_parameter = "/firstline/probe-nats-creds"'
    yield f'{mark}inbox_prefix = "_PROBE.firstline"'
    yield f"{mark}[probe.nats.network]"
    yield from (f"{mark}{_line(each)}" for each in network)


def _external(alarms: Sequence[tuple[str, str]]) -> Iterator[str]:
    """Yield the alarms with a rule as sections, and the others in a comment."""
    for name, known_as in alarms:
        if known_as:
            yield ""
            yield "[[alarms.external]]  # it watches the group's targets"
            yield f"name = {_toml(name)}"
            yield f"known_as = {_toml(known_as)}"
    others = [name for name, known_as in alarms if not known_as]
    if others:
        shown = ", ".join(msgspec.json.encode(each).decode() for each in others[:5])
        more = f" and {len(others) - 5} more" if len(others) > 5 else ""  # noqa: PLR2004
        yield f"# ? these alarms also watch the group, and no rule matches them: {shown}{more}"


def _deployment(known: Mapping[str, str], answered: Mapping[Key, Answer]) -> Iterator[str]:
    for key, why in {"account": "its 12 digits", "region": "where the group is"}.items():
        yield f"{key} = {_toml(known[key])}" if key in known else f"# {key} =  # ? {why}"
    yield 'mode = "dry-run"  # pages and records; enforce allows fixes'
    yield from (_line(each) for key, each in answered.items() if key[0] == SECTION)
    yield "# routing_key_secret_arn =  # ? a secret of yours; else the stack makes one"


def _value(answered: Mapping[Key, Answer], key: tuple[str, ...]) -> Value | None:
    return answered[key].value if key in answered else None


def _toml(value: Value) -> str:
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{quote_key(key)} = {_toml(it)}' for key, it in value.items())} }}"
    return msgspec.json.encode(value).decode()
