"""Workflows that are registered by name and place, and imported when they are needed."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent

import pytest

from workflows.engine import WorkflowDefinition
from workflows.registry import (
    ALL_WORKFLOWS,
    LazyWorkflowInstance,
    RegistrationError,
    WorkflowCodeError,
    get_definition,
)

WriteModule = Callable[[str, str], None]

NIGHTLY = """
    from workflows.engine import done, init, workflow

    @workflow("Nightly sync")
    def task_nightly():
        return init >> done
"""


@pytest.fixture(autouse=True)
def registry() -> Iterator[None]:
    """Leave the registry and the imported modules as they were."""
    before, modules = dict(ALL_WORKFLOWS), set(sys.modules)
    yield
    ALL_WORKFLOWS.clear()
    ALL_WORKFLOWS.update(before)
    for name in set(sys.modules) - modules:
        if name.split(".")[0] == "plugin":
            del sys.modules[name]


@pytest.fixture
def write_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WriteModule:
    """Write `plugin.<name>`; `plugin` and `plugin.inner` are packages."""
    (tmp_path / "plugin" / "inner").mkdir(parents=True)
    for package in ("plugin", "plugin/inner"):
        (tmp_path / package / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)

    def write(name: str, text: str) -> None:
        path = tmp_path / "plugin" / Path(*name.split("."))
        (path / "__init__.py" if path.is_dir() else path.with_suffix(".py")).write_text(dedent(text))

    return write


def test_registering_imports_nothing_until_the_workflow_is_needed(
    write_module: WriteModule,
) -> None:
    write_module("nightly", NIGHTLY)
    instance = LazyWorkflowInstance("plugin.nightly", "task_nightly")
    assert ALL_WORKFLOWS["task_nightly"] is instance
    assert "plugin.nightly" not in sys.modules

    definition = get_definition("task_nightly")
    assert isinstance(definition, WorkflowDefinition)
    assert (definition.name, definition.description) == ("task_nightly", "Nightly sync")


def test_the_module_is_imported_once(write_module: WriteModule) -> None:
    write_module("nightly", NIGHTLY)
    instance = LazyWorkflowInstance("plugin.nightly", "task_nightly")
    definition = instance.load()
    del sys.modules["plugin.nightly"]
    assert instance.load() is definition
    assert "plugin.nightly" not in sys.modules


@pytest.mark.parametrize(
    ("registering", "place"),
    [
        ("inner", ".nightly"),  # from the __init__ of a package: inside of it
        ("inner.names", ".nightly"),  # from a module: beside it
        ("inner.names", "..inner.nightly"),
        ("inner.names", "plugin.inner.nightly"),
    ],
)
def test_a_place_is_absolute_or_relative_to_the_module_that_registers(
    write_module: WriteModule, registering: str, place: str
) -> None:
    write_module("inner.nightly", NIGHTLY)
    write_module(
        registering,
        f"""
        from workflows.registry import LazyWorkflowInstance
        LazyWorkflowInstance({place!r}, "task_nightly")
        """,
    )
    __import__(f"plugin.{registering}")
    assert ALL_WORKFLOWS["task_nightly"].module == "plugin.inner.nightly"
    assert get_definition("task_nightly").name == "task_nightly"


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(WorkflowCodeError, match=r"^no code is registered for workflow 'task_none'$"):
        get_definition("task_none")


def test_a_missing_module_is_named_with_the_workflow() -> None:
    LazyWorkflowInstance("plugin_that_is_not_there.x", "task_gone")
    with pytest.raises(WorkflowCodeError) as refusal:
        get_definition("task_gone")
    assert str(refusal.value) == (
        "code of workflow 'task_gone' cannot be imported from plugin_that_is_not_there.x:"
        " ModuleNotFoundError: No module named 'plugin_that_is_not_there'"
    )


@pytest.mark.parametrize("text", ["1 / 0", "def task_nightly(:", "import nothing_of_that_name"])
def test_a_module_that_cannot_be_imported_says_why(write_module: WriteModule, text: str) -> None:
    write_module("broken", text)
    LazyWorkflowInstance("plugin.broken", "task_nightly")
    with pytest.raises(WorkflowCodeError, match=r"'task_nightly' cannot be imported") as refusal:
        get_definition("task_nightly")
    assert isinstance(refusal.value.__cause__, Exception)
    assert type(refusal.value.__cause__).__name__ in str(refusal.value)


def test_a_module_without_the_function_is_refused(write_module: WriteModule) -> None:
    write_module("nightly", NIGHTLY)
    LazyWorkflowInstance("plugin.nightly", "task_daily")
    with pytest.raises(WorkflowCodeError, match=r"^plugin\.nightly has no workflow 'task_daily'"):
        get_definition("task_daily")


@pytest.mark.parametrize("text", ["def task_nightly(): pass", "task_nightly = None"])
def test_what_is_not_decorated_is_no_workflow(write_module: WriteModule, text: str) -> None:
    write_module("nightly", text)
    LazyWorkflowInstance("plugin.nightly", "task_nightly")
    with pytest.raises(WorkflowCodeError, match=r"decorate it with @workflow or @task"):
        get_definition("task_nightly")


def test_code_that_has_been_repaired_is_found_without_a_restart(write_module: WriteModule) -> None:
    write_module("nightly", "1 / 0")
    instance = LazyWorkflowInstance("plugin.nightly", "task_nightly")
    with pytest.raises(WorkflowCodeError):
        instance.load()
    # Of another length: the import system tells files apart by size and seconds.
    write_module("nightly", NIGHTLY)
    assert instance.load().name == "task_nightly"


def test_one_name_for_code_in_two_places_is_refused_and_both_are_named() -> None:
    first = LazyWorkflowInstance("plugin.one", "task_x")
    with pytest.raises(RegistrationError) as refusal:
        LazyWorkflowInstance("plugin.two", "task_x")
    assert str(refusal.value) == (
        "workflow 'task_x' is registered twice: in plugin.one and in plugin.two; rename one of them"
    )
    assert ALL_WORKFLOWS["task_x"] is first


def test_the_same_place_may_be_registered_again_as_a_reload_does() -> None:
    LazyWorkflowInstance("plugin.one", "task_x")
    again = LazyWorkflowInstance("plugin.one", "task_x")
    assert ALL_WORKFLOWS["task_x"] is again


def test_a_relative_place_that_leads_out_of_every_package_is_refused_with_what_registers_it(
    write_module: WriteModule,
) -> None:
    write_module(
        "inner.names",
        """
        from workflows.registry import LazyWorkflowInstance
        LazyWorkflowInstance("....nightly", "task_nightly")
        """,
    )
    with pytest.raises(RegistrationError, match=r"'task_nightly' cannot be registered from plugin\.inner\.names as in"):
        __import__("plugin.inner.names")


def test_a_relative_place_needs_a_package_and_an_absolute_one_does_not() -> None:
    outside: dict[str, object] = {"LazyWorkflowInstance": LazyWorkflowInstance, "__name__": "typed_by_hand"}
    exec('LazyWorkflowInstance("plugin.nightly", "task_absolute")', outside)
    assert ALL_WORKFLOWS["task_absolute"].module == "plugin.nightly"
    with pytest.raises(RegistrationError, match=r"from typed_by_hand as in '\.nightly'"):
        exec('LazyWorkflowInstance(".nightly", "task_relative")', outside)


def test_an_instance_shows_its_name_and_place() -> None:
    assert repr(LazyWorkflowInstance("plugin.x", "task_x")) == ("<LazyWorkflowInstance task_x in plugin.x>")
