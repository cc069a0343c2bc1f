"""Both scripts on the stand-in of systemctl, by the table that holds for the real one too."""

import pytest

from tests.infra.documents.host import Host
from tests.infra.documents.looking import look
from tests.infra.documents.restarting import DOCUMENT, answer, values
from tests.infra.documents.states import STATES, State, expected, reported


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.name)
def test_a_unit_in_each_state(host: Host, state: State) -> None:
    """A look tells it, and a restart does what is right in it."""
    known = {"LoadState": "loaded", "Result": "success"} | state.shown | state.properties
    host.unit("vettid-parent", known.pop("ActiveState"), load=known.pop("LoadState"), **known)
    host.restarting(state.restart)
    assert reported(look(host)) == expected(state)
    ran = host.send(DOCUMENT, "environment", **values(Unit="vettid-parent"))
    assert answer(ran) == (*state.answer, "vettid-parent")
