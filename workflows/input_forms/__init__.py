"""Django forms as what inputs are declared with: their JSON schema, and inputs validated by them.

A form is a class; it is made here without arguments, or with `data` alone, as often as it is needed. What it says holds
for JSON: no HTML widget takes part in reading inputs.
"""

from workflows.input_forms.describing import describe_form
from workflows.input_forms.digest import digest_answers, form_digest, list_answers
from workflows.input_forms.validating import validate_form

__all__ = ["describe_form", "digest_answers", "form_digest", "list_answers", "validate_form"]
