"""What the admin's pages may load: scripts of this site only, and none inside of a page."""

import re

import pytest
from django.conf import settings
from django.test import Client

from tasks.freezing import freeze_engine
from tests.integration.admin.support import add_url, list_url, page_url, read, start_url
from tests.integration.admin.test_lists import LISTS
from tests.integration.admin.test_start_forms import OrderForm
from tests.integration.admin.test_task_answers import make_suspended
from tests.support.factories import make_schedule, make_workflow


def directives(header: str) -> dict[str, list[str]]:
    return {name: values for name, *values in (part.split() for part in header.split(";"))}


def test_the_policy_of_the_admin_allows_no_inline_script_and_no_other_host(root: Client) -> None:
    policy = directives(root.get("/admin/")["Content-Security-Policy"])
    assert policy["default-src"] == ["'none'"]
    assert policy["script-src"] == ["'self'", "'unsafe-eval'"]
    assert policy["style-src"] == ["'self'", "'unsafe-inline'"]
    others = [value for values in policy.values() for value in values if not value.startswith("'")]
    assert others == ["data:"]


def test_elsewhere_the_policy_is_the_strict_one(client: Client, db: None) -> None:
    policy = directives(client.get("/health/live")["Content-Security-Policy"])
    assert policy["script-src"] == policy["style-src"] == ["'self'"]


@pytest.mark.parametrize("model", LISTS)
def test_no_page_has_an_inline_script_or_names_another_host(root: Client, model: str) -> None:
    LISTS[model](0)
    has_form = model in {"schedules_schedule", "tasks_task", "auth_user", "auth_group"}
    urls = [list_url(model), *([add_url(model)] if has_form else [])]
    if model == "schedules_schedule":
        urls.append(page_url(model, make_schedule().pk))
    if model == "tasks_task":
        order = make_workflow(options={"initial_input_form": OrderForm})
        urls += [start_url(order), page_url(model, make_suspended().pk)]
    freeze_engine(reason="Upgrade", actor="root")
    for url in urls:
        page = read(root.get(url))
        assert 'id="engine-banner"' in page
        for attributes, code in re.findall(r"<script([^>]*)>(.*?)</script>", page, re.DOTALL):
            assert "src=" in attributes
            assert not code.strip()
        assert not re.search(r"<[^>]+\son(click|change|load|submit)=", page)
        loaded = re.findall(r"""<(?:script|link|img)[^>]+(?:src|href)=["']([^"']+)""", page)
        assert loaded
        assert all(address.startswith((settings.STATIC_URL, "/admin/")) for address in loaded)
