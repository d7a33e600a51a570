"""The zone in which the admin shows and takes times."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.utils.timezone import override

from orchestrator_site.common.admin.display import show_distance, show_sentence, show_time
from orchestrator_site.common.admin.time_zone import BROWSER_COOKIE, CHOSEN_COOKIE, find_zone
from tasks.models import EngineFreeze

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("cookies", "zone"),
    [
        ({}, "UTC"),
        ({BROWSER_COOKIE: "Asia/Kolkata"}, "Asia/Kolkata"),
        ({BROWSER_COOKIE: "Asia/Kolkata", CHOSEN_COOKIE: "Europe/Rome"}, "Europe/Rome"),
        ({BROWSER_COOKIE: "Asia/Kolkata", CHOSEN_COOKIE: "../../etc/passwd"}, "Asia/Kolkata"),
        ({BROWSER_COOKIE: "Mars/Olympus"}, "UTC"),
    ],
)
def test_what_was_chosen_goes_before_the_browser_and_that_before_the_installation(
    settings: object, cookies: dict[str, str], zone: str
) -> None:
    settings.TIME_ZONE = "UTC"  # type: ignore[attr-defined]
    assert find_zone(cookies) == zone


@pytest.mark.django_db
def test_a_page_shows_and_names_the_zone_of_the_browser(admin_client: Client) -> None:
    EngineFreeze.objects.create(started_at=NOW, started_by="ann", reason="Upgrade")
    admin_client.cookies[BROWSER_COOKIE] = "Asia/Kolkata"
    page = admin_client.get("/admin/tasks/enginefreeze/").content.decode()
    assert "Times in Asia/Kolkata" in page
    assert "2026-03-01 17:30:00 IST" in page


@pytest.mark.django_db
def test_a_zone_is_chosen_and_given_up_again(admin_client: Client) -> None:
    admin_client.cookies[BROWSER_COOKIE] = "Asia/Kolkata"
    back = "/admin/tasks/task/?status__exact=failed"
    answer = admin_client.post("/admin/time-zone/", {"zone": "Europe/Rome", "back": back})
    assert (answer.status_code, answer["Location"]) == (302, back)
    cookie = answer.cookies[CHOSEN_COOKIE]
    assert (cookie.value, cookie["path"], cookie["httponly"], cookie["samesite"]) == (
        "Europe/Rome",
        "/admin/",
        True,
        "Lax",
    )
    assert "Times in Europe/Rome" in admin_client.get("/admin/time-zone/").content.decode()
    admin_client.post("/admin/time-zone/", {"zone": ""})
    assert "Times in Asia/Kolkata" in admin_client.get("/admin/time-zone/").content.decode()


@pytest.mark.django_db
def test_what_is_no_zone_is_refused_by_name(admin_client: Client) -> None:
    answer = admin_client.post("/admin/time-zone/", {"zone": "Mars/Olympus"})
    assert answer.status_code == 200
    assert "“Mars/Olympus” is no time zone" in answer.content.decode()
    assert CHOSEN_COOKIE not in answer.cookies


@pytest.mark.django_db
@pytest.mark.parametrize("back", ["https://example.org/admin/", "//example.org/admin/", "javascript:alert(1)", "/api/"])
def test_the_way_back_stays_in_the_admin(admin_client: Client, back: str) -> None:
    assert admin_client.post("/admin/time-zone/", {"zone": "UTC", "back": back})["Location"] == "/admin/"


@pytest.mark.django_db
def test_nobody_without_a_login_chooses(client: Client) -> None:
    answer = client.post("/admin/time-zone/", {"zone": "UTC"})
    assert answer["Location"].startswith("/admin/login/")
    assert CHOSEN_COOKIE not in answer.cookies


@pytest.mark.parametrize(
    ("length", "text"),
    [
        (timedelta(), "now"),
        (timedelta(milliseconds=-400), "now"),
        (timedelta(seconds=1), "in 1 s"),
        (timedelta(seconds=119), "in 119 s"),
        (timedelta(seconds=-120), "2 min ago"),
        (timedelta(minutes=119), "in 119 min"),
        (timedelta(hours=-47), "47 h ago"),
        (timedelta(days=13, hours=23), "in 13 d"),
        (timedelta(days=-14), "2026-02-15"),
    ],
)
def test_a_distance_is_told_in_the_largest_unit_that_hides_little(length: timedelta, text: str) -> None:
    with override("UTC"):
        assert show_distance(NOW + length, now=NOW) == text


def test_a_time_is_told_in_full_for_a_pointer_and_to_be_read_out() -> None:
    with override("Asia/Kolkata"):
        shown = str(show_time(NOW + timedelta(hours=2), now=NOW, zone="America/New_York"))
    full = "2026-03-01 19:30:00 IST · 2026-03-01 09:00:00 EST (America/New_York)"
    assert shown == (
        f'<time class="admin-time" datetime="2026-03-01T14:00:00+00:00" title="{full}">in 2 h'
        f'<span class="admin-unseen">, {full}</span></time>'
    )
    with override("America/New_York"):
        shown = str(show_time(NOW, now=NOW, zone="America/New_York"))
    assert 'title="2026-03-01 07:00:00 EST"' in shown
    assert show_time(None, now=NOW) is None


def test_the_times_in_a_sentence_of_the_api_are_those_of_whoever_looks() -> None:
    told = "<b> since 2026-03-01 12:00:00Z until 2026-03-01 12:00:00+00:00, no 9999-99-99 00:00:00Z"
    with override("Asia/Kolkata"):
        shown = str(show_sentence(told))
    times = "since 2026-03-01 17:30:00 IST until 2026-03-01 17:30:00 IST, no 9999-99-99 00:00:00Z"
    assert shown == f'<span lang="en">&lt;b&gt; {times}</span>'


def test_a_time_on_the_clocks_of_a_schedule_is_told_once_to_whoever_has_the_same() -> None:
    told = "the next one is at 2026-03-01 17:30:00+05:30 (2026-03-01 12:00:00Z)."
    with override("Asia/Kolkata"):
        assert "at 2026-03-01 17:30:00 IST." in str(show_sentence(told))
    with override("America/New_York"):
        assert "at 2026-03-01 17:30:00+05:30 (2026-03-01 07:00:00 EST)." in str(show_sentence(told))
