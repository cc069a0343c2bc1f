#!/bin/bash
# Restarts one systemd unit, once for each token. Prints one line:
# {"schema":1,"result":"RESULT","unit":"..."}, the unit null where its name was refused. RESULT is
#   restarted        exit 0; the unit is active, and its parent is or is about to be
#   refused-late, refused-repeat, refused-input, refused-job, masked, bad-setting, not-found
#                    exit 3; nothing was done. refused-job: a job younger than AllowanceSeconds is
#                    under way, such as a person's own restart. A person has masked a masked unit.
#                    Of the last three, the unit is the one that cannot be started.
#   failed, parent-failed, timed-out
#                    exit 1. parent-failed: the enclave is back, and its parent does not run. A
#                    restart that ran over its time still goes on in systemd: a look settles what
#                    came of it.
#
# Set before these lines: Unit, Token, NotAfter (Unix seconds), Incident, Action, AllowanceSeconds,
# and ParentUnit for an enclave: the parent that must run beside it, which one earlier failure may
# have stopped. Both are queued in systemd at once, in the order that their After= gives, so that
# neither a time limit nor a cancel of this command leaves the parent stopped.
# SSM may deliver late, twice, or again after a reboot; the token and the time are the fence at
# this end. What became of a claimed token is a line in the host's journal.

set -u
exec </dev/null 2>/dev/null
export LC_ALL=C
umask 077

Unit=${Unit-} Token=${Token-} NotAfter=${NotAfter-} ParentUnit=${ParentUnit-}
Incident=${Incident-} Action=${Action-} AllowanceSeconds=${AllowanceSeconds-}
unit_pattern='^[a-z][a-z0-9@_.-]{0,62}$'
token_pattern='^[0-9a-f]{32}$'
not_after_pattern='^[0-9]{10}$'
incident_pattern='^inc-[0-9a-f]{20}$'
action_pattern='^[a-z][a-z_]{0,40}$'
allowance_pattern='^[0-9]{1,5}$'

# Only tests set these variables. The restart has what is left of the SSM step's 60 s: all but the
# time of what comes after it, and a margin.
tokens=${FIRSTLINE_STATE:-/var/lib/firstline}/tokens
restart_seconds=${FIRSTLINE_RESTART_SECONDS:-}
root=${FIRSTLINE_ROOT-}
step_seconds=56 after_seconds=7
claim_kept_minutes=10080
# A claim must outlive every delivery that it refuses, so no delivery may be valid for longer.
ahead_most_seconds=86400

unit=null claimed=''
finish() {
  [[ -z $claimed ]] || timeout -s KILL 1 systemd-cat --identifier=firstline \
    echo "incident=$Incident action=$Action unit=$Unit token=$Token result=$1" >/dev/null
  printf '{"schema":1,"result":"%s","unit":%s}\n' "$1" "$unit"
  exit "$2"
}

[[ $Unit =~ $unit_pattern ]] || finish refused-input 3
unit="\"$Unit\""
[[ -z $ParentUnit || $ParentUnit =~ $unit_pattern ]] || finish refused-input 3
[[ $Token =~ $token_pattern && $NotAfter =~ $not_after_pattern ]] || finish refused-input 3
[[ $Incident =~ $incident_pattern && $Action =~ $action_pattern ]] || finish refused-input 3
[[ $AllowanceSeconds =~ $allowance_pattern ]] || finish refused-input 3

