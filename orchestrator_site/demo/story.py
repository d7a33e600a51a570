"""The story that the demo tells: what was made, done by hand and broken, and when."""

import errno
import os
from collections.abc import Iterable
from datetime import datetime
from functools import partial

from orchestrator_site.demo import names
from orchestrator_site.demo.moments import SETTLED_AFTER, Moments
from orchestrator_site.demo.past import NO_TROUBLE, Past, Trouble
from orchestrator_site.demo.planned import ZONE, DemoSchedule, plan_schedules
from schedules.models import Schedule, SchedulerOutage, ScheduleState, ScheduleWorkflow
from schedules.rules import Rule, arm_paused, set_policies, set_rule
from schedules.triggers import OPTIONS, latest_fire_time
from tasks.services import resume_task
from workflows.models import Workflow

# A sync takes two seconds, and this one longer than the quarter of an hour until the next.
SLOW = 560.0


def tell_story(*, now: datetime) -> None:
    """Write the demo as it is at a moment: schedules, and all that became of them until then."""
    moments = Moments(now)
    past = Past(moments, find_trouble=partial(find_trouble, moments=moments))
    make_schedules(plan_schedules(moments), at=moments.begin)
    past.add(moments.outage.ended_at, partial(note_outage, moments))
    past.add(moments.edge_paused, partial(pause_edge, moments))
    past.add(moments.audit_paused, partial(pause_audit, moments))
    past.add(moments.counters_checked, partial(check_counters, past))
    past.add(moments.line_ordered, partial(order_line, past, moments))
    past.live_through()


def find_trouble(schedule: Schedule, instant: datetime, *, moments: Moments) -> Trouble:
    """Return what was out of the ordinary at an instant."""
    if schedule.pk == names.schedule_id_of(names.NIGHTLY_VALIDATION):
        if instant == latest_fire_time(schedule.trigger_rule, until=moments.now - SETTLED_AFTER):
            device = "groningen-edge-2"
            problem = ConnectionError(f"no route to {device}, port 830")
            return Trouble(broken={device: problem})
    elif schedule.pk == names.schedule_id_of(names.BACKUP) and instant == moments.archive_full:
        full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), f"/archive/{instant:%Y-%m-%d}.tar")
        return Trouble(broken={"archive": full})
    elif schedule.pk == names.schedule_id_of(names.INVENTORY_SYNC) and instant == moments.sync_slow:
        return Trouble(slowness=SLOW)
    return NO_TROUBLE


def make_schedules(planned: Iterable[DemoSchedule], *, at: datetime) -> None:
    """Store the schedules as they were made at a moment."""
    workflows = {row.name: row for row in Workflow.objects.filter(name__in=names.WORKFLOWS, deleted_at=None)}
    for each in planned:
        schedule = Schedule(
            id=names.schedule_id_of(each.key),
            name=each.name,
            inputs=each.inputs,
            created_at=at,
            created_by=names.ACTOR,
            updated_at=at,
            updated_by=names.ACTOR,
            planned_through=at,
        )
        defaults = {name: getattr(schedule, name) for name in OPTIONS}
        set_policies(schedule, each.policies)
        set_rule(schedule, Rule(each.trigger, each.trigger_kwargs, {**defaults, "timezone": ZONE}), now=at)
        schedule.save(force_insert=True)
        ScheduleWorkflow.objects.create(schedule=schedule, workflow=workflows[each.workflow_name])


def note_outage(moments: Moments, at: datetime) -> None:
    """Write down that there was no scheduler for a while, as the first one does that is back."""
    SchedulerOutage.objects.create(started_at=moments.outage.started_at, ended_at=at)


def pause_edge(moments: Moments, at: datetime) -> None:
    """Pause the counters of the edge for two hours."""
    reason = "Software upgrade of the edge routers (CHG-2038)"
    pause(names.EDGE_COUNTERS, reason=reason, until=moments.edge_resumed, at=at)


def pause_audit(moments: Moments, at: datetime) -> None:
    """Pause the audit until tomorrow."""
    reason = "Access switches of Leiden are being replaced (CHG-2041)"
    pause(names.ACCESS_AUDIT, reason=reason, until=moments.audit_resumes, at=at)


def pause(key: str, *, reason: str, until: datetime, at: datetime) -> None:
    """Pause a schedule that is active and has nothing due."""
    schedule = Schedule.objects.get(pk=names.schedule_id_of(key))
    schedule.state, schedule.state_reason, schedule.state_since = ScheduleState.PAUSED, "", at
    schedule.paused_at, schedule.paused_by = at, names.ACTOR
    schedule.pause_reason, schedule.paused_until = reason, until
    arm_paused(schedule, schedule.trigger_rule)
    schedule.version += 1
    schedule.updated_at, schedule.updated_by = at, names.ACTOR
    schedule.save(force_update=True)


def check_counters(past: Past, at: datetime) -> None:
    """Poll all counters by hand, and more strictly than every hour."""
    schedule = Schedule.objects.get(pk=names.schedule_id_of(names.CORE_COUNTERS))
    inputs = {"role": "all", "most_errors": 5}
    past.run_schedule(schedule, inputs=inputs, reason="errors on the ring after the card swap in Zwolle", at=at)


def order_line(past: Past, moments: Moments, at: datetime) -> None:
    """Have a line of another carrier moved; it is approved later, and then ordered."""
    workflow = Workflow.objects.get(name="task_demo_move_line", deleted_at=None)
    inputs = {"line": "NL-MST-0077", "site": "maastricht", "carrier": "other"}
    task_id = past.start(workflow, inputs=inputs, at=at)

    def approve(approved_at: datetime) -> None:
        answers = {"change": "CHG-2035", "window": "tonight", "remarks": "The customer was told."}
        resume_task(task_id=task_id, actor=names.ACTOR, inputs=answers)
        past.work(task_id, at=approved_at)

    past.add(moments.line_approved, approve)
