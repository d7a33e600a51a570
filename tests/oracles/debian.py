"""`cronsim`: an implementation of Debian's cron(8) by others, for fixed times of day under the default policies."""

from datetime import timedelta
from itertools import takewhile

import numpy as np
from cronsim import CronSim, CronSimError

from tests.oracles.comparing import moment
from tests.oracles.zone_tables import Seconds, zoneinfo_of

# It walks the wall clock, so it begins well before a gap that could move something into the window.
RUN_UP = timedelta(days=2)


def fire_times_of_debian(crontab: str, zone: str, after: int, until: int) -> Seconds:
    """Return the instants after `after`, up to `until`, of five fields."""
    try:
        walk = CronSim(crontab, (moment(after) - RUN_UP).astimezone(zoneinfo_of(zone)))
    except CronSimError:  # it refuses days that no month has, such as 30 February
        return np.array([], dtype=np.int64)
    times = takewhile(lambda at: at <= until, (each.timestamp() for each in walk))
    return np.array([at for at in times if at > after], dtype=np.int64)
