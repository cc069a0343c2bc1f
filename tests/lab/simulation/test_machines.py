"""State machines, where shrinking matters most: leases, budgets and episodes."""

from datetime import datetime, timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from firstline.config.profile import seconds
from firstline.controller.ports.store import Change, LeaseWrite
from firstline.diagnosis.evidence import AlarmState, Group, Instance
from firstline.errors import CommitConflict
from firstline.ids import IncidentId, InstanceId, Token
from firstline.lab.twin.effects import ScenarioFaults
from firstline.lab.twin.scenario import Scenario
from firstline.lab.twin.store import MemoryStore
from firstline.lab.twin.world import World
from firstline.remediation import limits
from firstline.remediation.guards.blast_radius import budget_is_left, one_fix_at_a_time
from firstline.remediation.limits import AttemptRecord, Lease, Limits
from firstline.signals.sources.envelope import parse
from tests.builders import ALARM_ARN, HOME, NOW, PROFILE, evidence, incident
from tests.controller.rig import START, Rig, later
from tests.remediation.situations import plan, situation

STEADY = settings(
    derandomize=True,
    deadline=None,
    max_examples=60,
    stateful_step_count=40,
    suppress_health_check=list(HealthCheck),
)
WORKERS = st.integers(0, 2)
LEASED_FOR = timedelta(seconds=150)
WINDOW = timedelta(hours=1)
HOSTS = tuple(InstanceId(f"i-0a1b2c3d4e5f{number:05x}") for number in range(10))


def _id(number: int) -> IncidentId:
    return IncidentId(f"inc-{number:020x}")


class Leases(RuleBasedStateMachine):
    """Three incidents want one lease; each reads, waits for as long as it likes, and writes.

    Whoever may act holds it: ``holds`` is by our own book, until its time is over or given back.
    """

    def __init__(self) -> None:
        super().__init__()
        world = World(Scenario(name="leases"), NOW, PROFILE.fleet.group)
        self.store = MemoryStore(ScenarioFaults(world))
        self.now = NOW
        self.read: dict[int, Lease] = {}
        self.holds: dict[int, datetime] = {}
        self.fences: list[int] = []

    @rule(worker=WORKERS)
    def reads(self, worker: int) -> None:
        """It sees the lease as it is now."""
        self.read[worker] = self.store.limits(PROFILE.fleet.group).lease

    @rule(worker=WORKERS)
    def takes(self, worker: int) -> None:
        """It takes what it saw as free, if nobody wrote since."""
        seen = self.read.pop(worker, None)
        if seen is None:
            return
        held = situation(now=self.now, incident=incident(id=_id(worker)), limits=Limits(seen))
        if one_fix_at_a_time(plan(), held) is not None:
            return
        spent = AttemptRecord(
            Token(f"{len(self.fences):032x}"), "restart_enclave", HOSTS[0], self.now
        )
        lease = limits.take_lease(seen, _id(worker), self.now + LEASED_FOR, spent, WINDOW)
        try:
            self.store.commit(Change(lease=LeaseWrite(lease, seen.fence)))
        except CommitConflict:
            return
        self.fences.append(lease.fence)
        self.holds[worker] = self.now + LEASED_FOR

    @rule(worker=WORKERS)
    def gives_back(self, worker: int) -> None:
        """It is done with its fix, if the lease is still its own."""
        seen = self.store.limits(PROFILE.fleet.group).lease
        if seen.holder == _id(worker):
            self.store.commit(Change(lease=LeaseWrite(limits.release_lease(seen), seen.fence)))
            self.holds.pop(worker, None)

    @rule(passed=st.integers(1, 200))
    def time_passes(self, passed: int) -> None:
        """Also beyond a lease's end."""
        self.now += timedelta(seconds=passed)
        self.holds = {who: until for who, until in self.holds.items() if until > self.now}

    @invariant()
    def one_holds_it(self) -> None:
        """I10: never two at a time, and each taking is behind a higher fence."""
        assert len(self.holds) <= 1
        assert self.fences == sorted(set(self.fences))


