#!/bin/bash
# Restarts one systemd unit, once for each token. Prints one line:
# {"schema":1,"result":"restarted|refused-late|refused-repeat|refused-input|failed|timed-out",
# "unit":"..."}, the unit null where its name was refused.
# Exit 0 restarted, 3 refused, 1 failed or timed out. A restart that ran over its time may still
# go on in systemd: a look settles what came of it.
#
# Set before these lines: Unit, Token, NotAfter (Unix seconds), and ParentUnit for an enclave: the
# parent that must run beside it. systemd restarts the parent with its enclave, but one that an
# earlier failure had stopped stays stopped, so it is told to start once the enclave is back.
# SSM may deliver late, twice, or again after a reboot; the token and the time are the fence at
# this end.

set -u
exec </dev/null 2>/dev/null
export LC_ALL=C
umask 077

Unit=${Unit-} Token=${Token-} NotAfter=${NotAfter-} ParentUnit=${ParentUnit-}
unit_pattern='^[a-z][a-z0-9@_.-]{0,62}$'
token_pattern='^[0-9a-f]{32}$'
not_after_pattern='^[0-9]{10}$'

# Only tests set these two variables. The limits together stay under the 60 s of the SSM step.
tokens=${FIRSTLINE_STATE:-/var/lib/firstline}/tokens
restart_seconds=${FIRSTLINE_RESTART_SECONDS:-46}
claim_kept_minutes=10080
# A claim must outlive every delivery that it refuses, so no delivery may be valid for longer.
ahead_most_seconds=86400

unit=null
finish() {
  printf '{"schema":1,"result":"%s","unit":%s}\n' "$1" "$unit"
  exit "$2"
}

[[ $Unit =~ $unit_pattern ]] || finish refused-input 3
unit="\"$Unit\""
[[ -z $ParentUnit || $ParentUnit =~ $unit_pattern ]] || finish refused-input 3
[[ $Token =~ $token_pattern && $NotAfter =~ $not_after_pattern ]] || finish refused-input 3

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

# The suffix keeps every name a service: a target such as reboot.target cannot be reached.
timeout -k 2 "$restart_seconds" systemctl restart -- "${Unit%.service}.service" >/dev/null
case $? in
  0) ;;
  124 | 137) finish timed-out 1 ;;
  *) finish failed 1 ;;
esac

[[ -z $ParentUnit ]] || timeout -s KILL 4 \
  systemctl start --no-block -- "${ParentUnit%.service}.service" >/dev/null || finish failed 1
finish restarted 0
