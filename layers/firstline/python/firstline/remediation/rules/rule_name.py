"""Names of the rules that decide: one stable word for each, for programs."""

from enum import StrEnum


class RuleName(StrEnum):
    """The rule of a decision, in CamelCase as reasons of Kubernetes events are.

    A sentence may change its wording; a name does not change, and none is used for another rule.
    """

    ACTION_UNKNOWN = "ActionUnknown"
    WRONG_REFRESH = "WrongRefresh"
    INCIDENT_TOO_LARGE = "IncidentTooLarge"
    GROUP_SHORT = "GroupShort"
    LIMIT_REACHED = "LimitReached"
    STORM_GATHERING = "StormGathering"
    FIX_NOT_FOUND = "FixNotFound"
    FIX_UNDER_WAY = "FixUnderWay"
    LOOK_UNDER_WAY = "LookUnderWay"
    ALARM_DELETED = "AlarmDeleted"
    VERIFY_FIX = "VerifyFix"
    CANCEL_REFRESH = "CancelRefresh"
    QUIET_WINDOW = "QuietWindow"
    RECOVERED = "Recovered"
    GROUP_INCOMPLETE = "GroupIncomplete"
    NO_HOSTS = "NoHosts"
    HOSTS_SILENT = "HostsSilent"
    LOOK_AT_HOSTS = "LookAtHosts"
    CONFIRM_APPROVAL = "ConfirmApproval"
    NO_ALARM = "NoAlarm"
    LOOK_BEFORE_FIX = "LookBeforeFix"
    NEXT_FIX = "NextFix"
    ADD_CAPACITY = "AddCapacity"
    NOT_REPAIRABLE = "NotRepairable"
    CONFIRM_TARGETS = "ConfirmTargets"
    AWAIT_ALARM_OK = "AwaitAlarmOk"
    SIGNALS_JOINING = "SignalsJoining"
    WATCH = "Watch"
