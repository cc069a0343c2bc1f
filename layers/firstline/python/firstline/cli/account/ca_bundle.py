"""Trust: whose certificates this machine's tools believe, such as behind a proxy that re-signs TLS.

Each tool reads a variable of its own: botocore and the CDK ``AWS_CA_BUNDLE``, Python and uv
``SSL_CERT_FILE``, Node ``NODE_EXTRA_CA_CERTS``. ``dev`` does the same for what it fetches.
"""

from collections.abc import MutableMapping

BUNDLES = ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")
"""Each names a file with all certificates that are believed; the first that is set counts."""
READ = (*BUNDLES, "NODE_EXTRA_CA_CERTS", "PIP_CERT")


def spread(environment: MutableMapping[str, str]) -> None:
    """Set in *environment* what each tool reads, unless it is set, to the bundle that counts."""
    if bundle := next(filter(None, map(environment.get, BUNDLES)), None):
        for name in READ:
            environment.setdefault(name, bundle)
