"""The OpenAPI document as the tests read it: operations, schemas that validate, and closed answers."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker

from orchestrator_site.openapi_views import describe_api

Json = dict[str, Any]

METHODS = ("get", "post", "put", "patch", "delete")
# Headers of some answers to requests that came with a key.
OF_KEYS = {"Idempotency-Replayed", "Retry-After"}


@dataclass(frozen=True)
class Operation:
    """One method of one path."""

    path: str
    method: str
    body: Json

    def __str__(self) -> str:
        return f"{self.method.upper()} {self.path}"

    @property
    def permission(self) -> str:
        """The permission that it says it needs, if any."""
        _, _, rest = self.body["description"].partition("Needs the permission `")
        return str(rest.partition("`")[0])

    @property
    def request_schema(self) -> Json | None:
        """The schema of its body, if it has one."""
        content = self.body.get("requestBody", {}).get("content", {})
        return content["application/json"]["schema"] if content else None

    def request_examples(self) -> dict[str, Any]:
        content = self.body.get("requestBody", {}).get("content", {})
        return {name: each["value"] for body in content.values() for name, each in body.get("examples", {}).items()}

    def response(self, status: int) -> Json:
        """Return what it says about an answer; fails if it says nothing."""
        answer = self.body["responses"].get(str(status))
        assert answer is not None, f"{self} does not say that it answers {status}"
        return resolve(answer)

    def parameters(self, place: str) -> list[Json]:
        return [each for each in self.body.get("parameters", []) if each["in"] == place]


def operations() -> list[Operation]:
    paths = describe_api()["paths"].items()
    return [Operation(path, method, item[method]) for path, item in paths for method in METHODS if method in item]


def find_operation(method: str, path: str) -> Operation:
    [found] = [each for each in operations() if (each.method, each.path) == (method.lower(), path)]
    return found


def resolve(part: Json) -> Json:
    """Follow a reference."""
    found: Any = describe_api()
    if "$ref" not in part:
        return part
    for name in part["$ref"].removeprefix("#/").split("/"):
        found = found[name]
    return dict(found)


def close(schema: Any) -> Any:
    """Return the schema with every object closed that lists its keys: what is not described is an error."""
    if isinstance(schema, list):
        return [close(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: close(value) for key, value in schema.items()}
    return closed | {"additionalProperties": False} if isinstance(schema.get("properties"), dict) else closed


def errors_of(value: Any, schema: Json) -> list[str]:
    """Return what is wrong with a value by a schema of the document, whose objects are closed."""
    document = {**close(schema), "components": close(describe_api()["components"])}
    validator = Draft202012Validator(document, format_checker=FormatChecker())
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(value)]


def assert_described(operation: Operation, response: Any) -> None:
    """Fail unless an answer is one that the document describes: status, content type, headers and body."""
    described = operation.response(response.status_code)
    [(content_type, content)] = described["content"].items()
    assert response.headers["Content-Type"] == content_type
    assert errors_of(response.json(), content["schema"]) == []
    assert set(described.get("headers", {})) - OF_KEYS <= set(response.headers)
    assert OF_KEYS & set(response.headers) <= set(described.get("headers", {}))


def response_examples() -> Iterator[tuple[str, Any, Json]]:
    """Give every example of an answer with its name and the schema that it has to fit."""
    for operation in operations():
        for status, answer in operation.body["responses"].items():
            for content in resolve(answer).get("content", {}).values():
                shown = {name: each["value"] for name, each in content.get("examples", {}).items()}
                for name, value in {**shown, **({"": content["example"]} if "example" in content else {})}.items():
                    yield f"{operation} {status} {name}", value, content["schema"]
