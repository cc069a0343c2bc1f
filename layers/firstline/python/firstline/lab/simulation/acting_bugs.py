"""The bugs that are planted in how firstline acts (I8 to I16, I19, I20, I23)."""

from firstline.lab.simulation.bug import Planted

ACTING = (
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
        old="        return read(lambda: ports.hosts.find(attempt.token, attempt.intended_at))\n",
        new="        return None\n",
    ),
    Planted(
        name="attempts are not counted",
        breaks="I20",
        file="remediation/limits.py",
        old="each.target == target and now - each.at < window",
        new="False",
    ),
    Planted(
        name="a fix on an alarm that is OK",
        breaks="I14",
        file="remediation/guards/freshness.py",
        old="    alarm = situation.evidence.alarm\n",
        new="    return None\n    alarm = situation.evidence.alarm\n",
    ),
    Planted(
        name="a clock that goes before overlooks what was sent",
        breaks="I9 (lost)",
        file="remediation/execution.py",
        old="CLOCKS_APART = timedelta(seconds=60)\n",
        new="CLOCKS_APART = timedelta(0)\n",
        start="restarts do not help",
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
        name="whoever is known at all is dead",
        breaks="I11",
        file="diagnosis/diagnose.py",
        old="    if len(dead) >= READERS_THAT_PROVE and not serving:\n",
        new="    if dead or serving:\n",
    ),
    Planted(
        name="one reader proves that a host is dead",
        breaks="I12",
        file="diagnosis/diagnose.py",
        old="    if len(dead) >= READERS_THAT_PROVE and not serving:\n",
        new="    if dead:\n",
    ),
    Planted(
        name="as many readers against a host as for it",
        breaks="I16",
        file="diagnosis/diagnose.py",
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
        name="a host is fixed in the midst of a refresh",
        breaks="I19",
        file="remediation/guards/surroundings.py",
        old="    active = refreshes.active()\n",
        new="    active = ()\n",
    ),
    Planted(
        name="what was spent is forgotten with each fix",
        breaks="I20",
        file="remediation/limits.py",
        old="spent=(*kept, spent)",
        new="spent=(spent,)",
    ),
    Planted(
        name="failures in a row are forgotten",
        breaks="I20 (counted)",
        file="incidents/demotion.py",
        old="failed = 0 if helped else before.failed + 1",
        new="failed = 0 if helped else 1",
        start="restarts fail in one incident after another",
    ),
    Planted(
        name="what was demoted goes by itself",
        breaks="I20 (demoted)",
        file="remediation/situation.py",
        old='return "approve" if said == "auto" and self.demotion(action) is not None else said',
        new="return said",
        start="restarts fail in one incident after another",
    ),
    Planted(
        name="a fix that was carried out has helped",
        breaks="I23",
        file="remediation/update.py",
        old="    if verify.helped(current, incident, evidence, verified):\n",
        new="    if current.outcome is Outcome.DONE:\n",
    ),
    Planted(
        name="a conflict is taken for a success",
        breaks="I10",
        file="controller/act.py",
        old="    attempt, lease = _intend(draft, what, about)\n    draft.commit()\n",
        new="    attempt, lease = _intend(draft, what, about)\n"
        "    try:\n        draft.commit()\n    except Exception:\n        pass\n",
    ),
)
