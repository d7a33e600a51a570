"""Adding a line to files that people wrote, writing several files or none, and literals."""

import ast
import json
import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.scaffolding.edits import add_registration, add_translation
from workflows.scaffolding.files import FileChange, ScaffoldingRefused, write_changes
from workflows.scaffolding.literals import quote

LINE = 'LazyWorkflowInstance(".tasks.x", "task_x")'
IMPORT = "from workflows import LazyWorkflowInstance"


def register(text: str) -> str:
    return add_registration(text, module=".tasks.x", name="task_x")


REGISTRATIONS = [
    ("", f"{IMPORT}\n\n{LINE}\n"),
    ('"""What Acme runs."""\n', f'"""What Acme runs."""\n\n{IMPORT}\n\n{LINE}\n'),
    ("# Acme\n", f"{IMPORT}\n\n# Acme\n{LINE}\n"),
    ("import os\n", f"import os\n{IMPORT}\n\n{LINE}\n"),
    (f"{IMPORT}\n", f"{IMPORT}\n\n{LINE}\n"),
    (IMPORT, f"{IMPORT}\n\n{LINE}\n"),
    (
        f'{IMPORT}\n\nLazyWorkflowInstance(".a", "task_a")  # first\n\n__all__ = ["x"]\n',
        f'{IMPORT}\n\nLazyWorkflowInstance(".a", "task_a")  # first\n{LINE}\n\n__all__ = ["x"]\n',
    ),
    (
        f'{IMPORT}\n\nLazyWorkflowInstance(\n    ".a",\n    "task_a",\n)\n',
        f'{IMPORT}\n\nLazyWorkflowInstance(\n    ".a",\n    "task_a",\n)\n{LINE}\n',
    ),
    (f"{IMPORT}\n\n\ndef f():\n    pass\n", f"{IMPORT}\n\n\ndef f():\n    pass\n\n\n{LINE}\n"),
    (
        "from workflows import LazyWorkflowInstance as Lazy\n\nLazy('.a', 'task_a')\n",
        "from workflows import LazyWorkflowInstance as Lazy\n\nLazy('.a', 'task_a')\nLazy(\".tasks.x\", \"task_x\")\n",
    ),
    (
        f'{IMPORT}\r\n\r\nLazyWorkflowInstance(".a", "task_a")\r\n',
        f'{IMPORT}\r\n\r\nLazyWorkflowInstance(".a", "task_a")\r\n{LINE}\r\n',
    ),
]


@pytest.mark.parametrize(("before", "after"), REGISTRATIONS)
def test_a_registration_goes_below_the_others_and_brings_its_import(before: str, after: str) -> None:
    assert register(before) == after
    ast.parse(after)


@pytest.mark.parametrize("before", [before for before, _ in REGISTRATIONS])
def test_a_registration_leaves_every_other_line_as_it_was(before: str) -> None:
    added = iter(register(before).splitlines())
    assert all(line in added for line in before.splitlines())  # in order: `in` consumes


def test_a_file_that_is_no_python_is_refused() -> None:
    with pytest.raises(ScaffoldingRefused, match=r"no Python: .*line 1"):
        register("def f(:\n")


TRANSLATIONS = [
    ('{"workflows": {}}', '{"workflows": {\n  "task_m": "Übung"\n}}'),
    ('{\n  "workflows": {\n  }\n}\n', '{\n  "workflows": {\n    "task_m": "Übung"\n  }\n}\n'),
    (
        '{\n  "workflows": {\n    "task_a": "A",\n    "task_z": "Z"\n  }\n}\n',
        '{\n  "workflows": {\n    "task_a": "A",\n    "task_m": "Übung",\n    "task_z": "Z"\n  }\n}\n',
    ),
    (
        '{\n\t"workflows": {\n\t\t"task_a": "A"\n\t}\n}',
        '{\n\t"workflows": {\n\t\t"task_a": "A",\n\t\t"task_m": "Übung"\n\t}\n}',
    ),
    (
        '{\n  "workflows": {\n    "task_z": "Z",\n    "task_a": "A"\n  }\n}\n',
        '{\n  "workflows": {\n    "task_z": "Z",\n    "task_a": "A",\n    "task_m": "Übung"\n  }\n}\n',
    ),
    ('{"workflows": {"task_a": "A"}}', '{"workflows": {"task_a": "A", "task_m": "Übung"}}'),
    ('{"workflows": {"task_z": "Z"}}', '{"workflows": {"task_m": "Übung", "task_z": "Z"}}'),
    (
        '{"forms": {"workflows": {"a": "}"}}, "workflows": {"task_z": "{\\""}}',
        '{"forms": {"workflows": {"a": "}"}}, "workflows": {"task_m": "Übung", "task_z": "{\\""}}',
    ),
    ('{"workflows": {"task_m": "There"}}', '{"workflows": {"task_m": "There"}}'),
]


@pytest.mark.parametrize(("before", "after"), TRANSLATIONS)
def test_a_translation_goes_to_its_place_and_the_rest_stays(before: str, after: str) -> None:
    assert add_translation(before, name="task_m", words="Übung") == after


