"""CA bundle: gives every tool the same trusted certificates, as behind a proxy that re-signs TLS.

Each tool reads its own variable: botocore and the CDK ``AWS_CA_BUNDLE``, Python and uv
``SSL_CERT_FILE``, Node ``NODE_EXTRA_CA_CERTS``. ``dev`` does the same for what it downloads.
"""

from collections.abc import MutableMapping

SOURCE_VARIABLES = ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")
"""Variables that name a file of all trusted certificates; the first that is set wins."""
TARGET_VARIABLES = (*SOURCE_VARIABLES, "NODE_EXTRA_CA_CERTS", "PIP_CERT")


def set_bundle_variables(environment: MutableMapping[str, str]) -> None:
    """Set the variables of all tools in *environment* to the bundle, where they are not set."""
    if bundle := next(filter(None, map(environment.get, SOURCE_VARIABLES)), None):
        for name in TARGET_VARIABLES:
            environment.setdefault(name, bundle)
