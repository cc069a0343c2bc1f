"""A proxy on loopback that terminates TLS with its own certificate, and answers."""

import datetime as dt
import ipaddress
import socket
import ssl
from pathlib import Path
from threading import Event
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tests.adapters.loopback import Loopback, request_of

ORIGIN = "https://127.0.0.1:9"
"""Where nothing listens: only the proxy answers for it."""


class Proxy:
    """A proxy that serves while it is entered; ``asked`` are the heads of its CONNECT requests.

    ``bundle`` is the file of the authority that signs for every requested host.
    """

    def __init__(self, folder: Path, answer: bytes) -> None:
        self.bundle = folder / "authority.pem"
        self._folder, self._answer = folder, answer
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "proxy")])
        authority = self._certificate("", self._key.public_key())
        self.bundle.write_bytes(authority.public_bytes(serialization.Encoding.PEM))
        self._server = Loopback(self._pass)
        self.asked: list[bytes] = []
        self.requests: list[bytes] = []

    def __enter__(self) -> Self:
        self._server.__enter__()
        return self

    def __exit__(self, *raised: object) -> None:
        self._server.__exit__(*raised)

    @property
    def address(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self._server.port}"

    def _pass(self, line: socket.socket, over: Event) -> None:
        del over
        self.asked.append(request_of(line))
        host = self.asked[-1].split()[1].decode().rpartition(":")[0]
        line.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        try:
            with self._signed(host).wrap_socket(line, server_side=True) as inside:
                request = request_of(inside)
                if request.strip():
                    self.requests.append(request)
                    inside.sendall(self._answer)
        except (ssl.SSLError, ConnectionError):
            return  # the other side does not believe the certificate

    def _signed(self, host: str) -> ssl.SSLContext:
        """Return the certificate that the proxy shows for *host*."""
        key, path = ec.generate_private_key(ec.SECP256R1()), self._folder / f"{host}.pem"
        pem, bare = serialization.Encoding.PEM, serialization.NoEncryption()
        secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, bare)
        path.write_bytes(secret + self._certificate(host, key.public_key()).public_bytes(pem))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context

    def _certificate(self, host: str, key: ec.EllipticCurvePublicKey) -> x509.Certificate:
        """One for *host*, or the authority's own for none."""
        now, half = dt.datetime.now(dt.UTC), dt.timedelta(minutes=30)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)]) if host else self._name
        number = x509.random_serial_number()
        built = x509.CertificateBuilder(self._name, subject, key, number, now - half, now + half)
        authority = x509.SubjectKeyIdentifier.from_public_key(self._key.public_key())
        for extension, critical in (
            (x509.BasicConstraints(ca=not host, path_length=None), True),
            (x509.SubjectKeyIdentifier.from_public_key(key), False),
            (x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(authority), False),
            *(((x509.SubjectAlternativeName([_named(host)]), False),) if host else ()),
            *(((x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False),) if host else ()),
        ):
            built = built.add_extension(extension, critical=critical)
        return built.sign(self._key, hashes.SHA256())


def _named(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)
