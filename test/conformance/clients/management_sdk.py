"""What Microsoft's management SDK sends when it deploys, redeploys and leaves; then ValidateSetup.

`python management_sdk.py URL` reads the password from standard input and ends with a traceback at
the first answer that the SDK could not read.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import dill
import requests

JSON = {"Accept": "application/json", "Content-Type": "application/json"}
CODE = (
    "def transmission(hp, wt):\n    return scale(hp) + wt + offset\nanswer = transmission(hp, wt)"
)


class Sdk:
    def __init__(self, url: str, password: str) -> None:
        self.url = url
        self.headers = dict(JSON)
        login = {"username": "admin", "password": password}
        token = self.call("POST", "/login", login).json()["access_token"]
        self.headers["Authorization"] = f"Bearer {token}"

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> requests.Response:
        # The SDK serialises by itself and sends the text.
        data = body if body is None or isinstance(body, bytes) else json.dumps(body)
        answer = requests.request(
            method, self.url + path, data=data, headers={**self.headers, **headers}, timeout=120
        )
        answer.raise_for_status()
        return answer

    def save(self, objects: dict[str, Any]) -> tuple[str, str]:
        """Puts objects into a new session and saves it; returns the ids of both."""
        session = self.call("POST", "/sessions", {"name": None, "runtimeType": "Python"}).json()
        path = f"/sessions/{session['sessionId']}"
        for name, value in objects.items():
            pickle = dill.dumps(value, recurse=True)
            octets = {"Content-Type": "application/octet-stream"}
            self.call("POST", f"{path}/workspace/{name}", pickle, **octets)
        snapshot = self.call("POST", f"{path}/snapshot", {"name": None}).json()
        return session["sessionId"], snapshot["snapshotId"]

    def deploy(self, method: str, objects: dict[str, Any], **service: Any) -> requests.Response:
        session, snapshot = self.save(objects)
        try:
            body = {"snapshotId": snapshot, "runtimeType": "Python", **service}
            return self.call(method, "/services/TxService/1.0", body)
        finally:
            self.call("DELETE", f"/sessions/{session}")
            self.call("DELETE", f"/snapshots/{snapshot}")

    def describe(self) -> Any:
        found = self.call("GET", "/services/TxService/1.0").json()
        return found[0] if isinstance(found, list) else found

    def consume(self, **inputs: Any) -> Any:
        result = self.call("POST", "/api/TxService/1.0", inputs).json()
        assert result["success"], result["errorMessage"]
        return result["outputParameters"].get("answer")


def make_scale(factor: float) -> Any:
    return lambda value: value * factor


def deploy_and_redeploy(sdk: Sdk) -> None:
    inputs = [{"name": "hp", "type": "numeric"}, {"name": "wt", "type": "numeric"}]
    definition = {
        "code": CODE,
        "initCode": None,
        "description": "My first python model",
        "operationId": "manualTransmission",
        "inputParameterDefinitions": inputs,
        "outputParameterDefinitions": [{"name": "answer", "type": "numeric"}],
        "outputFileNames": [],
    }
    objects = {"scale": make_scale(2.0), "offset": 1.0}
    assert sdk.deploy("POST", objects, **definition).status_code == 201
    service = sdk.describe()
    # The function that calls it is made of these, in this order.
    assert [one["name"] for one in service["inputParameterDefinitions"]] == ["hp", "wt"]
    assert service["operationId"] == "manualTransmission"
    assert len(service) > 0
    assert "{}".format(service["description"]) == "My first python model"
    assert sdk.consume(hp=120.0, wt=2.5) == 243.5
    swagger = sdk.call("GET", "/api/TxService/1.0/swagger.json").text
    assert json.loads(swagger)["paths"]["/api/TxService/1.0"]["post"]["operationId"] == (
        "manualTransmission"
    )

    # What is None in a redeployment is left out or sent as null, and stays.
    patched = sdk.deploy(
        "PATCH", {"scale": make_scale(3.0), "offset": 0.0}, code=None, description=None
    )
    assert patched.json() == "1.0"
    assert sdk.consume(hp=120.0, wt=2.5) == 362.5
    assert sdk.describe()["description"] == "My first python model"
    sdk.call("DELETE", "/services/TxService/1.0")


def validate_setup(sdk: Sdk) -> None:
    first, second = (sdk.call("GET", "/status").json() for _ in range(2))
    assert first["statusCode"] == "pass"
    assert first == second
    session = sdk.call("POST", "/sessions", {"runtimeType": "Python"}).json()["sessionId"]
    path = f"/sessions/{session}"
    request = {"code": "x = 10\nprint(x)", "inputParameters": [], "outputParameters": ["x"]}
    executed = sdk.call("POST", f"{path}/execute", request).json()
    assert executed["outputParameters"] == [{"name": "x", "value": 10}], executed
    assert sdk.call("GET", f"{path}/console-output").json()["consoleOutput"] == "10\n"
    assert dill.loads(sdk.call("GET", f"{path}/workspace/x").content) == 10
    snapshot = sdk.call("POST", f"{path}/snapshot", {}).json()["snapshotId"]
    sdk.call("DELETE", f"{path}/force")
    body = {
        "code": "y = x + z",
        "runtimeType": "Python",
        "snapshotId": snapshot,
        "inputParameterDefinitions": [{"name": "z", "type": "numeric"}],
        "outputParameterDefinitions": [{"name": "y", "type": "numeric"}],
    }
    # Without a version the last one of the name is the new one.
    version = sdk.call("POST", "/services/Validate", body).json()
    assert sdk.call("GET", "/services/Validate").json()[-1]["version"] == version
    result = sdk.call("POST", f"/api/Validate/{version}", {"z": 1}).json()
    assert result["outputParameters"] == {"y": 11}, result
    sdk.call("DELETE", f"/snapshots/{snapshot}")
    again = sdk.call("POST", f"/api/Validate/{version}", {"z": 2}).json()
    assert again["outputParameters"] == {"y": 12}, again
    sdk.call("DELETE", f"/services/Validate/{version}")


if __name__ == "__main__":
    client = Sdk(sys.argv[1], sys.stdin.readline().strip())
    deploy_and_redeploy(client)
    validate_setup(client)
    print("walked")
