"""The iris walk with nothing but HTTP: what the notebook does, by the R Server API and `requests`.

It takes the server from SLIPWAY_URL, SLIPWAY_USER and SLIPWAY_PASSWORD, or, when these are not
set, this user's own server, as its runtime file names it (start one with `slipway server start`).

    python examples/rest_client.py

It ends with exit code 1 when the server answers anything but what the API promises.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote

import requests

Json = Any

TRAIN = """
clf = svm.SVC()
iris = datasets.load_iris()
names = {0: 'I. setosa', 1: 'I. versicolor', 2: 'I. virginica'}
clf.fit(iris.data, iris.target)
"""
SCORE = """
result = names[clf.predict([species_1])[0]]
other_result = names[clf.predict([species_2])[0]]
"""
SPECIES_1 = [7, 3.2, 4.7, 1.4]
SPECIES_2 = [3, 2.6, 3, 2.5]
SETOSA = [5.1, 3.5, 1.4, 0.2]


class UnexpectedAnswerError(Exception):
    """The server answered, but not what it should have."""


class RServer:
    """The calls of the API that the walk makes; each checks the status that the API promises."""

    def __init__(self, url: str, user: str, password: str) -> None:
        self.url = url.rstrip("/")
        self.http = requests.Session()
        token = self.call("POST", "/login", 200, {"username": user, "password": password})
        self.http.headers["Authorization"] = f"Bearer {token['access_token']}"

    def call(self, method: str, path: str, status: int, body: Json = None) -> Json:
        """Sends one request and returns its JSON answer; None when the body is empty."""
        response = self.http.request(method, self.url + path, json=body, timeout=120)
        if response.status_code != status:
            raise UnexpectedAnswerError(
                f"{method} {path}: {response.status_code} instead of {status}: {response.text}"
            )
        return response.json() if response.content else None

    def execute(
        self, session: str, code: str, inputs: dict[str, Json] | None = None, outputs: Json = ()
    ) -> dict[str, Json]:
        """Runs code in a session; returns the values of the outputs by name."""
        answer = self.call(
            "POST",
            f"/sessions/{session}/execute",
            200,
            {
                "code": code,
                "inputParameters": [
                    {"name": name, "value": value} for name, value in (inputs or {}).items()
                ],
                "outputParameters": list(outputs),
            },
        )
        if not answer["success"]:
            raise UnexpectedAnswerError(f"The code failed in the session: {answer['errorMessage']}")
        return {output["name"]: output["value"] for output in answer["outputParameters"]}

    def publish(self, name: str, version: str, service: dict[str, Json]) -> None:
        """Publishes a version, or updates the one that is there."""
        path = f"/services/{quote(name, safe='')}/{quote(version, safe='')}"
        there = self.http.get(self.url + path, timeout=120).status_code == 200
        if there:
            self.call("PATCH", path, 200, service)
        else:
            self.call("POST", path, 201, service)

    def consume(self, name: str, version: str, **inputs: Json) -> dict[str, Json]:
        """Calls a service; returns its outputs by name."""
        answer = self.call("POST", f"/api/{name}/{version}", 200, inputs)
        if not answer["success"]:
            raise UnexpectedAnswerError(f"{name} {version} failed: {answer['errorMessage']}")
        outputs: dict[str, Json] = answer["outputParameters"]
        return outputs


def server_of_this_user() -> tuple[str, str, str]:
    """URL, user and password: from the environment, else from the runtime file."""
    if url := os.environ.get("SLIPWAY_URL"):
        password = os.environ.get("SLIPWAY_PASSWORD")
        if password is None:
            sys.exit("SLIPWAY_URL is set, SLIPWAY_PASSWORD is not: set it, and SLIPWAY_USER.")
        return url, os.environ.get("SLIPWAY_USER", "admin"), password
    data = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share"
    home = Path(os.environ.get("SLIPWAY_HOME") or Path(data) / "slipway")
    runtime_file = home / "runtime.json"
    if not runtime_file.exists():
        sys.exit(
            f"No server of yours is running ({runtime_file} is missing). Start one with"
            " `slipway server start`, or set SLIPWAY_URL, SLIPWAY_USER and SLIPWAY_PASSWORD."
        )
    runtime = json.loads(runtime_file.read_text())
    return runtime["url"], runtime["username"], runtime["password"]


def expect(what: str, actual: Json, expected: Json) -> None:
    """Prints a result, or raises when it is not the one that must come."""
    if actual != expected:
        raise UnexpectedAnswerError(f"{what}: got {actual!r} instead of {expected!r}")
    print(f"{what}: {json.dumps(actual)}")


def walk(server: RServer) -> None:
    """Trains, snapshots, publishes, consumes, updates and deletes, in the article's order."""
    status = server.call("GET", "/status", 200)
    print(f"Server {server.url}: {status['statusCode']}")

    session = server.call("POST", "/sessions", 201, {"name": "Session 1", "runtimeType": "Python"})[
        "sessionId"
    ]
    try:
        server.execute(session, "from sklearn import datasets, svm")
        server.execute(session, TRAIN)
        scores = server.execute(
            session,
            SCORE,
            {"species_1": SPECIES_1, "species_2": SPECIES_2},
            ["result", "other_result"],
        )
        print(f"Scored in the session: {json.dumps(scores)}")
        snapshot = server.call(
            "POST", f"/sessions/{session}/snapshot", 201, {"name": "Iris Snapshot"}
        )["snapshotId"]
    finally:
        server.call("DELETE", f"/sessions/{session}", 200)
    saved = [each["id"] for each in server.call("GET", "/snapshots", 200)]
    expect("The snapshot is listed", snapshot in saved, True)

    service = {
        "code": "iris_species = [names[x] for x in clf.predict([flower_data])]",
        "inputParameterDefinitions": [{"name": "flower_data", "type": "vector"}],
        "outputParameterDefinitions": [{"name": "iris_species", "type": "vector"}],
        "runtimeType": "Python",
        "snapshotId": snapshot,
    }
    server.publish("Iris", "V1.0", service)
    [metadata] = server.call("GET", "/services/Iris/V1.0", 200)
    expect("Inputs", metadata["inputParameterDefinitions"], service["inputParameterDefinitions"])
    expect("Outputs", metadata["outputParameterDefinitions"], service["outputParameterDefinitions"])
    swagger = server.call("GET", "/api/Iris/V1.0/swagger.json", 200)
    expect("Path", "/api/Iris/V1.0" in swagger["paths"], True)

    for flower, species in [
        (SPECIES_1, scores["result"]),
        (SPECIES_2, scores["other_result"]),
        (SETOSA, "I. setosa"),
    ]:
        answer = server.consume("Iris", "V1.0", flower_data=flower)
        expect(f"Iris V1.0 of {flower}", answer, {"iris_species": [species]})

    description = "Determines iris species using length and width of sepal and petal"
    server.call(
        "PATCH",
        "/services/Iris/V1.0",
        200,
        {"description": description, "runtimeType": "Python"},
    )
    [metadata] = server.call("GET", "/services/Iris/V1.0", 200)
    expect("Description", metadata["description"], description)

    server.publish(
        "Iris",
        "V2.0",
        {
            **service,
            "code": "iris_species = [names[x] for x in clf.predict([flower_data])][0]",
            "outputParameterDefinitions": [{"name": "iris_species", "type": "string"}],
        },
    )
    answer = server.consume("Iris", "V2.0", flower_data=SETOSA)
    expect(f"Iris V2.0 of {SETOSA}", answer, {"iris_species": "I. setosa"})
    for each in server.call("GET", "/services", 200):
        print(f"Published: {each['name']} {each['version']}")
    server.call("DELETE", "/services/Iris/V2.0", 200)


def main() -> int:
    """Runs the walk; returns the exit code."""
    try:
        walk(RServer(*server_of_this_user()))
    except (UnexpectedAnswerError, requests.RequestException) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
