"""Rules that raise the severity of trouble that lasts."""

from firstline.diagnosis.evidence import Group
from firstline.remediation.decision import Decision, Raise
from firstline.remediation.rules.rule_name import RuleName
from firstline.remediation.situation import Situation
from firstline.signal import Severity


def short_group(s: Situation) -> Decision | None:
    """R14: a group that lacks instances for long is a P2; a single failed launch is not.

    An unreadable group counts as short.
    """
    since, group = s.incident.short_since, s.evidence.group
    if since is None or s.short_until is None or s.now < s.short_until:
        return None
    lacks = "the group cannot be read"
    if isinstance(group, Group):
        lacks = f"{len(group.in_service())} of {group.desired} instances are in service"
    why = f"{lacks}; the group is short of instances since {since:%H:%M:%S}"
    return Decision(step=Raise(Severity.P2), rule=RuleName.GROUP_SHORT, why=why)
