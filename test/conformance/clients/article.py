"""The article's walk with a client as AutoRest generated them from R Server's document.

The headers come last and by position, and each call accepts the one status that the document
declares. `python article.py URL` reads the password from standard input and ends with a traceback
at the first status that is another one.
The samples are rows of a table, since newer versions of scikit-learn take nothing else.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass, field
from typing import Any

import requests

Headers = dict[str, str]


class HttpOperationError(Exception):
    """What such a client raises for a status that is not declared."""


@dataclass
class LoginRequest:
    username: str
    password: str


@dataclass
class CreateSessionRequest:
    name: str | None = None
    snapshot_id: str | None = None
    runtime_type: str | None = None


@dataclass
class WorkspaceObject:
    name: str
    value: Any


@dataclass
class ExecuteRequest:
    code: str
    input_parameters: list[WorkspaceObject] | None = None
    output_parameters: list[str] | None = None


@dataclass
class CreateSnapshotRequest:
    name: str | None = None


@dataclass
class ParameterDefinition:
    name: str
    type: str


@dataclass
class PublishWebServiceRequest:
    snapshot_id: str | None = None
    code: str | None = None
    description: str | None = None
    operation_id: str | None = None
    input_parameter_definitions: list[ParameterDefinition] | None = None
    output_parameter_definitions: list[ParameterDefinition] | None = None
    runtime_type: str | None = None
    init_code: str | None = None
    output_file_names: list[str] | None = None


@dataclass
class DeployRClient:
    """The operations of the article, by the names that AutoRest gave them."""

    url: str
    http: requests.Session = field(default_factory=requests.Session)

    def login(self, request: LoginRequest) -> Any:
        return self._call("POST", "/login", 200, {}, request)

    def status(self, headers: Headers) -> Any:
        return self._call("GET", "/status", 200, headers)

    def create_session(self, request: CreateSessionRequest, headers: Headers) -> Any:
        return self._call("POST", "/sessions", 201, headers, request)

    def execute_code(self, id: str, request: ExecuteRequest, headers: Headers) -> Any:
        return self._call("POST", f"/sessions/{id}/execute", 200, headers, request)

    def create_snapshot(self, id: str, request: CreateSnapshotRequest, headers: Headers) -> Any:
        return self._call("POST", f"/sessions/{id}/snapshot", 201, headers, request)

    def list_snapshots(self, headers: Headers) -> Any:
        return self._call("GET", "/snapshots", 200, headers)

    def publish_web_service_version(
        self, name: str, version: str, request: PublishWebServiceRequest, headers: Headers
    ) -> Any:
        return self._call("POST", f"/services/{name}/{version}", 201, headers, request)

    def patch_web_service_version(
        self, name: str, version: str, request: PublishWebServiceRequest, headers: Headers
    ) -> Any:
        return self._call("PATCH", f"/services/{name}/{version}", 200, headers, request)

    def get_web_service_version(self, name: str, version: str, headers: Headers) -> Any:
        return self._call("GET", f"/services/{name}/{version}", 200, headers)

    def get_web_service_swagger(self, name: str, version: str, headers: Headers) -> Any:
        return self._call("GET", f"/api/{name}/{version}/swagger.json", 200, headers)

    def get_all_web_services(self, headers: Headers) -> Any:
        return self._call("GET", "/services", 200, headers)

    def delete_web_service_version(self, name: str, version: str, headers: Headers) -> None:
        self._call("DELETE", f"/services/{name}/{version}", 200, headers)

    def _call(
        self, method: str, path: str, status: int, headers: Headers, request: Any = None
    ) -> Any:
        # Such clients send a content type with every request, also with one that has no body.
        sent = {"Content-Type": "application/json; charset=utf-8", **headers}
        body = None if request is None else json.dumps(to_wire(asdict(request)))
        answer = self.http.request(method, self.url + path, headers=sent, data=body, timeout=120)
        if answer.status_code != status:
            raise HttpOperationError(f"{method} {path}: {answer.status_code} {answer.text}")
        return answer.json() if answer.content else None


def to_wire(value: Any) -> Any:
    """Names as the document has them, without what is None."""
    if isinstance(value, list):
        return [to_wire(one) for one in value]
    if not isinstance(value, dict):
        return value
    return {camel(name): to_wire(one) for name, one in value.items() if one is not None}


def camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(other.capitalize() for other in others)


def walk(url: str, password: str) -> None:
    client = DeployRClient(url)
    token = client.login(LoginRequest("admin", password))
    headers = {"Authorization": f"Bearer {token['access_token']}"}
    assert client.status(headers)["statusCode"] == "pass"

    session = client.create_session(
        CreateSessionRequest("Session 1", runtime_type="Python"), headers
    )["sessionId"]
    for code in [
        "from sklearn import svm\nfrom sklearn import datasets",
        "clf=svm.SVC()\niris=datasets.load_iris()\n"
        "names={0:'I. setosa',1:'I. versicolor',2:'I. virginica'}",
    ]:
        assert client.execute_code(session, ExecuteRequest(code), headers)["success"]
    scored = client.execute_code(
        session,
        ExecuteRequest(
            "clf.fit(iris.data, iris.target)\n"
            "result=clf.predict([species_1])\n"
            "other_result=clf.predict([species_2])",
            [
                WorkspaceObject("species_1", [7, 3.2, 4.7, 1.4]),
                WorkspaceObject("species_2", [3, 2.6, 3, 2.5]),
            ],
            ["result", "other_result"],
        ),
        headers,
    )
    assert scored["success"], scored["errorMessage"]
    assert scored["outputParameters"][0] == {"name": "result", "value": [1]}

    snapshot = client.create_snapshot(session, CreateSnapshotRequest("Iris Snapshot"), headers)[
        "snapshotId"
    ]
    assert snapshot in [one["id"] for one in client.list_snapshots(headers)]

    flower_data = ParameterDefinition(name="flower_data", type="vector")
    iris_species = ParameterDefinition(name="iris_species", type="vector")
    code = "iris_species = [names[x] for x in clf.predict([flower_data])]"
    client.publish_web_service_version(
        "Iris",
        "V1.0",
        PublishWebServiceRequest(
            code=code,
            input_parameter_definitions=[flower_data],
            output_parameter_definitions=[iris_species],
            runtime_type="Python",
            snapshot_id=snapshot,
        ),
        headers,
    )
    for service in client.get_web_service_version("Iris", "V1.0", headers):
        assert service["inputParameterDefinitions"] == [asdict(flower_data)]
        assert service["outputParameterDefinitions"] == [asdict(iris_species)]
    swagger = client.get_web_service_swagger("Iris", "V1.0", headers)
    assert "/api/Iris/V1.0" in swagger["paths"]
    assert {"InputParameters", "WebServiceResult"} <= swagger["definitions"].keys()

    consumer = requests.Session()
    consumer.headers.update(headers)
    for flower, species in [
        ([7, 3.2, 4.7, 1.4], scored["outputParameters"][0]["value"]),
        ([3, 2.6, 3, 2.5], scored["outputParameters"][1]["value"]),
        ([5.1, 3.5, 1.4, 0.2], [0]),
    ]:
        names = ["I. setosa", "I. versicolor", "I. virginica"]
        answer = consumer.post(f"{url}/api/Iris/V1.0", json={"flower_data": flower}, timeout=120)
        assert answer.json()["outputParameters"] == {"iris_species": [names[x] for x in species]}

    description = "Determines iris species using length and width of sepal and petal"
    client.patch_web_service_version(
        "Iris",
        "V1.0",
        PublishWebServiceRequest(description=description, runtime_type="Python"),
        headers,
    )
    client.publish_web_service_version(
        "Iris",
        "V2.0",
        PublishWebServiceRequest(
            code=f"{code}[0]",
            description="Determines the species of iris",
            input_parameter_definitions=[flower_data],
            output_parameter_definitions=[ParameterDefinition("iris_species", "string")],
            runtime_type="Python",
            snapshot_id=snapshot,
        ),
        headers,
    )
    answer = consumer.post(
        f"{url}/api/Iris/V2.0", json={"flower_data": [5.1, 3.5, 1.4, 0.2]}, timeout=120
    )
    assert answer.json()["outputParameters"] == {"iris_species": "I. setosa"}
    found = {(one["version"], one["description"]) for one in client.get_all_web_services(headers)}
    assert ("V1.0", description) in found
    assert {version for version, _ in found} == {"V1.0", "V2.0"}
    client.delete_web_service_version("Iris", "V2.0", headers)


if __name__ == "__main__":
    walk(sys.argv[1], sys.stdin.readline().strip())
    print("walked")
