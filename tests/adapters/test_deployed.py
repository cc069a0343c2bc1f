"""What was deployed is found by the names of its stacks and outputs."""

import pytest
from botocore.exceptions import EndpointConnectionError

from firstline.doctor.readers import stacks
from firstline.errors import DependencyUnavailable, InvalidInput
from tests.adapters.backends import Ends, Http


def test_an_output_is_found_by_its_stack_and_name() -> None:
    """The ledger is an output of the records stack; one request."""
    ends = Ends({"Stacks": [{"Outputs": [{"OutputKey": "LedgerTable", "OutputValue": "ledger"}]}]})
    assert stacks.ledger_table("vettid", ends.session) == "ledger"
    assert ends.sends == 1


def test_an_output_that_is_not_there_names_the_stack() -> None:
    ends = Ends({"Stacks": [{}]})
    with pytest.raises(InvalidInput, match="firstline-vettid-records has no LedgerTable: deploy"):
        stacks.ledger_table("vettid", ends.session)


def test_a_stack_that_cannot_be_read_says_why() -> None:
    """What the person can mend is Malformed; an endpoint out of reach is Unavailable."""
    missing = "<ErrorResponse><Error><Code>ValidationError</Code></Error></ErrorResponse>"
    with pytest.raises(InvalidInput, match=r"cannot be read \(ValidationError\): name the fleet"):
        stacks.ledger_table("vettid", Ends(Http(400, missing)).session)
    gone = Ends(EndpointConnectionError(endpoint_url="https://cloudformation.invalid"))
    with pytest.raises(
        DependencyUnavailable, match="the stack firstline-vettid-records cannot be read"
    ):
        stacks.ledger_table("vettid", gone.session)
