#!/bin/bash
# Looks at one host and changes nothing. Prints one line: one JSON object of some 900 bytes, made
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

# Only tests set this variable.
probe_seconds=${FIRSTLINE_PROBE_SECONDS:-4}
# A probe makes at most three timed calls, each over within probe_seconds + 3. A process that even
# SIGKILL does not end (stuck in a driver) is left behind at this time.
look_seconds=$((3 * (probe_seconds + 3) + 1))

# heard MOST COMMAND...: what COMMAND prints; failure where it fails, runs over its time, or
# prints more than MOST bytes. The reader is timed too: a stray child may hold the pipe open.
heard() {
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
    if type(value) is str and value.isalpha() and value.isupper():
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
# first 8 KiB only, and a reply to a probe, which nobody stores, is no trouble.
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
blockers='Failed to persist vault state to S3|cold unlock may not work|cold vault unlock may not work'

# How long until the credentials end: of the file nothing but this number is ever printed.
hours_left='
import base64, json, sys, time

text = open(sys.argv[1], encoding="ascii").read(20000)
body = text.split("-----BEGIN NATS USER JWT-----")[1].split("------END")[0].split(".")[1].strip()
claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
if type(claims["exp"]) is int:
    print((claims["exp"] - int(time.time())) // 3600)
'

unit_facts() {
  local name value active=unknown restarts=unknown
  [[ $1 =~ $unit_pattern ]] || return
  while IFS='=' read -r name value; do
    case $name in
      ActiveState) [[ $active == not-found ]] || active=$value ;;
      NRestarts) restarts=$value ;;
      LoadState) [[ $value != not-found ]] || active=not-found ;;
    esac
  done < <(heard 1000 systemctl show --property=LoadState --property=ActiveState \
    --property=NRestarts -- "${1%.service}.service" && echo)
  [[ $active != not-found ]] || restarts=unknown
  printf '%s %s\n' "$active" "$restarts"
}

# With several enclaves this look cannot say which one is meant: unknown.
enclave_facts() {
  local list
  list=$(heard 60000 nitro-cli describe-enclaves) || return
  printf '%s' "$list" | heard 200 python3 -I -S -c "$fields" State MemoryMiB NumberOfCPUs \
    Measurements.PCR0
}

# The journal of the parent, read for a short time and to 8 MB; its newest lines come first, so that
# what is cut off is the oldest.
journal() {
  timeout -k 1 "$probe_seconds" journalctl --quiet --no-pager --all --output=cat --reverse "$@" |
    timeout -k 1 "$((probe_seconds + 2))" head -c 8000000
  ((PIPESTATUS[0] == 0 || PIPESTATUS[0] == 141))
}

log_facts() {
  [[ $ParentUnit =~ $unit_pattern ]] || return
  local found
  found=$(journal --since=-15min --unit="${ParentUnit%.service}.service" |
    heard 400 python3 -I -S -c "$count_lines" "${constants[@]}") || return
  printf '%s\n' "$found"
}

# Since its unit started the enclave holds in memory what these lines say was not stored. grep finds
# none with status 1, as it fails: that the journal can be read at all is asked first.
blocker_facts() {
  local since
  [[ $ParentUnit =~ $unit_pattern && $EnclaveUnit =~ $unit_pattern ]] || return
  since=$(heard 40 systemctl show --property=ActiveEnterTimestamp --timestamp=unix --value \
    -- "${EnclaveUnit%.service}.service") || return
  [[ $since =~ ^@[0-9]{1,12}$ ]] || return
  journal --lines=1 >/dev/null || return
  { journal --since="$since" --unit="${ParentUnit%.service}.service" --grep="$blockers" || true; } |
    heard 40 python3 -I -S -c "$count_lines" "$blockers"
}

credential_facts() {
  [[ $CredentialsFile =~ $file_pattern && $CredentialsFile != *..* ]] || return
  heard 40 python3 -I -S -c "$hours_left" "$CredentialsFile"
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
  answer=$(heard 4000 curl -q --silent --noproxy '*' --proto =http \
    --max-time "$probe_seconds" --write-out '\n%{http_code}' http://127.0.0.1:8080/health) || return
  status=${answer##*$'\n'}
  [[ $status == 200 || $status == 503 ]] || return
  facts=$(printf '[%s]' "${answer%$'\n'*}" |
    heard 200 python3 -I -S -c "$fields" healthy nats_connected enclave_connected) || return
  [[ $status == 200 ]] || facts=${facts/#true /unknown }
  printf '%s\n' "$facts"
}

# bash exits 1 where the connection is refused, has no route, or the name is not found.
nats_facts() {
  [[ $NatsHost =~ $host_pattern && $NatsPort =~ $port_pattern ]] || return
  ((10#$NatsPort >= 1 && 10#$NatsPort <= 65535)) || return
  # shellcheck disable=SC2016  # the inner shell expands them, as its own arguments
  timeout -k 1 "$probe_seconds" bash -c 'exec 3<>"/dev/tcp/$1/$2"' connect "$NatsHost" "$NatsPort"
  case $? in
    0) echo true ;;
    1 | 124 | 137) echo false ;;
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
enclave_pcr0=''
parent_unit='' parent_unit_restarts='' parent_healthy='' parent_nats_connected=''
nats_reachable='' memory_available=''

# told FD NAME...: the words of one probe, until the look must end.
told() {
  local from=$1 left=$((look_seconds - SECONDS))
  shift
  read -r -t "$((left > 0 ? left : 1))" -u "$from" "$@" _
}

# told_counts FD: the counts of log_facts in their order, or null if one is no number.
told_counts() {
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
hours() { [[ ${!1} =~ ^(0|-?[1-9][0-9]{0,6})$ ]] || printf -v "$1" null; }
integer() { [[ ${!1} =~ ^(0|[1-9][0-9]{0,8})$ ]] || printf -v "$1" null; }
boolean() { [[ ${!1} == true || ${!1} == false ]] || printf -v "$1" null; }

measurement() {
  if [[ ${!1} =~ ^[0-9a-f]{96}$ ]]; then printf -v "$1" '"%s"' "${!1}"; else printf -v "$1" null; fi
}

exec {at_enclave_unit}< <(unit_facts "$EnclaveUnit")
exec {at_enclave}< <(enclave_facts)
exec {at_parent_unit}< <(unit_facts "$ParentUnit")
exec {at_parent}< <(parent_facts)
exec {at_nats}< <(nats_facts)
exec {at_memory}< <(memory_facts)
exec {at_logs}< <(log_facts)
exec {at_blockers}< <(blocker_facts)
exec {at_credentials}< <(credential_facts)
exec {at_vaults}< <(vault_facts)

told "$at_enclave_unit" enclave_unit enclave_unit_restarts
told "$at_enclave" enclave enclave_memory enclave_cpus enclave_pcr0
told "$at_parent_unit" parent_unit parent_unit_restarts
told "$at_parent" parent_healthy parent_nats_connected parent_enclave_connected
told "$at_nats" nats_reachable
told "$at_memory" memory_available
told "$at_blockers" restart_blockers
told "$at_credentials" credentials
told "$at_vaults" vaults
told_counts "$at_logs"

unit_state enclave_unit
unit_state parent_unit
enclave_state enclave
for count in enclave_unit_restarts enclave_memory enclave_cpus parent_unit_restarts \
  memory_available restart_blockers vaults; do
  integer "$count"
done
hours credentials
measurement enclave_pcr0
for answer in parent_healthy parent_nats_connected parent_enclave_connected nats_reachable; do
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
printf '"log_counts":%s,"memory_available_mib":%s}\n' "$logs" "$memory_available"
