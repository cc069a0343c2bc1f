"""Services: for which of AWS's a request was signed, and by whom."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


def service_of(environment: "WSGIEnvironment") -> str:
    """The service that a request was signed for."""
    parts = _credential(environment)
    return parts[3] if len(parts) > 3 else ""


def signer_of(environment: "WSGIEnvironment") -> str:
    """The access key id that a request was signed with: of a function, its name."""
    return _credential(environment)[0]


def _credential(environment: "WSGIEnvironment") -> list[str]:
    signed: str = environment.get("HTTP_AUTHORIZATION", "").partition("Credential=")[2]
    return signed.partition(",")[0].split("/")