printf -v now '%(%s)T' -1
((now <= 10#$NotAfter)) || finish refused-late 3
((10#$NotAfter - now <= ahead_most_seconds)) || finish refused-input 3

timeout -s KILL 2 mkdir -p -- "$tokens" || finish failed 1
timeout -s KILL 1 find "$tokens" -mindepth 1 -maxdepth 1 -type d -mmin "+$claim_kept_minutes" \
  -regextype posix-extended -regex '.*/[0-9a-f]{32}' -empty -delete

# mkdir makes the directory or fails: of two deliveries at once, one gets it.
timeout -s KILL 2 mkdir -- "$tokens/$Token"
made=$?
((made != 1)) || [[ ! -e $tokens/$Token ]] || finish refused-repeat 3
((made == 0)) || finish failed 1
# The claim is on disk before the unit is touched: a crash must not forget it.
timeout -s KILL 2 sync -- "$tokens" || finish failed 1

claimed=yes

# The suffix keeps every name a service: a target such as reboot.target cannot be reached.
units=("${Unit%.service}.service")
[[ -z $ParentUnit ]] || units+=("${ParentUnit%.service}.service")

# look_at UNIT: its load, active, the number of its job, and since when that is under way, in
# microseconds of systemd's clock. systemd dates no job. One that starts the unit is as old as the
# present series of starts, as look_host.sh reckons it; one that waits for another's has no age.
look_at() {
  local name value sub='' restarts='' left_inactive='' active_from=0 active_until=0 changed=''
  load='' active='' job='' since=''
  while IFS='=' read -r name value; do
    case $name in
      LoadState) load=$value ;;
      ActiveState) active=$value ;;
      SubState) sub=$value ;;
      NRestarts) restarts=$value ;;
      Job) [[ ! $value =~ ^[1-9][0-9]{0,9}$ ]] || job=$value ;;
      InactiveExitTimestampMonotonic) left_inactive=$value ;;
      ActiveEnterTimestampMonotonic) active_from=$value ;;
      ActiveExitTimestampMonotonic) active_until=$value ;;
      StateChangeTimestampMonotonic) changed=$value ;;
    esac
  done < <(timeout -s KILL 2 systemctl show --property=LoadState --property=ActiveState \
    --property=SubState --property=NRestarts --property=Job \
    --property=InactiveExitTimestampMonotonic --property=ActiveEnterTimestampMonotonic \
    --property=ActiveExitTimestampMonotonic --property=StateChangeTimestampMonotonic -- "$1")
  [[ $active_from =~ ^[0-9]{1,16}$ && $active_until =~ ^[0-9]{1,16}$ ]] || active_until=0
  case $active:$sub:$restarts in
    activating:auto-restart*:* | activating:*:[1-9]*)
      since=0
      ((active_until == 0 || active_until - active_from < 60000000)) || since=$active_until
      ;;
    activating:*) since=$left_inactive ;;
    deactivating:*) since=$changed ;;
  esac
  [[ $since =~ ^[0-9]{1,16}$ ]] || since=''
}

young() { [[ -z $since ]] || ((${uptime%.*} - since / 1000000 < 10#$AllowanceSeconds)); }

read -r uptime _ <"$root/proc/uptime"
jobs=()
for each in "${units[@]}"; do
  look_at "$each"
  case $load in
    loaded) ;;
    masked | not-found | bad-setting | error)
      unit="\"${each%.service}\""
      finish "${load/error/bad-setting}" 3
      ;;
    *) finish failed 1 ;;
  esac
  [[ -n $job ]] || continue
  # a parent's job that waits does so for the enclave's, which has been found to be old
  [[ -z $since && ${#jobs[@]} != 0 ]] || ! young || finish refused-job 3
  jobs+=("$job")
done
((${#jobs[@]} == 0)) || timeout -s KILL 2 systemctl cancel -- "${jobs[@]}" >/dev/null

# A unit that has used up its starts is refused another one until its count is reset.
timeout -s KILL 2 systemctl reset-failed -- "${units[@]}" >/dev/null
timeout -k 2 "${restart_seconds:-$((step_seconds - after_seconds - SECONDS))}" \
  systemctl restart -- "${units[@]}" >/dev/null
code=$?
((code != 124 && code != 137)) || finish timed-out 1
if ((code == 0)); then
  look_at "${units[-1]}"
  [[ $active != active && $active != activating ]] || finish restarted 0
  [[ -z $ParentUnit ]] || finish parent-failed 1
elif [[ -n $ParentUnit ]]; then
  look_at "${units[0]}"
  [[ $active != active ]] || finish parent-failed 1
fi
finish failed 1
