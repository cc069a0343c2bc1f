#!/usr/bin/env bash
# Expected: after `systemctl mask --runtime unit`, which exits 0, the unit cannot be started until the
# next boot, and `systemctl is-enabled` says masked-runtime.
# Happens: where the unit's file lies in /etc/systemd/system, the mask is a link in /run that /etc
# overrides. The unit is loaded, is-enabled says static, and start and restart succeed. `systemctl
# mask` without --runtime refuses such a unit. One whose file lies in /usr/lib is masked by both.
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

mkdir "$folder/units" # becomes /etc/systemd/system
printf '[Service]\nExecStart=sleep 600\n' >"$folder/units/of-etc.service"

setpriv --pdeathsig KILL systemd-nspawn --quiet --register=no --keep-unit --boot --volatile=yes \
    --directory=/ --private-network --console=pipe --machine="mask-runtime-$$" \
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

status() { # COMMAND...: its exit status
    local code=0
    inside "$@" >/dev/null || code=$?
    echo "$code"
}
seen=()
for unit in of-etc systemd-networkd; do # the second is Debian's, of /usr/lib
    hard=$(status systemctl mask "$unit")
    [[ $hard != 0 ]] || inside systemctl unmask "$unit"
    soft=$(status systemctl mask --runtime "$unit")
    load=$(inside systemctl show --property=LoadState --value "$unit")
    enabled=$(inside systemctl is-enabled "$unit" || true)
    start=$(status systemctl start "$unit")
    echo "$unit: \`mask\` exits $hard, \`mask --runtime\` exits $soft;" \
        "then LoadState=$load, is-enabled says $enabled, \`start\` exits $start"
    seen+=("$hard $soft $load $enabled $start")
done
if [[ ${seen[*]} != "1 0 loaded static 0 0 0 masked masked-runtime 1" ]]; then
    echo "the behaviour has changed" >&2
    exit 1
fi
