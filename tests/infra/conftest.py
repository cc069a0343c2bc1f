"""The stacks, synthesized once for all tests: every state of the world but the layers' content."""

import pytest
from aws_cdk import App

from app import compose
from firstline.config import fleet_file as profiles
from firstline.config.profile import Profile
from infra.context import DEFAULT_PROFILE
from tests.infra.made import Made

WITHOUT_BUNDLING: dict[str, object] = {"aws:cdk:bundling-stacks": []}


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Give what the stacks make when the operator says nothing."""
    folder = tmp_path_factory.mktemp("assembly")
    app = App(outdir=str(folder), context=WITHOUT_BUNDLING)
    compose(app)
    app.synth()
    return Made(folder)


@pytest.fixture(scope="session")
def profile() -> Profile:
    """Give the profile that is deployed when the operator names none."""
    return profiles.load(DEFAULT_PROFILE)
