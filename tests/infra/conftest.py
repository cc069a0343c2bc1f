"""The stacks, synthesized once for all tests: every state of the world but the layers' content."""

import json
from pathlib import Path

import pytest
from aws_cdk import App

from app import compose
from firstline.config import fleet_file as profiles
from firstline.config import recipients
from firstline.config.profile import Profile
from tests.builders import FLEET_TEXT, PROFILE_FILE
from tests.infra.made import Made

WITHOUT_BUNDLING: dict[str, object] = {"aws:cdk:bundling-stacks": []}
EXAMPLE = {**WITHOUT_BUNDLING, "fleet": str(PROFILE_FILE)}
"""The shipped example, whose deployment is as the defaults are."""


def deployed_with(folder: Path, **settings: object) -> dict[str, object]:
    """Return the example's context with these settings of its deployment."""
    path = folder.with_suffix(".toml")  # what lies in an assembly is no asset of it
    given = dict.fromkeys(recipients.KEYS, "") | settings
    lines = (f"{key} = {json.dumps(value)}" for key, value in given.items())
    path.write_text("\n".join((FLEET_TEXT, "[deployment]", *lines)))
    return {**WITHOUT_BUNDLING, "fleet": str(path)}


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Give what the stacks make when the operator says nothing."""
    folder = tmp_path_factory.mktemp("assembly")
    app = App(outdir=str(folder), context=EXAMPLE)
    compose(app)
    app.synth()
    return Made(folder)


@pytest.fixture(scope="session")
def profile() -> Profile:
    """Give the profile that is deployed when the operator names none."""
    return profiles.load(PROFILE_FILE)
