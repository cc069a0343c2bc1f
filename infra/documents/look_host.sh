#!/bin/bash
# Looks at one host. Changes nothing but its own notes: how far it has read the journal, in
# /var/lib/firstline, and a line `look` in the journal, which shows that journald stores lines and
# where they end. Prints one line: one JSON object of some 1,300 bytes, made
# of words from fixed lists, integers, booleans and null. No text that a tool prints, no line of a
# log and no name leaves the host: lines of the parent's log are counted, by constants.
#
# Set before these lines: EnclaveUnit, ParentUnit, NatsHost, NatsPort, CredentialsFile. An empty or
# refused value is not looked at. Exit 0 once the object is printed.
#
# The probes run side by side, each under a time limit, and none waits for another: a probe that
# fails, hangs or says what it should not gives "unknown" or null. `active` of a oneshot unit
# outlives its enclave, so the enclave's own state is asked of nitro-cli as well.

set -u -o pipefail
exec </dev/null 2>/dev/null
export LC_ALL=C

EnclaveUnit=${EnclaveUnit-} ParentUnit=${ParentUnit-} NatsHost=${NatsHost-} NatsPort=${NatsPort-}
CredentialsFile=${CredentialsFile-}
unit_pattern='^[a-z][a-z0-9@_.-]{0,62}$'
host_pattern='^[a-z0-9][a-z0-9.-]{0,252}$'
port_pattern='^[0-9]{1,5}$'
file_pattern='^/[A-Za-z0-9_/-][A-Za-z0-9._/-]{0,200}$'

# Only tests set these variables.
probe_seconds=${FIRSTLINE_PROBE_SECONDS:-4}
state=${FIRSTLINE_STATE:-/var/lib/firstline}
root=${FIRSTLINE_ROOT-}
# A probe makes at most three timed calls, each over within probe_seconds + 3. A process that even
# SIGKILL does not end (stuck in a driver) is left behind at this time.
look_seconds=$((3 * (probe_seconds + 3) + 1))

