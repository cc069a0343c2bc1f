"""Lines of a timeline, each with the decisions that led to it."""

import copy
from collections.abc import Iterator, Sequence
from datetime import datetime

from firstline.ledger.entries import DecisionMade, GuardAnswer
from firstline.ledger.export import DecodedEntry
from firstline.redaction import redact
from firstline.reporting import timeline
from firstline.reporting.console.view import (
    DECISIONS_PER_LINE_MAX,
    LINES_MAX,
    Answer,
    Line,
    Reasoning,
)


def lines(records: Sequence[DecodedEntry]) -> tuple[tuple[Line, ...], int]:
    """The latest lines of a chain, and the number of earlier ones.

    A repeated line is shown once; a decision without a line is listed with the line before it.
    """
    began = records[0].at
    made: list[Line] = []
    for record, moments in timeline.with_moments(records):
        decided = tuple(_reasons(record, began))
        if made and not moments:
            made[-1] = _behind(made[-1], decided)
        for line in (_line(each, began) for each in moments):
            if made and (line.word, line.text) == (made[-1].word, made[-1].text):
                again = copy.replace(made[-1], times=made[-1].times + 1, last=line.after)
                made[-1] = _behind(again, decided)
            else:
                made.append(_behind(line, decided))
    return tuple(made[-LINES_MAX:]), max(len(made) - LINES_MAX, 0)


def _line(moment: timeline.Moment, began: datetime) -> Line:
    after = moment.at - began
    text = redact(moment.text)
    return Line(
        at=moment.at, after=after, last=after, word=moment.word, text=text, tone=moment.tone
    )


def _behind(line: Line, decided: tuple[Reasoning, ...]) -> Line:
    return copy.replace(line, decisions=(*line.decisions, *decided)[-DECISIONS_PER_LINE_MAX:])


def _reasons(record: DecodedEntry, began: datetime) -> Iterator[Reasoning]:
    event = record.event
    if isinstance(event, DecisionMade):
        yield Reasoning(
            after=record.at - began,
            step=redact(event.step_type),
            rule=redact(event.rule),
            why=redact(event.why),
            facts=tuple(map(redact, event.facts)),
            answers=tuple(map(_answer, event.guards)),
        )


def _answer(answer: GuardAnswer) -> Answer:
    denial = answer.denial
    return Answer(redact(answer.guard), redact(denial.why or "no") if denial else "")
