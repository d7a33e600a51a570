"""Move a line of a customer to another port: somebody has to approve it, and another carrier's line to be ordered."""

from django import forms

from orchestrator_site.demo.network import SITES, measure, reach
from workflows.engine import State, StepList, Target, callback_step, conditional, done, init, inputstep, step, workflow

ANSWER_WITHIN_SECONDS = 3 * 86_400


class LineForm(forms.Form):
    line = forms.CharField(max_length=40, help_text="Such as NL-UTR-0231.")
    site = forms.ChoiceField(choices=[(site, site.capitalize()) for site in SITES])
    carrier = forms.ChoiceField(
        choices=[("own", "Our own fibre"), ("other", "Another carrier")],
        help_text="Another carrier is sent an order, and the task waits until it calls back.",
    )


class ApprovalForm(forms.Form):
    change = forms.CharField(label="Change number", min_length=3, max_length=20)
    window = forms.ChoiceField(choices=[("now", "Now"), ("tonight", "Tonight"), ("weekend", "At the weekend")])
    remarks = forms.CharField(required=False, widget=forms.Textarea({"rows": 2}))


@step("Find a free port")
def find_port(site: str) -> State:
    """Look one up."""
    reach("inventory", seconds=0.5)
    return {"new_port": f"{site}-edge-1 ge-0/0/{measure(site, below=48)}"}


@inputstep("Approve the change", form=ApprovalForm)
def approve(change: str, window: str) -> State:
    """Note who may be asked about it."""
    return {"approved": f"{change}, {window}"}


@step("Send the order")
def send_order(line: str, callback_route: str) -> State:
    """Tell the carrier what is wanted, and where to answer."""
    reach("carrier", seconds=0.8)
    return {"ordered": line, "carrier_knows_where_to_answer": bool(callback_route)}


@step("Read the confirmation")
def read_confirmation(callback_result: object) -> State:
    """Keep what the carrier has answered."""
    return {"confirmation": callback_result}


@step("Move the line")
def move(line: str, new_port: str) -> State:
    """Put it onto its new port."""
    reach(new_port, seconds=1.5)
    return {"moved": f"{line} to {new_port}"}


@step("Check the line")
def check(line: str) -> State:
    """See that there is traffic on it."""
    reach(line, seconds=0.6)
    return {"megabits_per_second": 100 + measure(line, below=900)}


is_of_another_carrier = conditional(lambda state: state["carrier"] == "other")


@workflow("Demo: move a line to another port", target=Target.SYSTEM, initial_input_form=LineForm)
def task_demo_move_line() -> StepList:
    """Move it."""
    order = callback_step("Order", send_order, read_confirmation, timeout_seconds=ANSWER_WITHIN_SECONDS)
    return init >> find_port >> approve >> is_of_another_carrier(order) >> move >> check >> done