class Budgets(RuleBasedStateMachine):
    """Fixes of hosts of which nothing is known, by any incident, at any time."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.lease = Lease(group=PROFILE.fleet.group)
        self.touched: list[tuple[datetime, InstanceId]] = []
        instances = tuple(Instance(each, "InService", "Healthy") for each in HOSTS)
        self.seen = evidence(group=Group(desired=len(HOSTS), instances=instances))

    @rule(host=st.sampled_from(HOSTS), who=WORKERS)
    def fixes(self, host: InstanceId, who: int) -> None:
        """One host, if the guard lets it pass."""
        held = situation(now=self.now, evidence=self.seen, limits=Limits(self.lease))
        if budget_is_left(plan(host), held) is not None:
            return
        token = Token(f"{len(self.touched):032x}")
        spent = AttemptRecord(token, "restart_enclave", host, self.now, alive=(host,))
        self.lease = limits.take_lease(self.lease, _id(who), self.now + LEASED_FOR, spent, WINDOW)
        self.touched.append((self.now, host))

    @rule(failed=st.booleans())
    def ends(self, *, failed: bool) -> None:
        """A fix is judged: what was spent stays spent."""
        token = self.lease.spent[-1].token if failed and self.lease.spent else None
        self.lease = limits.release_lease(self.lease, token)

    @rule(passed=st.integers(1, 1200))
    def time_passes(self, passed: int) -> None:
        """Also beyond the window."""
        self.now += timedelta(seconds=passed)

    @invariant()
    def few_are_touched(self) -> None:
        """I11: a fifth of the group in any window that ends now."""
        window = seconds(PROFILE.policy.budget_window_seconds)
        lately = {host for at, host in self.touched if self.now - at < window}
        assert len(lately) <= max(1, len(HOSTS) * PROFILE.policy.budget_percent // 100)


class Episodes(RuleBasedStateMachine):
    """Transitions of one alarm, told in any order and again and again, while it is worked on."""

    def __init__(self) -> None:
        super().__init__()
        self.rig = Rig()
        self.delivered: list[bytes] = []
        self.late: list[bytes] = []
        self.over: set[IncidentId] = set()

    @rule(state=st.sampled_from((AlarmState.ALARM, AlarmState.OK)), late=st.booleans())
    def turns(self, state: AlarmState, *, late: bool) -> None:
        """The alarm turns, and tells of it, now or later."""
        passed = (self.rig.world.now - START).total_seconds() + 1
        self.rig.world.advance(START + timedelta(seconds=passed))
        self.rig.world.alarms[ALARM_ARN].turn(state, self.rig.world.now)
        if late:
            self.late.append(later(passed, state))
        else:
            self._deliver(later(passed, state))

    @rule()
    def tells_late(self) -> None:
        """What comes after a later OK opens nothing, as long as the alarm is OK."""
        if not self.late:
            return
        opened = len(self.rig.tables.incidents)
        received = self.rig.tables.heard.get(ALARM_ARN, START)
        body = self.late.pop()
        signal = parse(body, HOME, self.rig.world.now)
        fine = self.rig.world.alarms[ALARM_ARN].state is AlarmState.OK
        self._deliver(body)
        if fine and signal.at < received:
            assert len(self.rig.tables.incidents) == opened

    def _deliver(self, body: bytes) -> None:
        self.delivered.append(body)
        self.rig.hear(body)

    @rule(number=st.integers(0, 30))
    def delivers_again(self, number: int) -> None:
        """An earlier event is delivered once more."""
        if self.delivered:
            self.rig.hear(self.delivered[number % len(self.delivered)])

    @rule(times=st.integers(1, 25))
    def works(self, times: int) -> None:
        """Wakes are delivered."""
        for _ in range(times):
            if self.rig.waiting:
                self.rig.turn()
        held = (self.rig.incident(number) for number in range(len(self.rig.tables.incidents)))
        self.over |= {each.id for each in held if each.ended}

    @rule(passed=st.integers(1, 1500))
    def time_passes(self, passed: int) -> None:
        """Minutes, in which the fleet's own alarm may turn as well."""
        now = self.rig.world.now
        for body in self.rig.world.advance(now + timedelta(seconds=passed)):
            self._deliver(body)

    @invariant()
    def nobody_is_told_twice(self) -> None:
        """I2: one notification for each key."""
        assert set(self.rig.notified.values()) <= {1}

    @invariant()
    def one_is_open(self) -> None:
        """I3: each transition opens one episode at most, and one of them is open at a time."""
        held = [self.rig.incident(number) for number in range(len(self.rig.tables.incidents))]
        assert len([each for each in held if not each.ended]) <= 1
        assert len({each.opening for each in held}) == len(held)
        assert all(each.ended for each in held if each.id in self.over)


TestLeases = Leases.TestCase
TestLeases.settings = STEADY
TestBudgets = Budgets.TestCase
TestBudgets.settings = STEADY
TestEpisodes = Episodes.TestCase
TestEpisodes.settings = STEADY
