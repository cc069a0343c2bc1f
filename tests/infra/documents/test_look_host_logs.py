"""What a look counts in the parent's log, and that nothing of the log leaves the host.

The lines are made up after the formats that the fleet's components print (zerolog's console form,
coloured or not, or JSON); names, users and addresses are nobody's.
"""

import base64
import json
import time
from pathlib import Path

import pytest

from firstline.diagnosis.evidence import LogCounts
from infra.documents import content
from tests.infra.documents.host import Host
from tests.infra.documents.looking import (
    ALL_WELL,
    DOCUMENT,
    NATS_UNREAD,
    NO_LOGS,
    look,
    seen,
    values,
)

WELL = ALL_WELL | NATS_UNREAD
GUID = "0f3c9a1e-5b7d-4c2a-9e10-aa0000000001"
KMS = "7:41AM ERR Failed to handle KMS decrypt request error="
LINES = {
    "nats_disconnected": ["7:41AM WRN NATS disconnected error=EOF"],
    "nats_reconnected": ["7:41AM INF NATS reconnected url=nats://nats.internal.vettid.dev:4222"],
    "nats_closed": ["7:41AM INF NATS connection closed"],
    "nats_auth": [
        '7:41AM FTL Parent process error error="nats: Authorization Violation"',
        '7:41AM WRN gone error="nats: authentication expired"',
        '7:41AM WRN gone error="nats: authentication revoked"',
    ],
    "backlog_dropped": ["7:41AM WRN Message channel full, dropping message subject=x"],
    "enclave_unreachable": [
        f'7:41AM ERR Failed to forward message to enclave error="broken pipe" subject={GUID}',
        '7:41AM ERR Failed to read vsock response error="failed to read length: EOF"',
        '7:41AM FTL Parent process error error="failed to connect to enclave CID 16 port 5000"',
    ],
    "pcr_mismatch": ["7:41AM ERR PCR value mismatch actual=aa expected=bb pcr_index=0"],
    "handshake_failed": ["7:41AM ERR Enclave handshake MAC verification failed"],
    "kms_throttled": [
        f'{KMS}"api error ThrottlingException: Rate exceeded"',
        f'{KMS}"failed to get rate limit token, retry quota exceeded"',
        '{"error":"ThrottlingException","message":"Failed to handle KMS encrypt request"}',
    ],
    "kms_denied": [f'{KMS}"api error AccessDeniedException: not authorized"'],
    "kms_key_unusable": [
        f'{KMS}"DisabledException: the key is disabled."',
        f'{KMS}"KMSInvalidStateException: pending deletion."',
    ],
    "storage_failed": ['7:41AM ERR Failed to handle storage PUT request error="S3 put failed"'],
    "enclave_memory": [
        '7:41AM DBG Received vsock response error="insufficient memory to create vault"'
    ],
    "user_errors": [
        f"7:41AM INF Publishing enclave response msg_type=error owner_space={GUID}",
        '7:41AM DBG Received vsock response error="vault-manager read error: read timeout"',
    ],
    "security_events": ['7:41AM WRN SECURITY: Control command rejected reason="signature"'],
}
BLOCKERS = [
    '7:41AM INF 7:41AM WRN Failed to persist vault state to S3 error="S3 put failed"',
    "7:41AM INF 7:41AM WRN Failed to store ECIES keys to S3 - cold vault unlock may not work",
    "7:41AM INF 7:41AM WRN Failed to seal - cold unlock may not work",
]
BENIGN = [
    '7:41AM WRN JetStream publish failed error="nats: timeout" subject=_INBOX.Zx81kPqTn0bR4uVw',
    "7:41AM INF VettID Parent Process starting config=/etc/vettid/parent.yaml",
    "7:41AM DBG Rate exceeded is nobody's trouble",
    "",
]


def coloured(line: str) -> str:
    """As it is printed for a console: the time, and then the rest, in colours."""
    at, _, rest = line.partition(" ")
    return f"\x1b[90m{at}\x1b[0m \x1b[1m{rest}\x1b[0m"


def counts(**found: int) -> dict[str, int]:
    """All of them, 0 by default."""
    return dict.fromkeys(LINES, 0) | found


@pytest.mark.parametrize("name", LINES)
def test_each_trouble_is_counted_once_a_line(host: Host, name: str) -> None:
    """By the constant of the message, coloured or not."""
    host.journal(*LINES[name], *BENIGN, *map(coloured, LINES[name]))
    assert look(host) == WELL | {"log_counts": counts(**{name: 2 * len(LINES[name])})}


def test_errors_of_the_last_two_minutes_are_counted_by_themselves(host: Host) -> None:
    """What stood in the log before says nothing of now."""
    host.journal(*LINES["backlog_dropped"] * 5)
    assert look(host)["enclave_errors_recent"] == 0
    recent = [*LINES["backlog_dropped"], *LINES["enclave_unreachable"], *LINES["nats_closed"]]
    (host.folder / "recent").write_text("\n".join(recent) + "\n")
    errors = len(LINES["backlog_dropped"]) + len(LINES["enclave_unreachable"])
    assert look(host)["enclave_errors_recent"] == errors