# run_limited MOST COMMAND...: what COMMAND prints; failure where it fails, runs over its time, or
# prints more than MOST bytes. The reader is timed too: a stray child may hold the pipe open.
run_limited() {
  local most=$1 text
  shift
  text=$(timeout -k 1 "$probe_seconds" "$@" |
    timeout -k 1 "$((probe_seconds + 2))" head -c "$((most + 1))") || return 1
  ((${#text} <= most)) || return 1
  printf '%s' "$text"
}

# Reads a JSON list of one object and prints the named fields, parted by spaces: capitals, whole
# numbers, true and false; `unknown` for all else. An empty list gives `none`.
fields='
import json, sys

def word(value):
    if type(value) is str and value.replace("_", "").isalpha() and value.isupper():
        return value
    if type(value) is str and len(value) == 96 and not set(value) - set("0123456789abcdef"):
        return value
    return json.dumps(value) if type(value) in (bool, int) else "unknown"

def at(place, name):
    for part in name.split("."):
        place = place.get(part) if type(place) is dict else None
    return place

found = json.load(sys.stdin)
if found == []:
    print("none")
else:
    (one,) = found if type(found) is list else ()
    print(*(word(at(one, name)) for name in sys.argv[1:]))
'

# Counts the lines on standard input that hold each constant (of several, parted by a bar, one; of
# two kinds, parted by a tab, one of each). Colours are taken out before, a line is read to its
# first 8 KiB only, and a reply to a probe, which is never stored, is no trouble.
count_lines='
import re, sys

colour = re.compile(rb"\x1b\[[0-9;]*m")
wanted = [
    [re.compile(b"|".join(map(re.escape, part.encode().split(b"|")))) for part in each.split("\t")]
    for each in sys.argv[1:]
]
found = [0] * len(wanted)
begins = True
while line := sys.stdin.buffer.readline(8192):
    text, first = colour.sub(b"", line), begins
    begins = line.endswith(b"\n")
    if not first or b"subject=_INBOX." in text:
        continue
    for number, parts in enumerate(wanted):
        found[number] += all(part.search(text) for part in parts)
print(*(min(each, 999999) for each in found))
'
# What is counted (the parent logs no name for it) and by which constants.
counted=(nats_disconnected nats_reconnected nats_closed nats_auth backlog_dropped
  enclave_unreachable pcr_mismatch handshake_failed kms_throttled kms_denied kms_key_unusable
  storage_failed enclave_memory user_errors security_events)
kms=$'Failed to handle KMS\t'
constants=('NATS disconnected' 'NATS reconnected' 'NATS connection closed'
  'Authorization Violation|authentication expired|authentication revoked'
  'Message channel full, dropping message'
  'Failed to forward message to enclave|Failed to read vsock response|failed to connect to enclave'
  'PCR value mismatch|Enclave attestation verification FAILED'
  'Enclave handshake MAC verification failed'
  "${kms}ThrottlingException|Rate exceeded|retry quota exceeded"
  "${kms}AccessDeniedException" "${kms}DisabledException|KMSInvalidStateException"
  'Failed to handle storage'
  'insufficient memory to create vault|cannot allocate memory'
  'msg_type=error|vault-manager read error|vault-manager send error'
  'SECURITY: ')
blockers=('Failed to persist vault state to S3' 'cold unlock may not work'
  'cold vault unlock may not work')
count_blockers=@restart_blockers.py@

# How long until the credentials end: of the file nothing but this number is ever printed.
hours_left='
import base64, json, sys, time

text = open(sys.argv[1], encoding="ascii").read(20000)
body = text.split("-----BEGIN NATS USER JWT-----")[1].split("------END")[0].split(".")[1].strip()
claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
if type(claims["exp"]) is int:
    print((claims["exp"] - int(time.time())) // 3600)
'

# The clock of uptime goes on while a machine is suspended and systemd's monotonic one does not: a
# difference of the two is never too small.
uptime_facts() {
  local seconds
  read -r seconds _ <"$root/proc/uptime" && printf '%s\n' "${seconds%.*}"
}

# since MICROSECONDS: the whole seconds since an instant of systemd's monotonic clock.
since() {
  local up
  up=$(uptime_facts)
  [[ $up =~ ^[0-9]{1,10}$ && $1 =~ ^[0-9]{1,16}$ ]] || return
  ((up = up > $1 / 1000000 ? up - $1 / 1000000 : 0))
  printf '%s' "$up"
}

# starting ACTIVE SUB RESTARTS: the seconds since the first attempt of the present series of starts.
# systemd keeps the beginning of the last attempt alone (InactiveExit), which is the first one until
# systemd itself has tried again. From then on the series is counted from the end of the last run
# of at least a minute (ActiveExit), or from the boot where there was none: a unit of Type=simple
# is active in each attempt. This errs to older only, by the time that the unit was stopped before
# a person started it, or that shorter runs took.
starting() {
  [[ $1 == activating ]] || return
  if [[ $2 != auto-restart* && $3 == 0 ]]; then
    since "$left_inactive"
  elif [[ $active_from =~ ^[0-9]{1,16}$ && $active_until =~ ^[0-9]{1,16}$ ]] &&
    ((active_until - active_from >= 60000000)); then
    since "$active_until"
  else
    since 0
  fi
}

# stopped ACTIVE RESULT REMAINS JOB: whether a stop job ended the last run, as a person's does. A unit
# with RemainAfterExit is never inactive by itself. One whose last start failed, and which
# reset-failed has made inactive, left that state after its last run began.
stopped() {
  [[ $1:$2:$3:$4 == inactive:success:yes:false ]] || { echo false; return; }
  [[ $left_inactive =~ ^[1-9][0-9]{0,15}$ && $active_from =~ ^[1-9][0-9]{0,15}$ ]] &&
    ((left_inactive <= active_from)) && echo true || echo false
}

unit_facts() {
  local name value active=unknown restarts=unknown load=unknown sub=unknown result=unknown
  local job=unknown remains='' left_inactive='' active_from='' active_until='' seconds
  [[ $1 =~ $unit_pattern ]] || return
  while IFS='=' read -r name value; do
    [[ $value != *[[:space:]]* ]] || value=unknown
    case $name in
      ActiveState) active=$value ;;
      NRestarts) restarts=$value ;;
      LoadState) load=$value ;;
      SubState) sub=$value ;;
      Result) result=$value ;;
      Job) [[ -z $value || $value == 0 ]] && job=false || job=true ;;
      RemainAfterExit) remains=$value ;;
      InactiveExitTimestampMonotonic) left_inactive=$value ;;
      ActiveEnterTimestampMonotonic) active_from=$value ;;
      ActiveExitTimestampMonotonic) active_until=$value ;;
    esac
  done < <(run_limited 1000 systemctl show --property=LoadState --property=ActiveState \
    --property=SubState --property=Result --property=NRestarts --property=Job \
    --property=RemainAfterExit --property=InactiveExitTimestampMonotonic --property=ActiveEnterTimestampMonotonic \
    --property=ActiveExitTimestampMonotonic -- "${1%.service}.service" && echo)
  seconds=$(starting "$active" "$sub" "$restarts")
  [[ $load != not-found ]] || active=not-found restarts=unknown
  printf '%s %s %s %s %s %s %s %s\n' "${active:-unknown}" "${restarts:-unknown}" \
    "${load:-unknown}" "${sub:-unknown}" "${result:-unknown}" "$job" "${seconds:-unknown}" \
    "$(stopped "$active" "$result" "$remains" "$job")"
}

