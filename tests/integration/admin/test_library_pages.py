"""The pages of users, groups, API tokens, and jobs that are scheduled in code."""

import pickle
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.admin.utils import quote
from django.contrib.auth.models import Group, User
from django.test import Client
from django_apscheduler.models import DjangoJob, DjangoJobExecution
from knox.models import AuthToken

from tests.integration.admin.conftest import Login
from tests.integration.admin.support import add_url, list_url, page_url, read, read_messages
from tests.support.factories import NOW

TOKENS = "knox_authtoken"
JOBS = "django_apscheduler_djangojob"
EXECUTIONS = "django_apscheduler_djangojobexecution"


class Trap:
    """A stored job that leaves a mark when somebody unpickles it."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, ...]:
        return (Path.touch, (self.mark,))


@pytest.fixture
def mark(db: None, tmp_path: Path) -> Path:
    """Return the mark of a job that is stored as a pickle, with an execution that failed."""
    mark = tmp_path / "mark"
    job = DjangoJob.objects.create(id="nightly", next_run_time=NOW, job_state=pickle.dumps(Trap(mark)))
    DjangoJobExecution.objects.create(
        job=job,
        status=DjangoJobExecution.ERROR,
        run_time=NOW,
        duration=2,
        exception="<gone>",
        traceback='Traceback:\n  File "x"',
    )
    return mark


def test_jobs_are_shown_without_reading_what_is_stored(root: Client, mark: Path) -> None:
    pages = [root.get(list_url(JOBS)), root.get(page_url(JOBS, "nightly"))]
    for answer in pages:
        assert "nightly" in read(answer)
        assert "2027-03-01 09:00:00 UTC" in read(answer)
    assert not mark.exists()


def test_a_job_links_to_its_executions_whatever_its_id_is(root: Client, mark: Path) -> None:
    odd = DjangoJob.objects.create(id="app.jobs:a_b?c=1&d/é", next_run_time=NOW, job_state=b"")
    own = DjangoJobExecution.objects.create(job=odd, status=DjangoJobExecution.SUCCESS, run_time=NOW)
    listed = root.get(list_url(EXECUTIONS), {"job__id__exact": odd.pk})
    assert list(listed.context["cl"].result_list) == [own]
    page = read(root.get(page_url(JOBS, quote(odd.pk))))
    assert f"?{urlencode({'job__id__exact': odd.pk})}" in page
    assert page_url(JOBS, quote(odd.pk)) in read(listed)


def test_executions_show_what_went_wrong(root: Client, mark: Path) -> None:
    [execution] = DjangoJobExecution.objects.all()
    listed = read(root.get(list_url(EXECUTIONS), {"q": "nightly"}))
    for shown in ("nightly", "failed", "2.00", "<gone>"):
        assert shown in listed
    assert 'Traceback:\n  File "x"' in read(root.get(page_url(EXECUTIONS, execution.pk)))
    assert not mark.exists()


@pytest.mark.parametrize("model", [JOBS, EXECUTIONS])
def test_nobody_adds_runs_changes_or_deletes_jobs(root: Client, mark: Path, model: str) -> None:
    pk = "nightly" if model == JOBS else str(DjangoJobExecution.objects.get().pk)
    assert root.get(add_url(model)).status_code == 403
    assert root.post(page_url(model, pk), {}).status_code == 403
    assert root.post(page_url(model, pk).replace("change", "delete"), {"post": "yes"}).status_code == 403
    for action in ("run_selected_jobs", "delete_selected"):
        root.post(list_url(model), {"action": action, "_selected_action": pk, "post": "yes"})
    assert (DjangoJob.objects.count(), DjangoJobExecution.objects.count(), mark.exists()) == (1, 1, False)


def test_tokens_are_listed_without_secret_or_digest(root: Client) -> None:
    token, secret = AuthToken.objects.create(User.objects.create_user("robot"), expiry=timedelta(days=1))
    page = read(root.get(list_url(TOKENS)))
    assert "robot" in page
    assert f"{secret[:8]}…" in page
    assert token.digest not in page
    assert secret not in page


def test_a_token_is_revoked_after_a_question(login: Login) -> None:
    token, _ = AuthToken.objects.create(User.objects.create_user("robot"))
    AuthToken.objects.create(User.objects.get())
    operator = login("knox.view_authtoken", "knox.delete_authtoken")
    url = f"/admin/knox/authtoken/{token.token_key}/revoke/"
    assert url in read(operator.get(list_url(TOKENS)))
    question = read(operator.get(url))
    assert "Revoke the token of robot" in question
    assert token.digest not in question
    assert AuthToken.objects.count() == 2
    answer = operator.post(url, follow=True)
    assert "A token of robot was revoked" in read_messages(answer)
    assert not AuthToken.objects.filter(digest=token.digest).exists()
    assert AuthToken.objects.count() == 1
    assert operator.post(url).status_code == 404
    assert not LogEntry.objects.filter(object_id=token.digest).exists()


def test_a_token_is_not_revoked_without_the_permission(login: Login) -> None:
    token, _ = AuthToken.objects.create(User.objects.create_user("robot"))
    viewer = login("knox.view_authtoken")
    url = f"/admin/knox/authtoken/{token.token_key}/revoke/"
    assert "revoke" not in read(viewer.get(list_url(TOKENS)))
    assert (viewer.get(url).status_code, viewer.post(url).status_code) == (403, 403)
    assert AuthToken.objects.exists()


def test_no_address_of_a_token_holds_its_digest(root: Client) -> None:
    token, _ = AuthToken.objects.create(User.objects.create_user("robot"))
    for end in ("change/", "delete/", "history/"):
        assert root.get(f"/admin/knox/authtoken/{token.digest}/{end}").status_code == 404
    assert root.get("/admin/knox/authtoken/add/").status_code == 404


def test_users_and_groups_are_made_and_changed(root: Client) -> None:
    password = "a-long-pass-phrase-of-ours"
    sent = {"username": "ada", "usable_password": "true", "password1": password, "password2": password}
    assert root.post(add_url("auth_user"), sent).status_code == 302
    ada = User.objects.get(username="ada")
    assert ada.check_password(password)
    assert root.post(add_url("auth_group"), {"name": "Operators"}).status_code == 302
    for model, pk in (("auth_user", ada.pk), ("auth_group", Group.objects.get().pk)):
        assert "result_list" in read(root.get(list_url(model)))
        assert 'name="_save"' in read(root.get(page_url(model, pk)))
