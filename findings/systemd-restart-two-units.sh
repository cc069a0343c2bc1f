#!/usr/bin/env bash
# Expected: `systemctl restart first second`, where second has Requires= and After= of first, never
# leaves second running where first fails, as `systemctl start second` never does.
# Happens: systemctl queues two jobs, one after the other. Where first fails within a millisecond or
# so, its failure comes before systemd has begun the second's restart job, which it does not fail:
# second is started without first. Where first fails later, or both are started, it is not.
# It needs root, and Debian's systemd and systemd-container: it boots this /usr in a container.
set -euo pipefail
if ! command -v systemd-nspawn >/dev/null || [[ $(id -u) != 0 ]]; then
    echo "cannot run: it needs root and systemd-nspawn" >&2
    exit 2
fi
folder=$(mktemp -d)
container="" leader=""
finish() {
    [[ -z $container ]] || kill -KILL "$leader" "$container" 2>/dev/null || true
    wait 2>/dev/null || true
    rm -rf "$folder"
}
trap finish EXIT
# Debian 12's version, which this finding is about
version=$(systemctl --version | head -n 1)
echo "$version"
[[ $version == "systemd 252 "* ]] || { echo "cannot run: it is about systemd 252" >&2; exit 2; }

mkdir "$folder/units"
unit() { # NAME COMMAND: first, and a second that requires it
    printf '[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=%s\n' \
        "$2" >"$folder/units/$1-first.service"
    printf '[Unit]\nRequires=%s\nAfter=%s\n[Service]\nExecStart=sleep 600\n' \
        "$1-first.service" "$1-first.service" >"$folder/units/$1-second.service"
}
unit at-once false
unit later "sh -c 'sleep 0.3; exit 1'"

setpriv --pdeathsig KILL systemd-nspawn --quiet --register=no --keep-unit --boot --volatile=yes \
    --directory=/ --private-network --console=pipe --machine="two-units-$$" \
    --bind="$folder/units:/etc/systemd/system" systemd.firstboot=no systemd.unit=basic.target \
    </dev/null >"$folder/console" 2>&1 &
container=$!

inside() { # COMMAND...: run it on the machine
    nsenter --mount --uts --ipc --net --pid --root --wd --target="$leader" \
        env PATH=/usr/bin:/usr/sbin "$@" 2>/dev/null
}
is_up() { # its first process is number 1 of a namespace, and its systemd has booted
    local child children
    read -ra children <"/proc/$container/task/$container/children"
    for child in "${children[@]}"; do
        grep -Eq '^NSpid:.*[[:space:]]1$' "/proc/$child/status" || continue
        leader=$child
        case $(inside systemctl is-system-running || true) in running | degraded) return ;; esac
    done
    return 1
}
until is_up; do
    kill -0 "$container" || { cat "$folder/console" >&2; exit 2; }
    ((SECONDS < 60)) || { cat "$folder/console" >&2; exit 2; }
    sleep 0.1
done

tries=40
running() { # UNITS VERB: in how many tries the second runs, though the first has failed
    local count=0
    for ((i = 0; i < tries; i++)); do
        inside systemctl "$2" "$1-first" "$1-second" || true
        inside systemctl is-failed --quiet "$1-first" || { echo "$1-first has not failed" >&2; exit 2; }
        ! inside systemctl is-active --quiet "$1-second" || count=$((count + 1))
        inside systemctl stop "$1-second"
        inside systemctl reset-failed "$1-first"
    done
    echo "$count"
}
at_once=$(running at-once restart) later=$(running later restart) started=$(running at-once start)
echo "second runs without first, of $tries tries: $at_once where first fails at once," \
    "$later where it fails after 0.3 s, $started where both are started"
if ((at_once == 0 || later != 0 || started != 0)); then
    echo "the behaviour has changed" >&2
    exit 1
fi
