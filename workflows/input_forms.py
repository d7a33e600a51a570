def form_digest(form):
    return form.__name__


def validate_form(form, inputs):
    return dict(inputs)


class InvalidFormInputs(Exception):
    errors = {}
