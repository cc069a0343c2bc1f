#!/bin/bash
# Looks at one host and changes nothing. Prints one line: one JSON object of some 400 bytes, made
# of words from fixed lists, integers, booleans and null. No text that a tool prints, no line of a
# log and no name leaves the host.
#
# Set before these lines: EnclaveUnit, ParentUnit, NatsHost, NatsPort. An empty or refused value
# is not looked at. Exit 0 once the object is printed.
#
# The probes run side by side, each under a time limit, and none waits for another: a probe that
# fails, hangs or says what it should not gives "unknown" or null. `active` of a oneshot unit
# outlives its enclave, so the enclave's own state is asked of nitro-cli as well.

set -u -o pipefail
exec </dev/null 2>/dev/null
export LC_ALL=C

EnclaveUnit=${EnclaveUnit-} ParentUnit=${ParentUnit-} NatsHost=${NatsHost-} NatsPort=${NatsPort-}
unit_pattern='^[a-z][a-z0-9@_.-]{0,62}$'
host_pattern='^[a-z0-9][a-z0-9.-]{0,252}$'
port_pattern='^[0-9]{1,5}$'

# Only tests set this variable.
probe_seconds=${FIRSTLINE_PROBE_SECONDS:-4}
# A probe makes at most two timed calls, each over within probe_seconds + 3. A process that even
# SIGKILL does not end (stuck in a driver) is left behind at this time.
look_seconds=$((2 * (probe_seconds + 3) + 1))

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
    return json.dumps(value) if type(value) in (bool, int) else "unknown"

found = json.load(sys.stdin)
if found == []:
    print("none")
else:
    (one,) = found if type(found) is list else ()
    print(*(word(one.get(name)) for name in sys.argv[1:]))
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
  printf '%s' "$list" | heard 200 python3 -I -S -c "$fields" State MemoryMiB NumberOfCPUs
}

# The parent answers 200, or 503 when it is unhealthy; the body must agree.
parent_facts() {
  local answer status facts
  answer=$(heard 4000 curl -q --silent --noproxy '*' --proto =http \
    --max-time "$probe_seconds" --write-out '\n%{http_code}' http://127.0.0.1:8080/health) || return
  status=${answer##*$'\n'}
  [[ $status == 200 || $status == 503 ]] || return
  facts=$(printf '[%s]' "${answer%$'\n'*}" |
    heard 200 python3 -I -S -c "$fields" healthy nats_connected) || return
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

enclave_unit='' enclave_unit_restarts='' enclave='' enclave_memory='' enclave_cpus=''
parent_unit='' parent_unit_restarts='' parent_healthy='' parent_nats_connected=''
nats_reachable='' memory_available=''

# told FD NAME...: the words of one probe, until the look must end.
told() {
  local from=$1 left=$((look_seconds - SECONDS))
  shift
  read -r -t "$((left > 0 ? left : 1))" -u "$from" "$@" _
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
integer() { [[ ${!1} =~ ^(0|[1-9][0-9]{0,8})$ ]] || printf -v "$1" null; }
boolean() { [[ ${!1} == true || ${!1} == false ]] || printf -v "$1" null; }

exec {at_enclave_unit}< <(unit_facts "$EnclaveUnit")
exec {at_enclave}< <(enclave_facts)
exec {at_parent_unit}< <(unit_facts "$ParentUnit")
exec {at_parent}< <(parent_facts)
exec {at_nats}< <(nats_facts)
exec {at_memory}< <(memory_facts)

told "$at_enclave_unit" enclave_unit enclave_unit_restarts
told "$at_enclave" enclave enclave_memory enclave_cpus
told "$at_parent_unit" parent_unit parent_unit_restarts
told "$at_parent" parent_healthy parent_nats_connected
told "$at_nats" nats_reachable
told "$at_memory" memory_available

unit_state enclave_unit
unit_state parent_unit
enclave_state enclave
for count in enclave_unit_restarts enclave_memory enclave_cpus parent_unit_restarts \
  memory_available; do
  integer "$count"
done
for answer in parent_healthy parent_nats_connected nats_reachable; do
  boolean "$answer"
done

printf '{"schema":1,"enclave_unit":"%s","enclave_unit_restarts":%s,' \
  "$enclave_unit" "$enclave_unit_restarts"
printf '"enclave_state":"%s","enclave_memory_mib":%s,"enclave_cpus":%s,' \
  "$enclave" "$enclave_memory" "$enclave_cpus"
printf '"parent_unit":"%s","parent_unit_restarts":%s,' "$parent_unit" "$parent_unit_restarts"
printf '"parent_healthy":%s,"parent_nats_connected":%s,' "$parent_healthy" "$parent_nats_connected"
printf '"nats_reachable":%s,"memory_available_mib":%s}\n' "$nats_reachable" "$memory_available"
