import copy
import json

import pytest

from firstline.config.settings import Settings
from firstline.errors import InvalidInput
from tests.builders import SETTINGS

VARIABLE = Settings.variable


def test_what_the_stack_writes_is_what_a_function_reads() -> None:
    """One struct on both sides."""
    written = copy.replace(SETTINGS, documents={"look_host": "doc"}, alarms={"arn": "name"})
    assert Settings.read({VARIABLE: written.write(), "OTHER": "x"}) == written


@pytest.mark.parametrize("key", ['"', "\\", "{}", "x" * 43, "\n"])
def test_a_key_of_any_characters_is_read_as_it_is(key: str) -> None:
    """A person may have put their own into the secret; the settings are read all the same."""
    environment = {VARIABLE: SETTINGS.write(), Settings.key_variable: key}
    assert Settings.read(environment) == copy.replace(SETTINGS, hash_key=key)


def edited(**fields: object) -> str:
    return json.dumps(json.loads(SETTINGS.write()) | fields)


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, "FIRSTLINE_SETTINGS is not set: deploy with the stack in infra/, which writes it"),
        (
            {VARIABLE: "{"},
            "does not fit firstline.config.settings.Settings: Input data was truncated",
        ),
        ({VARIABLE: "{}"}, "Object missing required field `home`"),
        ({VARIABLE: edited(mode="auto")}, r"Invalid enum value 'auto' - at `\$.mode`"),
        ({VARIABLE: edited(routing_key="x")}, "Object contains unknown field `routing_key`"),
    ],
)
def test_settings_that_do_not_fit_are_refused(environment: dict[str, str], expected: str) -> None:
    """The line names the variable and the field."""
    with pytest.raises(InvalidInput, match=expected) as refusal:
        Settings.read(environment)
    assert str(refusal.value).startswith(VARIABLE)


def test_a_settings_fields_are_all_asked_for() -> None:
    """None has a default, so a stack that forgets one fails at once."""
    for field in Settings.__struct_fields__:
        rest = {
            name: value for name, value in json.loads(SETTINGS.write()).items() if name != field
        }
        with pytest.raises(InvalidInput, match=f"missing required field `{field}`"):
            Settings.read({VARIABLE: json.dumps(rest)})
