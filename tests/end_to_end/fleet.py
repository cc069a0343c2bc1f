"""The fleet: the twin's world in real time, behind the calls that come in over HTTP.

SSM takes the deployed documents alone, and holds a command's parameters against them.
"""

import io
import json
import re
from collections.abc import Callable, Iterable
from threading import RLock
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from botocore.utils import parse_timestamp
from moto.core.exceptions import ServiceException
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.request import determine_request_protocol
from moto.core.serialize import get_serializer_class
from moto.core.utils import get_service_model
from werkzeug.datastructures import Headers, MultiDict

from firstline.lab.twin.operations import OPERATIONS
from firstline.lab.twin.scaling_calls import RequestError
from firstline.lab.twin.scenario import Scenario
from firstline.lab.twin.world import World
from tests.end_to_end import pace
from tests.end_to_end.cloud import Cloud
from tests.end_to_end.metrics import Metric, Metrics
from tests.end_to_end.services import service_of

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

SERVICES = {
    "autoscaling": ("autoscaling", "auto-scaling"),
    "ec2": ("ec2", "ec2"),
    "elasticloadbalancing": ("elbv2", "elastic-load-balancing-v2"),
    "monitoring": ("cloudwatch", "cloudwatch"),
    "ssm": ("ssm", "ssm"),
}
"""Who signs as what: botocore's name of the service, and its id in the twin's operations."""
OTHERS = frozenset({"cloudwatch.DescribeAlarms", "ssm.DescribeParameters", "ssm.GetParameter"})
STATUSES = "ec2.DescribeInstanceStatus"
"""The one call of EC2 that is about the fleet's hosts: what else there is moto has deployed."""
"""What the twin could answer and moto does: it knows what was deployed."""


class Refused(ServiceException):
    """A refusal of the service that was asked: of one of moto's own the module would say which."""


