"""Certificates for servers on the loopback address."""

import datetime as dt
import ipaddress
import ssl
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


def certificate(path: Path) -> ssl.SSLContext:
    """Leave one for 127.0.0.1, with its key, at *path*; gives a client's trust in it alone."""
    key, name, now = ec.generate_private_key(ec.SECP256R1()), x509.Name([]), dt.datetime.now(dt.UTC)
    half, number = dt.timedelta(minutes=30), x509.random_serial_number()
    alternative = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    public = key.public_key()
    built = (
        x509.CertificateBuilder(name, name, public, number, now - half, now + half)
        .add_extension(alternative, critical=True)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    form, bare = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    path.write_bytes(key.private_bytes(pem, form, bare) + built.public_bytes(pem))
    return ssl.create_default_context(cafile=path)