@pytest.mark.parametrize("text", ["{}", '{"forms": {}}', '{"workflows": []}'])
def test_a_file_without_an_object_of_workflows_is_refused(text: str) -> None:
    with pytest.raises(ScaffoldingRefused, match='it has no "workflows"'):
        add_translation(text, name="task_m", words="M")


@given(
    words=st.dictionaries(st.text(max_size=8), st.text(max_size=8), max_size=5),
    others=st.dictionaries(st.text(max_size=4).filter(lambda key: key != "workflows"), st.text(max_size=8), max_size=2),
    name=st.text(max_size=8),
    value=st.text(max_size=8),
    indent=st.sampled_from([None, 0, 2, 4, "\t"]),
)
def test_what_a_file_of_translations_says_stays_whatever_it_holds(
    words: dict[str, str], others: dict[str, str], name: str, value: str, indent: int | str | None
) -> None:
    content = {**others, "workflows": words}
    after = add_translation(json.dumps(content, indent=indent), name=name, words=value)
    assert json.loads(after) == {**others, "workflows": {name: value} | words}


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_literal_reads_back_as_the_text(text: str) -> None:
    assert ast.literal_eval(quote(text)) == text


@pytest.mark.parametrize(
    ("text", "literal"),
    [("a", '"a"'), ("it's", '"it\'s"'), ('a "b"', "'a \"b\"'"), ("\\", '"\\\\"'), ("é\n", '"é\\n"')],
)
def test_a_literal_is_in_double_quotes_unless_single_ones_save_escapes(text: str, literal: str) -> None:
    assert quote(text) == literal


class TestWritingSeveralFiles:
    def test_new_ones_get_their_folders_and_edited_ones_keep_their_mode(self, tmp_path: Path) -> None:
        edited = tmp_path / "edited.py"
        edited.write_bytes(b"old\r\n")
        edited.chmod(0o640)
        new = tmp_path / "a" / "b" / "new.py"
        write_changes([FileChange(new, "new\n"), FileChange(edited, "old\r\nmore\r\n", "old\r\n")])
        assert new.read_text() == "new\n"
        assert edited.read_bytes() == b"old\r\nmore\r\n"
        assert stat.S_IMODE(edited.stat().st_mode) == 0o640
        assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "edited.py"]

    def test_a_link_stays_one(self, tmp_path: Path) -> None:
        (tmp_path / "real.py").write_text("old")
        (tmp_path / "link.py").symlink_to("real.py")
        write_changes([FileChange(tmp_path / "link.py", "new", "old")])
        assert (tmp_path / "link.py").is_symlink()
        assert (tmp_path / "real.py").read_text() == "new"

    @pytest.fixture
    def changes(self, tmp_path: Path) -> list[FileChange]:
        """Return changes that go well up to the last one."""
        edited = tmp_path / "edited.py"
        edited.write_text("old")
        return [
            FileChange(tmp_path / "folder" / "deeper" / "new.py", "new"),
            FileChange(edited, "changed", "old"),
        ]

    def assert_untouched(self, folder: Path, *others: str) -> None:
        assert sorted(path.name for path in folder.iterdir()) == sorted(["edited.py", *others])
        assert (folder / "edited.py").read_text() == "old"

    def test_a_file_that_has_come_meanwhile_stays_and_all_else_is_undone(
        self, tmp_path: Path, changes: list[FileChange]
    ) -> None:
        (tmp_path / "there.py").write_text("precious")
        with pytest.raises(ScaffoldingRefused, match=r"there\.py exists by now"):
            write_changes([*changes, FileChange(tmp_path / "there.py", "new")])
        self.assert_untouched(tmp_path, "there.py")
        assert (tmp_path / "there.py").read_text() == "precious"

    def test_a_file_that_was_changed_meanwhile_stays_and_all_else_is_undone(
        self, tmp_path: Path, changes: list[FileChange]
    ) -> None:
        (tmp_path / "other.py").write_text("newer")
        with pytest.raises(ScaffoldingRefused, match=r"other\.py was changed by somebody else just now"):
            write_changes([*changes, FileChange(tmp_path / "other.py", "mine", "older")])
        self.assert_untouched(tmp_path, "other.py")
        assert (tmp_path / "other.py").read_text() == "newer"

    def test_what_the_system_refuses_is_raised_and_all_else_is_undone(
        self, tmp_path: Path, changes: list[FileChange]
    ) -> None:
        with pytest.raises(OSError, match="File name too long"):
            write_changes([*changes, FileChange(tmp_path / ("x" * 300), "new")])
        self.assert_untouched(tmp_path)

    @pytest.mark.parametrize("error", [KeyboardInterrupt, OSError])
    def test_an_end_in_the_middle_of_an_edit_leaves_the_file_whole_and_no_other(
        self, tmp_path: Path, changes: list[FileChange], monkeypatch: pytest.MonkeyPatch, error: type[BaseException]
    ) -> None:
        def fail(*_: object) -> None:
            raise error

        monkeypatch.setattr(os, "replace", fail)
        with pytest.raises(error):
            write_changes(changes)
        self.assert_untouched(tmp_path)