class Fleet:
    """The world of one test, and the door to it; *metrics* are those that CloudWatch gives."""

    def __init__(self, cloud: Cloud, metrics: Metrics, group: str) -> None:
        self._cloud = cloud
        self._metrics = metrics
        self._group = group
        self._lock = RLock()
        self._read: dict[str, dict[str, Any]] = {}
        self.begin(Scenario(name="nothing yet"))
        cloud.door = self.answer

    def begin(self, scenario: Scenario) -> None:
        """Begin anew, with the hosts of *scenario*."""
        self._world = World(scenario, pace.now(), self._group, pace.TIMINGS)

    def ask[T](self, question: Callable[[World], T]) -> T:
        """The answer of the world as it is now, while nobody changes it."""
        with self._lock:
            self._world.advance(pace.now())
            return question(self._world)

    def has(self, host: str) -> bool:
        """Whether *host* is, or was, in the group: it carries the fleet's tags."""
        return self.ask(lambda world: host in world.hosts)

    def answer(
        self, environment: "WSGIEnvironment", start: "StartResponse"
    ) -> Iterable[bytes] | None:
        """The twin's answer to a call about the fleet; None to any other."""
        service, id_ = SERVICES.get(service_of(environment), ("", ""))
        body = environment["wsgi.input"].read(int(environment.get("CONTENT_LENGTH") or 0))
        environment["wsgi.input"] = io.BytesIO(body)
        form = dict(parse_qsl(body.decode("latin-1"))) if b"Action=" in body else {}
        target = environment.get("HTTP_X_AMZ_TARGET", "").rpartition(".")[2]
        action = form.get("Action", target)
        name = f"{id_}.{action}"
        if name not in OPERATIONS or name in OTHERS or (id_ == "ec2" and name != STATUSES):
            return None
        content_type = environment.get("CONTENT_TYPE", "")
        model = get_service_model(service)
        operation = model.operation_model(action)
        protocol = determine_request_protocol(model, content_type)
        asked = PROTOCOL_PARSERS[protocol](operation, timestamp_parser=parse_timestamp).parse(
            {
                "method": "POST",
                "values": MultiDict(form),
                "headers": Headers(),
                "body": body,
                "url_path": "/",
                "url_params": {},
            }
        )
        result: object
        try:
            result = self._result(name, asked)
        except RequestError as error:
            result = Refused(str(error), "refused")
        made = get_serializer_class(model.service_name, protocol)(operation).serialize(result)
        headers = [(key, str(value)) for key, value in made["headers"].items()]
        start(f"{made['status_code']} Answered", headers)
        text = made["body"]
        return [text.encode() if isinstance(text, str) else bytes(text)]

    def _result(self, name: str, asked: dict[str, Any]) -> dict[str, Any]:
        if name == "cloudwatch.GetMetricData":
            return self._metric_data(asked)
        if name == "ssm.SendCommand":
            action = self._documented(asked)
            asked_of = {**asked, "DocumentName": action}
            answer = self.ask(lambda world: OPERATIONS[name](world, asked_of))
            return _renamed(answer, action, asked["DocumentName"])
        answer = self.ask(lambda world: OPERATIONS[name](world, asked))
        for deployed, action in self._documents().items() if name.startswith("ssm.") else ():
            answer = _renamed(answer, action, deployed)
        return answer

    def _metric_data(self, asked: dict[str, Any]) -> dict[str, Any]:
        """The last value of each metric that the functions printed."""
        results = []
        measured = [each for each in asked["MetricDataQueries"] if "MetricStat" in each]
        for query in measured:
            result = query["MetricStat"]["Metric"]
            by = frozenset((each["Name"], each["Value"]) for each in result["Dimensions"])
            metric = Metric(result["Namespace"], result["MetricName"], by)
            found = self._metrics.latest(metric, asked["StartTime"])
            times, values = ([found.at], [found.value]) if found else ([], [])
            results.append(
                {"Id": query["Id"], "StatusCode": "Complete", "Timestamps": times, "Values": values}
            )
        return {"MetricDataResults": results}

    def _documents(self) -> dict[str, str]:
        """The deployed documents' names, with the action of each."""
        documents = self._cloud.client("ssm")
        own = [{"Key": "Owner", "Values": ["Self"]}]
        found = documents.list_documents(Filters=own)["DocumentIdentifiers"]
        return {each["Name"]: _action(self._content(each["Name"])) for each in found}

    def _content(self, name: str) -> dict[str, Any]:
        """The document; one that was read is not read again, for its name changes with it."""
        if name not in self._read:
            content = self._cloud.client("ssm").get_document(Name=name)["Content"]
            self._read[name] = json.loads(content)
        return self._read[name]

    def _documented(self, asked: dict[str, Any]) -> str:
        """The action of the document that is asked for, whose parameters fit it."""
        if asked["DocumentName"] not in self._documents():
            raise RequestError("InvalidDocument")
        content = self._content(asked["DocumentName"])
        known, given = content["parameters"], asked["Parameters"]
        needed = {name for name, each in known.items() if "default" not in each}
        if not needed <= given.keys() <= known.keys():
            raise RequestError("InvalidParameters")
        if not all(_fits(known[name], values[0]) for name, values in given.items()):
            raise RequestError("InvalidParameters")
        return _action(content)


def _action(content: dict[str, Any]) -> str:
    return str(content["mainSteps"][0]["name"])


def _fits(parameter: dict[str, Any], value: str) -> bool:
    allowed = parameter.get("allowedValues")
    pattern = parameter.get("allowedPattern", "")
    return (allowed is None or value in allowed) and bool(re.search(pattern, value))


def _renamed(answer: dict[str, Any], action: str, deployed: str) -> dict[str, Any]:
    """*answer* with the deployed document's name in place of its action's."""

    def rename(value: Any, key: str = "") -> Any:  # noqa: ANN401 - any JSON
        if isinstance(value, dict):
            return {name: rename(each, name) for name, each in value.items()}
        if isinstance(value, list):
            return [rename(each) for each in value]
        return deployed if (key, value) == ("DocumentName", action) else value

    return dict(rename(answer))