# With several enclaves this look cannot say which one is meant: unknown.
enclave_facts() {
  local list
  list=$(run_limited 60000 nitro-cli describe-enclaves) || return
  printf '%s' "$list" | run_limited 200 python3 -I -S -c "$fields" State MemoryMiB NumberOfCPUs \
    Measurements.PCR0 Flags
}

# Why no enclave can start here. An enclave that runs, or is about to, has taken the pages and the
# processors of its pool: the answer holds only where there is none.
obstacle_facts() {
  local huge=$root/sys/kernel/mm/hugepages pool=$root/sys/module/nitro_enclaves/parameters/ne_cpus
  local free pages='' processors
  [[ -e $root/dev/nitro_enclaves ]] || { echo no-device; return; }
  [[ $(run_limited 40 systemctl show --property=ActiveState \
    -- nitro-enclaves-allocator.service) != ActiveState=failed ]] || { echo allocator-failed; return; }
  for free in "$huge"/hugepages-{2048,1048576}kB/free_hugepages; do
    [[ ! -r $free ]] || pages+=$(<"$free")
  done
  [[ ! $pages =~ ^0+$ ]] || { echo no-hugepages; return; }
  [[ -r $pool ]] || return
  processors=$(<"$pool")
  [[ -n $processors && $processors != '(null)' ]] || echo no-cpus
}

# The journal of the parent, read for a short time and to 8 MB; its newest lines come first, so that
# what is cut off is the oldest.
journal() {
  timeout -k 1 "$probe_seconds" journalctl --quiet --no-pager --all --output=cat --reverse "$@" |
    timeout -k 1 "$((probe_seconds + 2))" head -c 8000000
  ((PIPESTATUS[0] == 0 || PIPESTATUS[0] == 141))
}

# log_facts SINCE CONSTANT...: how many lines since then hold each constant.
log_facts() {
  [[ $ParentUnit =~ $unit_pattern ]] || return
  local found since=$1
  shift
  found=$(journal --since="$since" --unit="${ParentUnit%.service}.service" |
    run_limited 400 python3 -I -S -c "$count_lines" "$@") || return
  printf '%s\n' "$found"
}

