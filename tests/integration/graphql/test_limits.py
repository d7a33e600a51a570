"""Documents that ask for too much are refused, and refused at once."""

from collections.abc import Callable
from time import perf_counter

import pytest
from graphql import get_introspection_query
from rest_framework.test import APIClient

from tests.integration.graphql.support import LIST, PAGE_INFO, ROOTS, ask, every_field, messages, post

pytestmark = pytest.mark.django_db

# Far more than any of them takes, and far less than what an unbounded one would.
SECONDS = 3.0


def many(each: Callable[[int], str], count: int) -> str:
    return " ".join(map(each, range(count)))


def chain(length: int, uses: int) -> str:
    """Return fragments each of which uses the next one so many times."""
    links = many(lambda n: f"fragment f{n} on Query {{ {f'...f{n + 1} ' * uses}}}", length)
    return f"{{ ...f0 }} {links} fragment f{length} on Query {{ __typename }}"


@pytest.mark.parametrize(
    ("query", "phrase"),
    [
        ("{ a " * 200_000, "nested too deeply"),
        ("{ workflows(first: " + "[" * 300_000, "nested too deeply"),
        (f"{{ {'... { ' * 30} __typename {'}' * 31}", "is nested 26 levels deep or more; 25 are the most"),
        (chain(30, uses=1), "is nested 26 levels deep or more; 25 are the most"),
        (chain(20, uses=2), "asks for 1048576 fields, those of a fragment counted at each use; 400 are the most"),
        (f"{{ {many(lambda n: f'a{n}: __typename', 401)} }}", "asks for 401 fields"),
        ("{ " + "__typename " * 4_000 + "}", "asks for 4000 fields"),
        (f"{{ __typename }} fragment f on Query {{ {'__typename ' * 400} }}", "asks for 401 fields"),
        ("{ " + "__typename " * 5_000 + "}", "more than 5000 tokens"),
        ("# nothing\n" * 90_000 + "{ __typename }", "more than 5000 tokens"),
        ("{ __typename " + "@skip(if: false) " * 101 + "}", "has 101 directives or more; 100 are the most"),
        ("query " + "@x " * 101 + "{ __typename }", "has 101 directives or more"),
        (many(lambda n: f"query q{n} {{ __typename }}", 101), "has 101 operations and fragments; 100 are the most"),
        ("{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }", "contains itself: a → b → a"),
        ("{ __typename } fragment a on Query { ...a }", "contains itself: a → a"),
        (f"{{ {many(lambda n: f'a{n}: tasks {{ pageInfo {{ totalItems }} }}', 21)} }}", "asks for 21 lists; 20 are"),
        (
            f"{{ {many(lambda n: f'a{n}: tasks(first: 1000) {{ page {{ id status }} }}', 17)} }}",
            "may ask for 51017 values, `first` times the fields of a row; 50000 are the most",
        ),
        (
            f"{{ {many(lambda n: f'a{n}: tasks(first: 99999999999) {{ page {{ id status }} }}', 17)} }}",
            "may ask for 51017 values",
        ),
    ],
)
def test_a_document_that_asks_for_too_much_is_refused_quickly(client: APIClient, query: str, phrase: str) -> None:
    start = perf_counter()
    answer = post(client, query, status=400)
    assert perf_counter() - start < SECONDS
    [message] = messages(answer)
    assert phrase in message


def test_first_counts_also_when_it_is_a_variable(client: APIClient) -> None:
    lists = many(lambda n: f"a{n}: tasks(first: $first) {{ page {{ id status }} }}", 17)
    query = f"query ($first: Int) {{ {lists} }}"
    assert "may ask for 51017 values" in messages(post(client, query, variables={"first": 1000}, status=400))[0]
    for variables in ({"first": 10}, {"first": None}):
        assert set(ask(client, query, **variables)["a0"]) == {"page"}


def test_many_wrong_things_are_not_all_told(client: APIClient) -> None:
    answer = post(client, f"query ({many(lambda n: f'$v{n}: Int', 1_200)}) {{ __typename }}", status=400)
    assert len(answer["errors"]) == 11
    query = "query ($f: [GraphqlFilter!]) { workflows(filterBy: $f) { page { id } } }"
    answer = post(client, query, variables={"f": [{"fiel": "name"}] * 10_000}, status=400)
    assert len(answer["errors"]) == 11


def test_introspection_passes(client: APIClient) -> None:
    query = get_introspection_query(
        specified_by_url=True, directive_is_repeatable=True, schema_description=True, input_value_deprecation=True
    )
    assert {each["name"] for each in ask(client, query)["__schema"]["types"]} > {"ScheduledTask", "Task", "Firing"}


@pytest.mark.parametrize("root", ROOTS)
def test_the_largest_page_of_everything_passes(client: APIClient, root: str) -> None:
    fields = every_field(root).replace("nextFireTimes", "nextFireTimes(n: 1)")
    assert ask(client, LIST % (root, fields, PAGE_INFO), first=1000)["answer"]
