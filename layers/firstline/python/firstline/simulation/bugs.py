"""The bugs that are planted: what is edited, and which invariants must tell of it."""

import msgspec


class Planted(msgspec.Struct, frozen=True, kw_only=True):
    """In ``file``, ``old`` becomes ``new``; the checker of the invariant ``breaks`` must tell.

    One that needs a rare meeting is hunted from the ``start`` that brings it about.
    """

    name: str
    breaks: str
    file: str
    old: str
    new: str
    start: str = ""


PLANTED = (
    Planted(
        name="a fix is sent before its intent is committed",
        breaks="I8",
        file="controller/act.py",
        old="    attempt, lease = _intend(draft, what, about)\n    draft.commit()\n",
        new="    attempt, lease = _intend(draft, what, about)\n",
    ),
    Planted(
        name="an intent that was lost is never looked for",
        breaks="I9 (lost)",
        file="controller/observe.py",
        old="        return _read(lambda: ports.hosts.find(attempt.token, attempt.intended_at))\n",
        new="        return None\n",
    ),
    Planted(
        name="attempts are not counted",
        breaks="I20",
        file="limits.py",
        old="each.target == target and now - each.at < window",
        new="False",
    ),
    Planted(
        name="an alert is resolved while its trigger may be sent again",
        breaks="I2",
        file="resolving.py",
        old="RESOLVE_AFTER = 2 * LIVES_MAX + CLOCKS_DIFFER\n",
        new="RESOLVE_AFTER = timedelta(0)\n",
        start="it is over before it was paged",
    ),
    Planted(
        name="nobody pages",
        breaks="I1",
        file="controller/settle.py",
        old="    for page in due:\n",
        new="    for page in due[:0]:\n",
    ),
    Planted(
        name="a hand-over resolves what it gives to a person",
        breaks="I4",
        file="controller/act.py",
        old="    pages = paging.hand_over(draft.incident, told, draft.now)\n",
        new="    pages = paging.hand_over(draft.incident, told, draft.now)\n"
        "    pages = (*pages, *paging.resolutions(draft.incident, draft.now))\n",
    ),
    Planted(
        name="an incident that rests is in no index",
        breaks="I24",
        file="controller/draft.py",
        old="            next_wake_at=min([*times, *digests], default=None),\n",
        new="            next_wake_at=None,\n",
    ),
    Planted(
        name="an entry does not name the one before it",
        breaks="I25",
        file="ledger.py",
        old='            "previous": chain.head,\n',
        new='            "previous": GENESIS,\n',
    ),
    Planted(
        name="the kill switch is not asked",
        breaks="I15",
        file="guards/authority.py",
        old="    pause = switch.stops(incident.condition, incident.id, situation.now)\n",
        new="    pause = None\n",
    ),
    Planted(
        name="a fix on an alarm that is OK",
        breaks="I14",
        file="guards/freshness.py",
        old="    alarm = situation.evidence.alarm\n",
        new="    return None\n    alarm = situation.evidence.alarm\n",
    ),
    Planted(
        name="a clock that goes before overlooks what was sent",
        breaks="I9 (lost)",
        file="ports/orders.py",
        old="CLOCKS_APART = timedelta(seconds=60)\n",
        new="CLOCKS_APART = timedelta(0)\n",
    ),
    Planted(
        name="a fix of which nothing is known is sent again",
        breaks="I9",
        file="controller/act.py",
        old="    _take_in(draft, attempt, lease, sending)\n",
        new="    if isinstance(sending, Unsettled):\n"
        "        sending = ports.hosts.fix(order)\n"
        "    _take_in(draft, attempt, lease, sending)\n",
    ),
    Planted(
        name="an intent counts as not sent while it may be on its way",
        breaks="I9 (lost)",
        file="controller/act.py",
        old="    return max(FUNCTION_TIMEOUT, action.delivery_limit + action.execution_limit)",
        new="    return timedelta(seconds=1) - MARGIN",
    ),
    Planted(
        name="what the store did not take is not delivered again",
        breaks="I1 (heard)",
        file="controller/opening.py",
        old="        _page_unrecorded(incident.pages, system)\n        raise\n",
        new="        _page_unrecorded(incident.pages, system)\n"
        "        return Receipt(found.disposition, found.why)\n",
    ),
    Planted(
        name="an alarm from before its OK opens an incident",
        breaks="I3",
        file="controller/opening.py",
        old="        if late and is_over(arrival.signal, system):\n",
        new="        if late and system is None:\n",
        start="an alarm comes after its OK",
    ),
    Planted(
        name="an incident is closed though hosts are dead",
        breaks="I4 (hosts)",
        file="deciding/recovering.py",
        old="policy.verify_readings or s.unverified:",
        new="policy.verify_readings:",
    ),
    Planted(
        name="whoever only observes pages nobody",
        breaks="I5",
        file="controller/settle.py",
        old="    for page in due:\n",
        new='    for page in due if draft.system.settings.mode == "enforce" else ():\n',
    ),
    Planted(
        name="what nobody understands is ignored",
        breaks="I6",
        file="classify.py",
        old='    return _unclassified(signal, profile, f"an event of our own account that is',
        new='    return Classification(disposition=Disposition.IGNORED, why=f"{profile.name}',
    ),
    Planted(
        name="the sweep tells of no page that is owed",
        breaks="I7",
        file="controller/sweep.py",
        old="    waiting = filter(paging.people_wait, paging.owed(draft.incident.pages))\n",
        new="    waiting = filter(paging.people_wait, paging.owed(()))\n",
    ),
    Planted(
        name="whoever is known at all is dead",
        breaks="I11",
        file="diagnose.py",
        old="    if len(dead) >= READERS_THAT_PROVE and not serving:\n",
        new="    if dead or serving:\n",
    ),
    Planted(
        name="one reader proves that a host is dead",
        breaks="I12",
        file="diagnose.py",
        old="    if len(dead) >= READERS_THAT_PROVE and not serving:\n",
        new="    if dead:\n",
    ),
    Planted(
        name="as many readers against a host as for it",
        breaks="I16",
        file="diagnose.py",
        old="    if len(dead) >= READERS_THAT_PROVE and not serving:\n",
        new="    if dead and len(dead) >= len(serving):\n",
    ),
    Planted(
        name="an intent does not name its host",
        breaks="I13",
        file="controller/act.py",
        old="        hosts=what.hosts,\n        known=",
        new="        hosts=(),\n        known=",
    ),
    Planted(
        name="a suppressed alarm is no reason to wait",
        breaks="I17",
        file="guards/surroundings.py",
        old="plan.action == UNDOES or not situation.incident.suppressed",
        new="plan.action",
    ),
    Planted(
        name="an issue of AWS's is no reason to wait",
        breaks="I18",
        file="guards/surroundings.py",
        old="    issues = known.issues(situation.now)\n",
        new="    issues = ()\n",
    ),
    Planted(
        name="a host is fixed in the midst of a refresh",
        breaks="I19",
        file="guards/surroundings.py",
        old="    active = refreshes.active()\n",
        new="    active = ()\n",
    ),
    Planted(
        name="what was spent is forgotten with each fix",
        breaks="I20",
        file="limits.py",
        old="spent=(*kept, spent)",
        new="spent=(spent,)",
    ),
    Planted(
        name="no storm is ever seen",
        breaks="I21",
        file="controller/opening.py",
        old="        storm = others >= policy.storm_scopes_max and",
        new="        storm = others < 0 and",
    ),
    Planted(
        name="a host that is evidence is fixed",
        breaks="I22",
        file="guards/surroundings.py",
        old="    suspects = sorted(set(known.suspects(situation.now)) & set(plan.hosts))\n",
        new="    suspects = list[str]()\n",
    ),
    Planted(
        name="a fix that was carried out has helped",
        breaks="I23",
        file="learn.py",
        old="    if verify.helped(current, incident, evidence, verified):\n",
        new="    if current.outcome is Outcome.DONE:\n",
    ),
    Planted(
        name="the ledger keeps a few of the guards' answers",
        breaks="I26",
        file="decision.py",
        old='            "guards": msgspec.to_builtins(self.answers),\n',
        new='            "guards": msgspec.to_builtins(self.answers[:5]),\n',
    ),
    Planted(
        name="an entry leaves out what a fix's host answered",
        breaks="I26 (again)",
        file="basis.py",
        old="        fix=seen.fix,\n",
        new="        fix=None,\n",
    ),
    Planted(
        name="an entry names the user",
        breaks="I27",
        file="episodes.py",
        old='        "state": signal.state,\n',
        new='        "state": signal.restricted.user if signal.restricted else signal.state,\n',
    ),
    Planted(
        name="another account's events are taken for ours",
        breaks="I28",
        file="classify.py",
        old="    if signal.account != home.account:\n",
        new="    if not signal.account:\n",
    ),
    Planted(
        name="a signal's clock is believed",
        breaks="I29",
        file="signals.py",
        old="    return copy.replace(signal, at=now, marks=marks)\n",
        new="    return copy.replace(signal, marks=marks)\n",
    ),
    Planted(
        name="a transition's key is the text of its instant",
        breaks="I30",
        file="sources/cloudwatch.py",
        old="{event.state.value}|{at.isoformat()}",
        new="{event.state.value}|{event.state.timestamp}",
    ),
    Planted(
        name="what a fix of ours did is a trouble",
        breaks="I31",
        file="classify.py",
        old='        why = f"kept as evidence: {signal.kind}"\n'
        "        return Classification(disposition=Disposition.CONTEXT, why=why)\n",
        new='        return _unclassified(signal, profile, "an event without a rule")\n',
    ),
    Planted(
        name="a conflict is taken for a success",
        breaks="I10",
        file="controller/act.py",
        old="    attempt, lease = _intend(draft, what, about)\n    draft.commit()\n",
        new="    attempt, lease = _intend(draft, what, about)\n"
        "    try:\n        draft.commit()\n    except Exception:\n        pass\n",
    ),
    Planted(
        name="a sweep tells of no page whose wake it could not queue",
        breaks="I7",
        file="controller/sweep.py",
        old="        if draft is not None:  #",
        new="        if draft is not None and not failed:  #",
    ),
)