def test_a_quiet_log_counts_nothing(host: Host) -> None:
    """Benign lines are no trouble."""
    host.journal(*BENIGN)
    assert look(host) == WELL


def test_what_was_not_stored_is_counted_since_the_enclave_started(host: Host) -> None:
    """From the instant at which its unit did, however long ago: a line a second, from 101 on."""
    host.journal(*BLOCKERS)
    host.unit("vettid-enclave", "active", ActiveEnterTimestampMonotonic="102000000")
    assert look(host)["restart_blockers"] == len(BLOCKERS) - 1


def test_what_keeps_an_enclave_from_a_restart_is_counted(host: Host) -> None:
    """Acknowledged writes that exist only in its memory."""
    host.journal(*BENIGN, *BLOCKERS)
    facts = look(host)
    assert facts["restart_blockers"] == len(BLOCKERS)


def test_an_enclave_that_started_with_the_boot_has_its_count(host: Host) -> None:
    """From its first microseconds on."""
    host.journal(*BLOCKERS)
    host.unit("vettid-enclave", "active", ActiveEnterTimestampMonotonic="5")
    assert look(host)["restart_blockers"] == len(BLOCKERS)


@pytest.mark.parametrize(("filler", "counted"), [(0, 1), (1, 0)])
def test_a_line_is_read_up_to_its_8192nd_byte(host: Host, filler: int, counted: int) -> None:
    """What a constant has beyond it is not seen, so that no line takes memory without end."""
    constant = "SECURITY: "
    host.journal("x" * (8192 - len(constant) + filler) + constant)
    assert look(host)["log_counts"] == counts(security_events=counted)


@pytest.mark.parametrize("since", ["", "0", "n/a", "-1", "yesterday; touch pwn", "1 2"])
def test_a_start_that_nobody_knows_leaves_it_unknown(host: Host, since: str) -> None:
    """Not 0: nobody looked."""
    host.unit("vettid-enclave", "active", ActiveEnterTimestampMonotonic=since)
    assert look(host)["restart_blockers"] is None
    assert not list(host.folder.rglob("pwn"))


@pytest.mark.parametrize(
    ("settings", "result"),
    [
        ("RateLimitBurst=7", 3),
        ("RateLimitBurst=6", None),
        ("RateLimitBurst=10000\nRateLimitBurst=6", None),
        ("#RateLimitBurst=6", 3),
        ("RateLimitBurst=0", 3),
        ("RateLimitBurst=6\nRateLimitIntervalSec=0", 3),
        ("RateLimitBurst=6\nRateLimitIntervalSec=500ms", 3),
        ("RateLimitBurst=2\nRateLimitIntervalSec=500ms", None),
        ("RateLimitBurst=6\nRateLimitIntervalSec=1min 30s", None),
        ("RateLimitBurst=6\nRateLimitIntervalSec=soon", None),
        ("RateLimitBurst=many", None),
        ("RateLimitIntervalSec=3 fortnights", None),
    ],
)
def test_lines_near_journalds_limit_leave_it_unknown(
    host: Host, settings: str, result: int | None
) -> None:
    """Three lines, a second apart, may be what is left of more: half a burst in a window."""
    host.journal(*BLOCKERS)
    host.command("systemd-analyze", f"printf '%s\\n' '[Journal]' '{settings}'")
    assert look(host)["restart_blockers"] == result


def test_a_unit_has_limits_and_a_journal_of_its_own(host: Host) -> None:
    """They come before journald's; another journal is not read."""
    host.journal(*BLOCKERS)
    host.unit("vettid-parent", "active", LogRateLimitBurst="6")
    assert look(host)["restart_blockers"] is None
    host.unit("vettid-parent", "active", LogNamespace="vettid")
    assert look(host)["restart_blockers"] is None
    host.unit("vettid-parent", "active", LogRateLimitBurst="6", LogRateLimitIntervalUSec="500ms")
    assert look(host)["restart_blockers"] == len(BLOCKERS)


@pytest.mark.parametrize("body", ["exit 1", "exit 127", "sleep 60"])
def test_a_journal_that_cannot_be_read_is_unknown(host: Host, body: str) -> None:
    """A failure is not an empty log."""
    host.environment["FIRSTLINE_PROBE_SECONDS"] = "1"
    host.command("journalctl", body)
    assert look(host) == WELL | NO_LOGS


def test_a_huge_journal_is_read_in_part(host: Host) -> None:
    """The newest lines first, and never longer than the look may take."""
    host.journal(*["x" * 1_000_000] * 20, LINES["nats_closed"][0])
    begun = time.monotonic()
    assert look(host)["log_counts"] == counts(nats_closed=1)
    assert time.monotonic() - begun < 10


def test_an_endless_line_is_one_line(host: Host) -> None:
    """What stands beyond its beginning is not read."""
    host.journal("x" * 9_000 + LINES["nats_closed"][0])
    assert look(host)["log_counts"] == counts()


