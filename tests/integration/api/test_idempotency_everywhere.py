"""Every POST that writes is answered once for each key, and says so."""

import copy

import pytest
from rest_framework.test import APIClient

from orchestrator_site.common.idempotency.api_docs import is_answered_once
from tests.integration.api.openapi import OF_KEYS, Operation, assert_described, find_operation, operations
from tests.integration.api.support import post_with_key, stored_rows
from tests.integration.api.test_openapi import api_routes, make_ready

pytestmark = pytest.mark.django_db

# Each POST that is done anew however often it is sent, and why that does no harm.
WITHOUT_KEYS = {
    "/api/schedules/preview": "it looks ahead and writes nothing",
    "/api/graphql": "it only reads",
    "/api/tasks/{task_id}/callback/{token}": "its token takes the part of a key: one answer counts, and it has no user",
    "/api/tasks/{task_id}/callback/{token}/progress": "the last report counts, also if it is the same; it has no user",
}
WITH_KEYS = [each for each in operations() if each.method == "post" and each.path not in WITHOUT_KEYS]


def test_every_post_is_answered_once_or_there_is_a_reason() -> None:
    posts = {path: view for path, view in api_routes().items() if hasattr(view, "post")}
    assert set(WITHOUT_KEYS) <= set(posts)
    for path, view in posts.items():
        assert is_answered_once(view, "post") is (path not in WITHOUT_KEYS), f"{path} needs @answer_once, or a reason"


def test_every_route_without_a_class_takes_no_post(client: APIClient) -> None:
    for path, view in api_routes().items():
        if view is None:
            assert client.post(path).status_code == 405, path


def test_those_and_no_others_describe_the_headers() -> None:
    for operation in operations():
        named = {each["name"] for each in operation.parameters("header")}
        assert named == ({"Idempotency-Key"} if operation in WITH_KEYS else set()), operation


@pytest.mark.parametrize("operation", WITH_KEYS, ids=str)
def test_what_is_sent_again_is_answered_alike_and_changes_nothing(
    client: APIClient, shipped_workflows: None, operation: Operation
) -> None:
    name, body = next(iter(operation.request_examples().items()))
    ours = make_ready(operation, name)
    body = copy.deepcopy(body) | {key: ours[key] for key in body if key in ours}
    path = operation.path.format(**ours)
    first = post_with_key(client, path, body)
    before = stored_rows()
    again = post_with_key(client, path, body)
    assert 200 <= first.status_code == again.status_code < 300
    assert again.content == first.content
    assert again.headers.get("Location") == first.headers.get("Location")
    assert (first.headers.get("Idempotency-Replayed"), again.headers["Idempotency-Replayed"]) == (None, "true")
    assert stored_rows() == before
    assert_described(operation, again)

    other = post_with_key(client, path, {**body, "surprise": 1})
    assert other.status_code == 422
    assert_described(operation, other)
    nameless = post_with_key(client, path, body, key="")
    assert nameless.status_code == 400
    assert_described(operation, nameless)


def test_a_key_that_is_in_use_is_described_at_each() -> None:
    for operation in WITH_KEYS:
        assert "Retry-After" in operation.response(409)["headers"]
        assert OF_KEYS & set(find_operation("post", operation.path).response(422).get("headers", {})) == set()
