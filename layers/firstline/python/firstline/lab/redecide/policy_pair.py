"""Two policies over one past, in lockstep, and every place where they differ.

Both reconcile when the old one would: at an incident's recorded reconciles, or at its wakes. The
new one uses its own wakes where the old one has nothing open. An incident that diverged under
either (see `policy_run`) is compared no further.

Each policy has a store of its own, so guard state, budgets and cooldowns are its own. Most of a
year's events are alarms that turn OK: while nothing is open they need one typed decode each.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from firstline.diagnosis.evidence import AlarmReading, Alarms, AlarmState
from firstline.ids import IncidentId
from firstline.lab.redecide import policy_diff
from firstline.lab.redecide.classification_cache import ClassificationCache, SignalPair
from firstline.lab.redecide.incident_record import RecordedReconcile, signals
from firstline.lab.redecide.open_incidents import OpenIncidents
from firstline.lab.redecide.policy_diff import Flip, Totals
from firstline.lab.redecide.policy_run import DecidedStep, PolicyRun
from firstline.ledger.chain import Kind
from firstline.remediation.decision_record import DecisionInputs, ObservedFacts
from firstline.remediation.limits import Lease, Limits
from firstline.signal import Signal, SignalKind
from firstline.signals import correlation as causes
from firstline.signals.classify import Classification

INCIDENT_AGE_MAX = timedelta(days=2)
"""Each incident has ended by then, whatever its policy allows."""
_READINGS = {state: AlarmReading(state) for state in AlarmState}


class PolicyPair:
    """The old and the new policy; *report* receives each flip as it is found."""

    def __init__(self, old: PolicyRun, new: PolicyRun, report: Callable[[Flip], None]) -> None:
        self.sides = (old, new)
        self.totals = Totals()
        self._report = report
        self._now = old.present.now
        self._alarms: dict[str, tuple[datetime, AlarmReading]] = {}
        self._next: tuple[dict[IncidentId, datetime], dict[IncidentId, datetime]] = ({}, {})
        self._open = OpenIncidents(old, new)
        self._recorded_ids: set[IncidentId] = set()
        self.classifications = ClassificationCache(old, new)

    @property
    def now(self) -> datetime:
        """Return the instant that it has reached."""
        return self._now

    # --- what happens ------------------------------------------------------------------------

    def known(self, signal: Signal) -> SignalPair:
        """Return *signal* under either policy's name for it."""
        old, new = self.sides
        return old.known(signal), new.known(signal)

    def receive(
        self, signals_received: SignalPair, at: datetime, where: str, key: str = ""
    ) -> None:
        """Process a signal of *at*, after what was due before that.

        *key* is the key of the incident that it opened then, if that is recorded.
        """
        self.advance(at)
        self.totals.events += 1
        classifications, signal = (
            self.classifications.classify(signals_received),
            signals_received[0],
        )
        meanings = (
            policy_diff.signal_meaning(classifications[0]),
            policy_diff.signal_meaning(classifications[1]),
        )
        if meanings[0] != meanings[1]:
            why = _rules(classifications[0].why, classifications[1].why)
            self._flip(Flip("signal", where, None, self._now, *meanings, why))
        if signal.kind is SignalKind.ALARM and signal.arn:
            self.record_alarm_state(signal.arn, signal.at, AlarmState(signal.state))
        done = [
            side.record_only(it, classification)
            for side, it, classification in zip(
                self.sides, signals_received, classifications, strict=True
            )
        ]
        if all(done):
            return
        for side in self.sides:
            side.present.now = side.present.later = self._now
            side.present.read(self._unrecorded_inputs(), {})
        unread = self._storm_was_unknown(signals_received[0], classifications[0], key)
        for side, it, classification, recorded in zip(
            self.sides, signals_received, classifications, done, strict=True
        ):
            side.present.storm_unread = unread
            if not recorded:
                side.receive(it, classification)
        self._collect(
            where, "" if meanings[0] == meanings[1] else "the signal is taken for something else"
        )

    def _storm_was_unknown(self, signal: Signal, classifications: Classification, key: str) -> bool:
        """True if it opened its own incident where the old policy counts a storm.

        The earlier openings were then unreadable, or another worker wrote them: no policy knew a
        storm.
        """
        old = self.sides[0]
        storm = causes.storm_key(old.profile.fleet.name)
        return key not in {"", storm} and old.exceeds_storm_limit(signal, classifications)

    @property
    def is_idle(self) -> bool:
        """True if neither policy has an incident, or anything to do."""
        (old, new), (before, after) = self.sides, self._next
        return not (old.store.tables.causes or new.store.tables.causes or before or after)

    def record_recovery(self, arn: str, at: datetime, now: datetime) -> None:
        """Record an alarm's OK at *at*, received at *now*: all that an idle pair needs."""
        self.totals.events += 1
        self._now = max(self._now, now)
        self.record_alarm_state(arn, at, AlarmState.OK)
        for side in self.sides:
            side.record_recovery(arn, at)

    def record_alarm_state(self, arn: str, at: datetime, state: AlarmState) -> None:
        """Record the alarm's state at *at*, from its event or from a read."""
        known = self._alarms.get(arn)
        if known is None or known[0] <= at:
            self._alarms[arn] = (at, _READINGS[state])

    def advance(self, to: datetime) -> None:
        """Do what is due before *to*."""
        while due := self._next_due(to):
            at, id_ = due
            self._now = max(self._now, at)
            self._reconcile(id_, None, self._unrecorded_inputs(), self._now)
        self._now = max(self._now, to)

    def reconcile(self, id_: IncidentId, turn: RecordedReconcile, inputs: DecisionInputs) -> None:
        """Replay a recorded reconcile of an incident that `follow_record` named."""
        where = self._open[id_].where if id_ in self._open else str(id_)
        for entry in turn.entries_of(Kind.SIGNAL):
            for signal in signals(entry):
                self.receive((signal, signal), entry.at, where)
        self._now = max(self._now, turn.decision.at)
        self._reconcile(id_, turn, inputs, turn.decision.at)

    def follow_record(self, id_: IncidentId) -> None:
        """Let the record, and no wake, decide when that incident is reconciled."""
        self._recorded_ids.add(id_)

    def end_record(self, id_: IncidentId) -> None:
        """End an incident's record, and with it what is known under either policy."""
        self._reconcile(
            id_, None, self._unrecorded_inputs(), self._now
        )  # an escalation at its end has a pending page
        for side in self.sides:
            if side.has_open(id_):
                side.diverged.setdefault(id_, "the record ends before it does")
        self._recorded_ids.discard(id_)
        self._forget(id_)

    def finish(self) -> Totals:
        """Finish everything that is open."""
        self._recorded_ids.clear()
        self.advance(self._now + INCIDENT_AGE_MAX)
        return self.totals

    # --- turns -------------------------------------------------------------------------------

    def _next_due(self, to: datetime) -> tuple[datetime, IncidentId] | None:
        """Return the earliest wake before *to*: the old policy's, or the new one's alone."""
        old, new = self._next
        known = {**{id_: at for id_, at in new.items() if id_ not in old}, **old}
        waits = ((at, id_) for id_, at in known.items() if id_ not in self._recorded_ids)
        return min((each for each in waits if each[0] < to), default=None)

    def _unrecorded_inputs(self) -> DecisionInputs:
        """Return the inputs where nothing was recorded: the alarms by their events."""
        alarms: Alarms = {arn: reading for arn, (_, reading) in self._alarms.items()}
        return DecisionInputs(
            observed=ObservedFacts(alarms=alarms, limits=Limits(Lease(group=""))), mode="enforce"
        )

    def _reconcile(
        self,
        id_: IncidentId,
        turn: RecordedReconcile | None,
        inputs: DecisionInputs,
        later: datetime,
    ) -> None:
        """Reconcile under both policies; nothing is read of an incident that neither has."""
        for waits in self._next:
            waits.pop(id_, None)
        if id_ not in self._open:
            return
        self.totals.reconciles += 1
        gone = self._open.diverged(id_)
        steps: list[DecidedStep | None] = []
        for side in self.sides:
            side.present.now, side.present.later = min(self._now, later), later
            steps.append(side.reconcile(id_, turn, inputs))
            self.totals.unrecorded.update(side.missing_facts())
        if not gone:
            self._compare(id_, *steps)
        self._collect(self._open[id_].where)
        if id_ not in self._recorded_ids and not any(side.has_open(id_) for side in self.sides):
            self._forget(id_)

    def _compare(
        self, id_: IncidentId, before: DecidedStep | None, after: DecidedStep | None
    ) -> None:
        before = before or self._inactive_step(0, id_, after)
        after = after or self._inactive_step(1, id_, before)
        sort = policy_diff.flip_kind(before, after) if before and after else None
        if before and after and sort:
            tally, why = self._open[id_], policy_diff.flip_reason(before, after)
            self._flip(Flip(sort, tally.where, id_, self._now, before, after, why))
            tally.why = tally.why or why

    def _inactive_step(
        self, number: int, id_: IncidentId, other: DecidedStep | None
    ) -> DecidedStep | None:
        """Return the step of a policy whose incident is over while the other fixes."""
        if other is None or other.step != "fix":
            return None
        incident = self.sides[number].incident(id_)
        status = incident.status if incident is not None else "never opened"
        return DecidedStep(step="none", rule="over", why=f"it is {status}")

    # --- what comes of it --------------------------------------------------------------------

    def _collect(self, where: str, why: str = "") -> None:
        """Collect the last step's wakes and pages by incident."""
        for side, waits in zip(self.sides, self._next, strict=True):
            for at, wake in side.wakes.waiting:
                known = waits.get(wake.incident, at)
                waits[wake.incident] = min(at, known) if wake.generation == 0 else at
            side.wakes.waiting.clear()
        self._open.update(where, why)

    def _forget(self, id_: IncidentId) -> None:
        self.totals.diverged += self._open.diverged(id_)
        for flip in self._open.close(id_, self._now):
            self._flip(flip)
        opened = [side.incident(id_) is not None for side in self.sides]
        old, new = self.totals.incidents
        self.totals.incidents = (old + opened[0], new + opened[1])
        for side, waits in zip(self.sides, self._next, strict=True):
            side.forget(id_)
            waits.pop(id_, None)

    def _flip(self, flip: Flip) -> None:
        self.totals.flips[flip.kind] += 1
        self._report(flip)


def _rules(before: str, after: str) -> str:
    return after if before == after else f"{before}, became {after}"
