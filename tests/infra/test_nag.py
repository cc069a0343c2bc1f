"""cdk-nag's findings stop the synthesis unless they are accepted with a reason."""

import json
from pathlib import Path

import pytest
from aws_cdk import App, Stack
from aws_cdk import aws_sqs as sqs

from app import compose
from tests.infra.conftest import EXAMPLE


def test_an_unaccepted_finding_stops_the_synthesis(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """A queue without dead letters, somewhere in the app, is enough."""
    app = App(outdir=str(tmp_path), context=EXAMPLE)
    compose(app)
    stack = app.node.find_child("firstline-vettid-app")
    assert isinstance(stack, Stack)
    sqs.Queue(stack, "Careless")
    with pytest.raises(RuntimeError, match="ValidationFailed"):
        app.synth()
    report = json.dumps(json.loads((tmp_path / "validation-report.json").read_text()))
    for finding in ("AwsSolutions-SQS3", "AwsSolutions-SQS4", "Serverless-SQSRedrivePolicy"):
        assert finding in report
    capfd.readouterr()
