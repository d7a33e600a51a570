from pathlib import Path

from django import forms

from workflows.engine import State, StepList, done, init, inputstep, step, step_group, workflow


class GateClosed(Exception):
    """There is no file at the gate."""


@step("Walk to the gate")
def walk() -> State:
    return {"distance": {"metres": 42}}


@step("Pass the gate")
def pass_gate(gate: str) -> State:
    if not Path(gate).exists():
        raise GateClosed(f"nobody has opened {Path(gate).name}")
    return {"passed": True}


@workflow("Through the gate")
def task_through_the_gate() -> StepList:
    return init >> walk >> pass_gate >> done


class PaintForm(forms.Form):
    colour = forms.ChoiceField(choices=[("green", "Green"), ("red", "Red")])
    coats = forms.IntegerField(min_value=1, max_value=3, help_text="More than three would peel off.")
    on = forms.DateField(label="To be done on", required=False)
    is_urgent = forms.BooleanField(label="It is urgent", required=False)


class InspectionForm(forms.Form):
    remarks = forms.CharField(min_length=4, widget=forms.Textarea({"rows": 2}))


@step("Paint")
def paint(colour: str, coats: int) -> State:
    return {"painted": [colour] * coats}


@inputstep("Inspect", form=InspectionForm)
def inspect(remarks: str) -> State:
    return {"inspected": remarks}


@workflow("Repaint the gate", initial_input_form=PaintForm)
def task_repaint_the_gate() -> StepList:
    return init >> step_group("Gate", paint >> inspect) >> done