def test_no_word_of_the_log_leaves_the_host(host: Host) -> None:
    """Personal data really does reach this log."""
    canaries = ["person@example.test", GUID, "SECRET-PIN-1234", "\x1b]0;title\x07", '"}{"schema":1']
    host.journal(*(f"7:41AM INF NATS disconnected {each} $(touch pwn)" for each in canaries))
    ran = host.send(DOCUMENT, "environment", **values())
    assert seen(ran)["log_counts"] == counts(nats_disconnected=len(canaries))
    assert not any(each in ran.out + ran.err for each in canaries)
    assert not list(host.folder.rglob("pwn"))


def test_the_answer_stays_within_what_the_service_shows(host: Host) -> None:
    """With every count at its most."""
    lines = [line for each in LINES.values() for line in each] + BLOCKERS
    host.journal(*lines * 2_000)
    assert len(host.send(DOCUMENT, "environment", **values()).out) < 1_300


# --- processes and credentials ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "result"),
    [
        ("echo 3", 3),
        ("echo 0; exit 1", 0),
        ("echo 3; exit 2", None),
        ("echo 999999999", 999_999_999),
        ("echo 1000000000", None),
        ("exit 2", None),
        ("exit 127", None),
        ("echo many", None),
    ],
)
def test_vault_processes_are_counted(host: Host, body: str, result: int | None) -> None:
    """R24: on the host, where on the real fleet there is none."""
    host.command("pgrep", f'[[ "$*" == "--count --exact vault-manager" ]] || exit 9; {body}')
    assert look(host)["vault_processes"] == result


def creds(host: Host, claims: object, frame: str = "-----BEGIN NATS USER JWT-----") -> str:
    """A file of credentials with these claims."""
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    path = host.folder / "nats.creds"
    path.write_text(f"{frame}\nhead.{body}.SIGNATURE\n------END NATS USER JWT------\nSUACANARY\n")
    return str(path)


@pytest.mark.parametrize(
    ("seconds", "hours"), [(7 * 86_400 + 60, 168), (3_660, 1), (60, 0), (-60, -1), (-90_100, -26)]
)
def test_the_end_of_the_credentials_is_told(host: Host, seconds: int, hours: int) -> None:
    """In whole hours, below 0 once they have ended; and nothing else of the file."""
    path = creds(host, {"exp": int(time.time()) + seconds, "name": "CANARY"})
    ran = host.send(DOCUMENT, "environment", **values(), CredentialsFile=path)
    assert seen(ran)["credentials_expire_in_hours"] == hours
    assert "CANARY" not in ran.out + ran.err


@pytest.mark.parametrize("claims", [{}, [], {"exp": "soon"}, {"exp": True}, {"exp": 1.5}])
def test_credentials_without_an_end_are_unknown(host: Host, claims: object) -> None:
    """Nobody knows when they end."""
    path = creds(host, claims)
    ran = host.send(DOCUMENT, "environment", **values(), CredentialsFile=path)
    assert seen(ran)["credentials_expire_in_hours"] is None


@pytest.mark.parametrize(
    "path",
    ["/nowhere/nats.creds", "/etc/../etc/passwd", "/etc/passwd", "relative", "/a b", "/$(id)"],
)
def test_another_file_is_no_credentials(host: Host, path: str) -> None:
    """Whatever is in it, nothing of it is told."""
    ran = host.run(DOCUMENT, "environment", values() | {"CredentialsFile": path})
    assert seen(ran)["credentials_expire_in_hours"] is None


@pytest.mark.parametrize("name", ["../{folder}/nats.creds", "a b", "it$(id)"])
def test_credentials_by_a_name_that_is_refused_are_not_read(host: Host, name: str) -> None:
    """The file is there, and the same facts by a plain name are read."""
    path = Path(creds(host, {"exp": int(time.time()) + 7_260}))
    ran = host.run(DOCUMENT, "environment", values() | {"CredentialsFile": str(path)})
    assert seen(ran)["credentials_expire_in_hours"] == 2
    other = f"{host.folder}/{name.format(folder=host.folder.name)}"
    if ".." not in name:
        Path(other).write_bytes(path.read_bytes())
    ran = host.run(DOCUMENT, "environment", values() | {"CredentialsFile": other})
    assert seen(ran)["credentials_expire_in_hours"] is None


def test_a_frame_that_is_not_there_is_unknown(host: Host) -> None:
    """A file that holds something else."""
    path = creds(host, {"exp": int(time.time()) + 7_200}, frame="-----BEGIN CERTIFICATE-----")
    ran = host.send(DOCUMENT, "environment", **values(), CredentialsFile=path)
    assert seen(ran)["credentials_expire_in_hours"] is None


def test_the_counts_are_those_of_the_evidence() -> None:
    """The script's names are the struct's, in its order."""
    text = Path(content.__file__).with_name("look_host.sh").read_text(encoding="utf-8")
    names = text.split("counted=(")[1].split(")")[0].split()
    assert names == list(LINES) == list(LogCounts.__struct_fields__)