# Since its unit started the enclave holds in memory what these lines say was not stored. Their number
# is reported only where all of them are known.
blocker_facts() {
  local start limit=$probe_seconds
  [[ $ParentUnit =~ $unit_pattern && $EnclaveUnit =~ $unit_pattern ]] || return
  start=$(run_limited 60 systemctl show --property=ActiveEnterTimestampMonotonic \
    -- "${EnclaveUnit%.service}.service") || return
  [[ ${start#*=} =~ ^[1-9][0-9]{0,15}$ ]] || return
  local probe_seconds=$((limit + 4))
  run_limited 40 python3 -I -S -c "$count_blockers" "${ParentUnit%.service}.service" "${start#*=}" \
    "$state" "$root/proc/sys/kernel/random/boot_id" "$limit" "${blockers[@]}"
}

credential_facts() {
  [[ $CredentialsFile =~ $file_pattern && $CredentialsFile != *..* ]] || return
  run_limited 40 python3 -I -S -c "$hours_left" "$CredentialsFile"
}

# On a fleet whose vaults live inside the enclave there is none on the host, and 0 is no trouble.
vault_facts() {
  local count
  count=$(timeout -k 1 "$probe_seconds" pgrep --count --exact vault-manager |
    timeout -k 1 "$((probe_seconds + 2))" head -c 20)
  (($? <= 1)) && printf '%s\n' "$count"
}

# The parent answers 200, or 503 when it is unhealthy; the body must agree.
parent_facts() {
  local answer status facts
  answer=$(run_limited 4000 curl -q --silent --noproxy '*' --proto =http \
    --max-time "$probe_seconds" --write-out '\n%{http_code}' http://127.0.0.1:8080/health) || return
  status=${answer##*$'\n'}
  [[ $status == 200 || $status == 503 ]] || return
  facts=$(printf '[%s]' "${answer%$'\n'*}" |
    run_limited 200 python3 -I -S -c "$fields" healthy nats_connected enclave_connected) || return
  [[ $status == 200 ]] || facts=${facts/#true /unknown }
  printf '%s\n' "$facts"
}

# A NATS server speaks first, with its INFO line. A server that hangs is one to which a connection is
# made, and which says nothing; one that is full says -ERR, or hangs up. One that is behind TLS from
# the first byte on says nothing either, and is not looked at (adapters/aws/hosts.py).
# shellcheck disable=SC2016  # the inner shell expands them, as its own arguments
ask_nats='
exec 3<>"/dev/tcp/$1/$2" || exit
echo connected
IFS= read -r -t "$3" -n 5 -u 3 greeting
code=$?
[[ $greeting == "INFO " ]] && echo answering && exit
((code > 128)) && [[ -z $greeting ]] || echo refusing
'
nats_facts() {
  local states
  [[ $NatsHost =~ $host_pattern && $NatsPort =~ $port_pattern ]] || return
  ((10#$NatsPort >= 1 && 10#$NatsPort <= 65535)) || return
  states=$(timeout -k 1 "$((2 * probe_seconds + 1))" bash -c "$ask_nats" ask "$NatsHost" "$NatsPort" \
    "$((probe_seconds + 1))")
  case $?:$states in
    *:*answering) echo answering ;;
    *:*refusing) echo refusing ;;
    *:connected) echo hung ;;
    1:* | 124:* | 137:*) echo unreachable ;;
  esac
}

memory_facts() {
  local name kib
  while read -r name kib _; do
    [[ $name != MemAvailable: ]] || printf '%s\n' "$((kib / 1024))"
  done </proc/meminfo
}

logs='' restart_blockers='' credentials='' vaults='' parent_enclave_connected=''
enclave_unit='' enclave_unit_restarts='' enclave='' enclave_memory='' enclave_cpus=''
enclave_pcr0='' enclave_debug='' obstacle='' parent_unit='' parent_unit_restarts=''
parent_healthy='' parent_nats_connected='' nats_reachable='' nats_state='' memory_available='' recent_errors=''
recent_errors=''
uptime=''
# of each unit: load, sub-state, result, job, seconds of starting, stopped
enclave_detail=() parent_detail=() enclave_unit_detail='' parent_unit_detail=''

# read_words FD NAME...: the words of one probe, until the look must end.
read_words() {
  local from=$1 left=$((look_seconds - SECONDS))
  shift
  read -r -t "$((left > 0 ? left : 1))" -u "$from" "$@" _
}

# read_counts FD: the counts of log_facts in their order, or null if one is no number.
read_counts() {
  local from=$1 left=$((look_seconds - SECONDS)) counts number
  read -r -t "$((left > 0 ? left : 1))" -u "$from" -a counts
  logs=null
  ((${#counts[@]} == ${#counted[@]})) || return
  logs=''
  for number in "${!counted[@]}"; do
    [[ ${counts[number]} =~ ^(0|[1-9][0-9]{0,5})$ ]] || { logs=null; return; }
    logs+=",\"${counted[number]}\":${counts[number]}"
  done
  printf -v logs '{%s}' "${logs#,}"
}

# The gate. What is neither on a list, nor a number, nor a boolean becomes unknown or null.
unit_state() {
  case ${!1} in
    active | inactive | failed | activating | deactivating | not-found) ;;
    *) printf -v "$1" unknown ;;
  esac
}
enclave_state() {
  case ${!1} in
    RUNNING | TERMINATING | EMPTY | none) ;;
    *) printf -v "$1" unknown ;;
  esac
}
# one_of NAME WORD...: the word in quotation marks, or null.
one_of() {
  local name=$1 word
  for word in "${@:2}"; do
    [[ ${!name} != "$word" ]] || { printf -v "$name" '"%s"' "$word"; return; }
  done
  printf -v "$name" null
}
# detail NAME LOAD SUB RESULT JOB SECONDS STOPPED: what is known of a unit, as an object.
detail() {
  local load=${2-} sub=${3-} result=${4-} job=${5-} seconds=${6-} stopped=${7-}
  # systemd 254 parts the queued restart from the pause before it
  [[ $sub != auto-restart-queued ]] || sub=auto-restart
  one_of load loaded not-found masked bad-setting error
  one_of sub dead condition start-pre start start-post running exited reload stop stop-sigterm \
    stop-sigkill stop-post final-sigterm final-sigkill failed auto-restart
  one_of result success protocol timeout exit-code signal core-dump watchdog start-limit-hit \
    resources oom-kill exec-condition
  boolean job
  boolean stopped
  integer seconds
  [[ $load != null ]] || { printf -v "$1" null; return; }
  printf -v "$1" '{"load":%s,"sub":%s,"result":%s,"job":%s,"starting_seconds":%s,"stopped":%s}' \
    "$load" "$sub" "$result" "$job" "$seconds" "$stopped"
}
hours() { [[ ${!1} =~ ^(0|-?[1-9][0-9]{0,6})$ ]] || printf -v "$1" null; }
integer() { [[ ${!1} =~ ^(0|[1-9][0-9]{0,8})$ ]] || printf -v "$1" null; }
boolean() { [[ ${!1} == true || ${!1} == false ]] || printf -v "$1" null; }

measurement() {
  if [[ ${!1} =~ ^[0-9a-f]{96}$ ]]; then printf -v "$1" '"%s"' "${!1}"; else printf -v "$1" null; fi
}

exec {at_enclave_unit}< <(unit_facts "$EnclaveUnit")
exec {at_enclave}< <(enclave_facts)
exec {at_obstacle}< <(obstacle_facts)
exec {at_uptime}< <(uptime_facts)
exec {at_parent_unit}< <(unit_facts "$ParentUnit")
exec {at_parent}< <(parent_facts)
exec {at_nats}< <(nats_facts)
exec {at_memory}< <(memory_facts)
exec {at_logs}< <(log_facts -15min "${constants[@]}")
# of the last two minutes: that the enclave takes no messages is so at this time
exec {at_recent}< <(log_facts -2min "${constants[4]}|${constants[5]}")
exec {at_blockers}< <(blocker_facts)
exec {at_credentials}< <(credential_facts)
exec {at_vaults}< <(vault_facts)

read_words "$at_enclave_unit" enclave_unit enclave_unit_restarts \
  'enclave_detail[0]' 'enclave_detail[1]' 'enclave_detail[2]' 'enclave_detail[3]' \
  'enclave_detail[4]' 'enclave_detail[5]'
read_words "$at_enclave" enclave enclave_memory enclave_cpus enclave_pcr0 enclave_debug
read_words "$at_obstacle" obstacle
read_words "$at_parent_unit" parent_unit parent_unit_restarts \
  'parent_detail[0]' 'parent_detail[1]' 'parent_detail[2]' 'parent_detail[3]' \
  'parent_detail[4]' 'parent_detail[5]'
read_words "$at_parent" parent_healthy parent_nats_connected parent_enclave_connected
read_words "$at_nats" nats_state
read_words "$at_uptime" uptime
read_words "$at_memory" memory_available
read_words "$at_recent" recent_errors
read_words "$at_blockers" restart_blockers
read_words "$at_credentials" credentials
read_words "$at_vaults" vaults
read_counts "$at_logs"

unit_state enclave_unit
unit_state parent_unit
enclave_state enclave
case $enclave:$enclave_unit:${enclave_detail[1]-} in
  none:activating:auto-restart*) ;;
  none:activating:* | none:deactivating:*) obstacle='' ;;
  none:*) ;;
  *) obstacle='' ;;
