"""Services: for which of AWS's a request was signed."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


def service_of(environment: "WSGIEnvironment") -> str:
    """The service that a request was signed for."""
    signed = environment.get("HTTP_AUTHORIZATION", "").partition("Credential=")[2]
    parts = signed.partition(",")[0].split("/")
    return parts[3] if len(parts) > 3 else ""
