"""Lambda: the deployed functions, run out of the zips and layers that were deployed."""

import io
import json
import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any

from moto.awslambda.models import LambdaFunction, lambda_backends

from firstline.ids import digest
from tests.end_to_end import pace
from tests.end_to_end.cloud import ACCOUNT, REGION, Cloud
from tests.end_to_end.metrics import Metric, Metrics
from tests.end_to_end.runtime import Place, Result, Sandbox, Started, runtime_files


class Lambdas:
    """Execution environments by function and version, kept warm; entered, until all have ended.

    Metrics that a function prints (EMF) go to *metrics*. An error of a function is a fault, and so
    is each line that it prints but its metrics and what it logs as INFO.
    """

    def __init__(self, cloud: Cloud, metrics: Metrics, folder: Path) -> None:
        self._cloud = cloud
        self._metrics = metrics
        self._folder = folder
        self._brought = runtime_files(folder / "runtime")
        self._warm: dict[str, list[Sandbox]] = {}
        self._lock = Lock()
        self.logs: list[str] = []
        self.done: list[tuple[str, Any]] = []
        """Each invocation that did not fail: of which handler, and its event."""

    def close(self) -> None:
        """End every execution environment that is not at work."""
        with self._lock:
            warm, self._warm = self._warm, {}
        for sandboxes in warm.values():
            for sandbox in sandboxes:
                sandbox.close()

    def invoke(self, name: str, event: object) -> Result:
        """What the function *name* (or its ARN) returns for *event*."""
        function = self._function(name)
        with self._sandbox(function) as sandbox:
            if sandbox.refused:
                result = Result({"errorMessage": sandbox.refused}, failed=True)
            else:
                result = sandbox.invoke(event, float(function.timeout))
        by = frozenset({("FunctionName", name.rpartition(":")[2])})
        self._metrics.put(Metric("AWS/Lambda", "Errors", by), float(result.failed), pace.now())
        if not result.failed:
            self.done.append((str(function.handler), event))
        else:
            self._cloud.faults.add(f"function {name}: {result.payload}")
        return result

    def _function(self, name: str) -> LambdaFunction:
        return lambda_backends[ACCOUNT][REGION].get_function(name.rpartition(":")[2])

    @contextmanager
    def _sandbox(self, function: LambdaFunction) -> Iterator[Sandbox]:
        """A warm environment of this very version, or a new one; kept if it works."""
        layers = [each["Arn"] for each in function.layers]
        version = f"{function.function_name} {function.code_sha_256} {layers}"
        version += json.dumps(function.environment_vars)
        with self._lock:
            free = self._warm.setdefault(version, [])
            sandbox = free.pop() if free else None
        if sandbox is None:
            place = self._place(function, layers)
            environment = self._environment(function, place)
            name = function.function_name
            what = Started(str(function.handler), function.function_arn, environment)
            sandbox = Sandbox(place, what, lambda line: self._take(name, line))
        yield sandbox
        if sandbox.refused:
            sandbox.close()
        else:
            with self._lock:
                self._warm.setdefault(version, []).append(sandbox)

    def _environment(self, function: LambdaFunction, place: Place) -> dict[str, str]:
        """The function's variables; ``/opt`` lies elsewhere here, so they say where."""
        name = function.function_name
        self._cloud.started(name)
        return {
            **self._cloud.environment(),
            "AWS_ACCESS_KEY_ID": name,
            "PATH": os.defpath,
            "LANG": "en_US.UTF-8",
            "TZ": ":UTC",
            "AWS_SESSION_TOKEN": "test",
            "AWS_LAMBDA_FUNCTION_NAME": name,
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_size),
            "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{name}",
            "AWS_LAMBDA_LOG_STREAM_NAME": "local",
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            **{
                key: value.replace('"/opt/', f'"{place.opt}/')
                for key, value in function.environment_vars.items()
            },
        }

    def _place(self, function: LambdaFunction, layers: list[str]) -> Place:
        backend = lambda_backends[ACCOUNT][REGION]
        task = self._unpacked([function.code_bytes])
        versions = [backend.layers_versions_by_arn(arn) for arn in layers]
        opt = self._unpacked([each.code_bytes for each in versions if each is not None])
        return Place(task, opt, self._brought)

    def _unpacked(self, zips: list[bytes]) -> Path:
        """One folder of all the *zips*, in their order; unpacked once."""
        folder = self._folder / digest(b"".join(digest(each).encode() for each in zips))[:16]
        with self._lock:
            if not folder.exists():
                making = folder.with_suffix(".part")
                for each in zips:
                    zipfile.ZipFile(io.BytesIO(each)).extractall(making)
                making.rename(folder)
        return folder

    def _take(self, name: str, line: str) -> None:
        self.logs.append(line)
        text = _json(line)
        if "_aws" in text:
            self._metrics.take_emf(text)
        elif text.get("level") != "INFO":
            self._cloud.faults.add(f"function {name} logged: {line[:2000]}")


def _json(line: str) -> dict[str, Any]:
    try:
        text = json.loads(line)
    except json.JSONDecodeError:
        return {}
    return text if isinstance(text, dict) else {}
