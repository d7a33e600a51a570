"""The type of texts that are shown: as they are, or translated when they are shown."""

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

    Text: TypeAlias = StrOrPromise
else:  # the stubs are not there where the project runs
    Text = str
