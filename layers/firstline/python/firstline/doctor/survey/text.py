"""Text: answers as a fleet file, a comment for each value and a question where there is none."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

import msgspec

from firstline.config.deployment_section import SECTION
from firstline.config.toml_document import Key, quoted
from firstline.doctor.survey.answers import Answer, Value

NATS_HOST = ("fleet", "nats", "host")
NETWORK = ("probe", "nats", "network")


class Header(msgspec.Struct, frozen=True):
    """Where the answers are from: ``origin`` is a phrase, ``notes`` are lines of their own."""

    origin: str
    day: date
    notes: tuple[str, ...] = ()


def text(
    answers: Sequence[Answer],
    header: Header,
    external: Sequence[tuple[str, str]] = (),
    deployment: Mapping[str, str] | None = None,
) -> str:
    """The file. *external* are alarms of others, each with the policy's name for it.

    *deployment* has account and Region, as far as they are known.
    """
    held = {each.key: each for each in answers}
    balanced = _value(held, ("fleet", "target_group")) is not None
    policy = "runbook" if balanced else "probed"
    why = "the group is behind a load balancer" if balanced else "no load balancer: the probe asks"
    lines = [
        f"# By firstline init from {header.origin}, on {header.day}. # ? marks a question.",
        *(f"# {note}" for note in header.notes),
        f'extends = "{policy}"  # {why}',
        "",
        "[fleet]",
        *(_line(each) for each in answers if each.key[:-1] == ("fleet",)),
        _inline("units", held, [("fleet", "units", kind) for kind in ("enclave", "parent")]),
        _inline("nats", held, [NATS_HOST]),
        *_probe(held),
        *_external(external),
        "",
        "[deployment]  # docs/DEPLOY.md lists its keys",
        *_deployment(deployment or {}, held),
    ]
    return "\n".join(lines) + "\n"


def _line(answer: Answer) -> str:
    name, why = str(answer.key[-1]), _comment(answer.why)
    if answer.value is None:
        return f"# {name} =  # ? {why}"
    return f"{name} = {_toml(answer.value)}  # {why}"


def _comment(why: str) -> str:
    """In one line, whatever the names in it hold: the next one is the file's."""
    return "".join(each if each.isprintable() else " " for each in why)


def _inline(name: str, held: Mapping[Key, Answer], keys: Sequence[tuple[str, ...]]) -> str:
    """A table in one line: all of *keys*, or none while one is a question."""
    found = [held[key] for key in keys if key in held]
    values = [f"{each.key[-1]} = {_toml(each.value)}" for each in found if each.value is not None]
    whys = _comment("; ".join(f"{each.key[-1]}: {each.why}" for each in found))
    if len(values) == len(keys):
        return f"{name} = {{ {', '.join(values)} }}  # {whys}"
    wanted = ", ".join(f'{each.key[-1]} = ""' for each in found)
    return f"# {name} = {{ {wanted} }}  # ? {whys}"


def _probe(held: Mapping[Key, Answer]) -> Iterator[str]:
    """The probe asks NATS: without its host there is none yet."""
    host = _value(held, NATS_HOST)
    network = [each for key, each in held.items() if key[:3] == NETWORK]
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
    """Alarms that the policy has rules for; the others by their names."""
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
        yield f"# ? about the group, too, and no rule is for them: {shown}{more}"


def _deployment(known: Mapping[str, str], held: Mapping[Key, Answer]) -> Iterator[str]:
    for key, why in {"account": "its 12 digits", "region": "where the group is"}.items():
        yield f"{key} = {_toml(known[key])}" if key in known else f"# {key} =  # ? {why}"
    yield 'mode = "observe"  # it pages and records; enforce lets it act'
    yield from (_line(each) for key, each in held.items() if key[0] == SECTION)
    yield "# routing_key_secret_arn =  # ? a secret of yours; else the stack makes one"


def _value(held: Mapping[Key, Answer], key: tuple[str, ...]) -> Value | None:
    return held[key].value if key in held else None


def _toml(value: Value) -> str:
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{quoted(key)} = {_toml(it)}' for key, it in value.items())} }}"
    return msgspec.json.encode(value).decode()