esac
one_of obstacle allocator-failed no-hugepages no-cpus no-device
detail enclave_unit_detail "${enclave_detail[@]}"
detail parent_unit_detail "${parent_detail[@]}"
case $nats_state in
  answering) nats_reachable=true ;;
  hung | refusing | unreachable) nats_reachable=false ;;
esac
one_of nats_state answering hung refusing unreachable
case $enclave_debug in
  DEBUG_MODE) enclave_debug=true ;;
  NONE) enclave_debug=false ;;
esac
for count in enclave_unit_restarts enclave_memory enclave_cpus parent_unit_restarts \
  memory_available recent_errors restart_blockers vaults uptime; do
  integer "$count"
done
hours credentials
measurement enclave_pcr0
for answer in parent_healthy parent_nats_connected parent_enclave_connected nats_reachable \
  enclave_debug; do
  boolean "$answer"
done

printf '{"schema":1,"enclave_unit":"%s","enclave_unit_restarts":%s,' \
  "$enclave_unit" "$enclave_unit_restarts"
printf '"enclave_state":"%s","enclave_memory_mib":%s,"enclave_cpus":%s,"enclave_pcr0":%s,' \
  "$enclave" "$enclave_memory" "$enclave_cpus" "$enclave_pcr0"
printf '"parent_unit":"%s","parent_unit_restarts":%s,' "$parent_unit" "$parent_unit_restarts"
printf '"parent_healthy":%s,"parent_nats_connected":%s,' "$parent_healthy" "$parent_nats_connected"
printf '"parent_enclave_connected":%s,"nats_reachable":%s,' \
  "$parent_enclave_connected" "$nats_reachable"
printf '"credentials_expire_in_hours":%s,"vault_processes":%s,"restart_blockers":%s,' \
  "$credentials" "$vaults" "$restart_blockers"
printf '"log_counts":%s,"enclave_errors_recent":%s,"memory_available_mib":%s,' \
  "$logs" "$recent_errors" "$memory_available"
printf '"enclave_unit_detail":%s,"parent_unit_detail":%s,' "$enclave_unit_detail" \
  "$parent_unit_detail"
printf '"enclave_debug":%s,"enclave_obstacle":%s,"nats_state":%s,"uptime_seconds":%s}\n' \
  "$enclave_debug" "$obstacle" "$nats_state" "$uptime"
