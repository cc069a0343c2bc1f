"""Pair: two policies over one past, in lockstep, and every place where they part.

Both look when the old one would: at the recorded turns of an incident, or when its wakes are due.
The new one looks by itself where the old one has nothing open. An incident that one of them left
(see `side`) is compared no further.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from firstline.diagnosis.evidence import AlarmReading, Alarms, AlarmState
from firstline.ids import IncidentId
from firstline.lab.redecide import flips
from firstline.lab.redecide.flips import Flip, Totals
from firstline.lab.redecide.judging import Heard, Judging
from firstline.lab.redecide.policy_run import Side, Step
from firstline.lab.redecide.record import Turn, signals
from firstline.lab.redecide.tally import Tallies
from firstline.ledger.chain import Kind
from firstline.remediation.decision_record import DecisionInputs, ObservedFacts
from firstline.remediation.limits import Lease, Limits
from firstline.signal import Signal, SignalKind
from firstline.signals import correlation as causes
from firstline.signals.classify import Classification

LONGEST = timedelta(days=2)
"""By then each incident has ended, however long its policy lets it live."""
_READINGS = {state: AlarmReading(state) for state in AlarmState}


class Pair:
    """Two sides, the old and the new; *tell* is told each flip as it is found."""

    def __init__(self, old: Side, new: Side, tell: Callable[[Flip], None]) -> None:
        self.sides = (old, new)
        self.totals = Totals()
        self._tell = tell
        self._now = old.present.now
        self._alarms: dict[str, tuple[datetime, AlarmReading]] = {}
        self._next: tuple[dict[IncidentId, datetime], dict[IncidentId, datetime]] = ({}, {})
        self._open = Tallies(old, new)
        self._storied: set[IncidentId] = set()
        self.judging = Judging(old, new)

    @property
    def now(self) -> datetime:
        """How far it has come."""
        return self._now

    # --- what happens ------------------------------------------------------------------------

    def known(self, signal: Signal) -> Heard:
        """*signal* under the name by which either side knows it."""
        old, new = self.sides
        return old.known(signal), new.known(signal)

    def hear(self, heard: Heard, at: datetime, where: str, cause: str = "") -> None:
        """A signal that came at *at*; what was due before that is done first.

        *cause* is that of the incident that it opened then, where that is recorded.
        """
        self.advance(at)
        self.totals.events += 1
        found, signal = self.judging.of(heard), heard[0]
        told = (flips.meaning(found[0]), flips.meaning(found[1]))
        if told[0] != told[1]:
            why = _rules(found[0].why, found[1].why)
            self._flip(Flip("signal", where, None, self._now, *told, why))
        if signal.kind is SignalKind.ALARM and signal.arn:
            self.told(signal.arn, signal.at, AlarmState(signal.state))
        done = [
            side.notes(it, meant) for side, it, meant in zip(self.sides, heard, found, strict=True)
        ]
        if all(done):
            return
        for side in self.sides:
            side.present.now = side.present.later = self._now
            side.present.read(self._never(), {})
        unread = self._stood_alone(heard[0], found[0], cause)
        for side, it, meant, noted in zip(self.sides, heard, found, done, strict=True):
            side.present.storm_unread = unread
            if not noted:
                side.hear(it, meant)
        self._note(where, "" if told[0] == told[1] else "the signal is taken for something else")

    def _stood_alone(self, signal: Signal, found: Classification, cause: str) -> bool:
        """Whether it opened an incident of its own where the old policy counts it to a storm.

        Then what had opened before could not be read, or another worker wrote it: no storm was
        known, under whatever policy.
        """
        old = self.sides[0]
        storm = causes.storm_key(old.profile.fleet.name)
        return cause not in {"", storm} and old.storms(signal, found)

    @property
    def rests(self) -> bool:
        """Whether neither side has an incident, or anything to do."""
        (old, new), (before, after) = self.sides, self._next
        return not (old.store.tables.causes or new.store.tables.causes or before or after)

    def well(self, arn: str, at: datetime, now: datetime) -> None:
        """An alarm is OK since *at*, told at *now*: as much as `hear` does of it while it rests."""
        self.totals.events += 1
        self._now = max(self._now, now)
        self.told(arn, at, AlarmState.OK)
        for side in self.sides:
            side.heard(arn, at)

    def told(self, arn: str, at: datetime, state: AlarmState) -> None:
        """The alarm was in *state* at that instant, by a word of its own or by what was read."""
        known = self._alarms.get(arn)
        if known is None or known[0] <= at:
            self._alarms[arn] = (at, _READINGS[state])

    def advance(self, to: datetime) -> None:
        """Do what is due before *to*."""
        while due := self._due(to):
            at, id_ = due
            self._now = max(self._now, at)
            self._turn(id_, None, self._never(), self._now)
        self._now = max(self._now, to)

    def turn(self, id_: IncidentId, turn: Turn, basis: DecisionInputs) -> None:
        """A recorded turn of an incident that `begin` named."""
        where = self._open[id_].where if id_ in self._open else str(id_)
        for entry in turn.of(Kind.SIGNAL):
            for signal in signals(entry):
                self.hear((signal, signal), entry.at, where)
        self._now = max(self._now, turn.decision.at)
        self._turn(id_, turn, basis, turn.decision.at)

    def begin(self, id_: IncidentId) -> None:
        """The record tells when either side looks at that incident: no wake of theirs does."""
        self._storied.add(id_)

    def over(self, id_: IncidentId) -> None:
        """The record of an incident ends, and with it what is known on either side."""
        self._turn(id_, None, self._never(), self._now)  # a hand-over that ended it owes a page
        for side in self.sides:
            if side.has_open(id_):
                side.left.setdefault(id_, "the record ends before it does")
        self._storied.discard(id_)
        self._forget(id_)

    def end(self) -> Totals:
        """Let everything come to its end."""
        self._storied.clear()
        self.advance(self._now + LONGEST)
        return self.totals

    # --- turns -------------------------------------------------------------------------------

    def _due(self, to: datetime) -> tuple[datetime, IncidentId] | None:
        """The earliest wake before *to*: the old side's, or the new one's where it is alone."""
        old, new = self._next
        known = {**{id_: at for id_, at in new.items() if id_ not in old}, **old}
        waits = ((at, id_) for id_, at in known.items() if id_ not in self._storied)
        return min((each for each in waits if each[0] < to), default=None)

    def _never(self) -> DecisionInputs:
        """What is known where nothing was recorded: the alarms, by what they told."""
        alarms: Alarms = {arn: reading for arn, (_, reading) in self._alarms.items()}
        return DecisionInputs(
            seen=ObservedFacts(alarms=alarms, limits=Limits(Lease(group=""))), mode="enforce"
        )

    def _turn(
        self, id_: IncidentId, turn: Turn | None, basis: DecisionInputs, later: datetime
    ) -> None:
        """Both sides look; of an incident that neither has, there is nothing to see."""
        for waits in self._next:
            waits.pop(id_, None)
        if id_ not in self._open:
            return
        self.totals.turns += 1
        gone = self._open.left(id_)
        steps: list[Step | None] = []
        for side in self.sides:
            side.present.now, side.present.later = min(self._now, later), later
            steps.append(side.turn(id_, turn, basis))
            self.totals.unrecorded.update(side.missing())
        if not gone:
            self._compare(id_, *steps)
        self._note(self._open[id_].where)
        if id_ not in self._storied and not any(side.has_open(id_) for side in self.sides):
            self._forget(id_)

    def _compare(self, id_: IncidentId, before: Step | None, after: Step | None) -> None:
        before = before or self._rests(0, id_, after)
        after = after or self._rests(1, id_, before)
        sort = flips.sort(before, after) if before and after else None
        if before and after and sort:
            tally, why = self._open[id_], flips.because(before, after)
            self._flip(Flip(sort, tally.where, id_, self._now, before, after, why))
            tally.why = tally.why or why

    def _rests(self, number: int, id_: IncidentId, other: Step | None) -> Step | None:
        """A side on which the incident is over does nothing where the other fixes."""
        if other is None or other.step != "fix":
            return None
        held = self.sides[number].held(id_)
        status = held.status if held is not None else "never opened"
        return Step(step="none", rule="over", why=f"it is {status}")

    # --- what comes of it --------------------------------------------------------------------

    def _note(self, where: str, why: str = "") -> None:
        """Wakes and pages of the last moment, to the incidents that they are of."""
        for side, waits in zip(self.sides, self._next, strict=True):
            for at, wake in side.wakes.waiting:
                known = waits.get(wake.incident, at)
                waits[wake.incident] = min(at, known) if wake.generation == 0 else at
            side.wakes.waiting.clear()
        self._open.take(where, why)

    def _forget(self, id_: IncidentId) -> None:
        self.totals.left += self._open.left(id_)
        for flip in self._open.close(id_, self._now):
            self._flip(flip)
        opened = [side.held(id_) is not None for side in self.sides]
        old, new = self.totals.incidents
        self.totals.incidents = (old + opened[0], new + opened[1])
        for side, waits in zip(self.sides, self._next, strict=True):
            side.forget(id_)
            waits.pop(id_, None)

    def _flip(self, flip: Flip) -> None:
        self.totals.flips[flip.sort] += 1
        self._tell(flip)


def _rules(before: str, after: str) -> str:
    return after if before == after else f"{before}, became {after}"
