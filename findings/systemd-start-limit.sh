#!/usr/bin/env bash
# Expected: a unit that systemd does not start because of its start limit has Result=start-limit-hit,
# and `systemctl start --no-block` of it exits with a status other than 0, as `systemctl start` does.
# Happens: Result stays exit-code where the last start failed, and start-limit-hit follows a success
# alone; and `systemctl start --no-block` exits 0 at the limit.
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
unit() { # NAME COMMAND: two starts within five minutes, and no more
    printf '[Unit]\nStartLimitIntervalSec=300\nStartLimitBurst=2\n[Service]\nRestart=always\nRestartSec=0\nExecStart=%s\n' \
        "$2" >"$folder/units/$1.service"
}
unit fails false
unit succeeds true

setpriv --pdeathsig KILL systemd-nspawn --quiet --register=no --keep-unit --boot --volatile=yes \
    --directory=/ --private-network --console=pipe --machine="start-limit-$$" \
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

seen=()
for name in fails succeeds; do
    inside systemctl start "$name" || true
    until inside systemctl is-failed --quiet "$name"; do sleep 0.1; done # it is restarted no more
    result=$(inside systemctl show --property=Result --value "$name")
    blocking=0 queued=0
    inside systemctl start "$name" || blocking=$?
    inside systemctl start --no-block "$name" || queued=$?
    seen+=("$result $blocking $queued")
    echo "ExecStart that $name, at the start limit: Result=$result;" \
        "\`systemctl start\` exits $blocking, \`systemctl start --no-block\` exits $queued"
done
if [[ ${seen[*]} != "exit-code 1 0 start-limit-hit 1 0" ]]; then
    echo "the behaviour has changed" >&2
    exit 1
fi
