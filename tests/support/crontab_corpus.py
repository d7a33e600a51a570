"""Crontab strings as they are written in the world, each with where one typically meets it."""

from typing import NamedTuple


class Line(NamedTuple):
    """A crontab string: five fields, six with the seconds first, or a nickname."""

    crontab: str
    seen_in: str


CORPUS = (
    # Distributions.
    Line("17 * * * *", "Debian's /etc/crontab: the hourly scripts"),
    Line("25 6 * * *", "Debian's /etc/crontab: the daily scripts"),
    Line("47 6 * * 7", "Debian's /etc/crontab: the weekly scripts, Sunday as 7"),
    Line("52 6 1 * *", "Debian's /etc/crontab: the monthly scripts"),
    Line("30 7-23 * * *", "Debian's anacron: every hour of the day, but not at night"),
    Line("5-55/10 * * * *", "Debian's sysstat: a sample of the system's activity"),
    Line("59 23 * * *", "Debian's sysstat: the last sample of the day"),
    Line("57 0 * * 0", "Debian's mdadm: check of the arrays, which acts on the first Sunday"),
    Line("30 3 * * 0", "Debian's e2fsprogs: check of file systems, weekly"),
    Line("10 3 * * *", "Debian's e2fsprogs: check of file systems, daily"),
    Line("09,39 * * * *", "Debian's PHP: old sessions; minutes with a leading zero"),
    Line("24 0 1-7 * *", "Debian's ZFS: trim, which acts on the first Sunday"),
    Line("24 0 8-14 * *", "Debian's ZFS: scrub, which acts on the second Sunday"),
    Line("01 * * * *", "Red Hat's hourly scripts"),
    Line("0 1 * * Sun", "Red Hat's check of the arrays"),
    Line("*/11 * * * *", "FreeBSD: saves entropy"),
    Line("1,31 0-5 * * *", "FreeBSD: adjusts the clock for changes of the time zone"),
    Line("15 4 * * 6", "FreeBSD: weekly maintenance"),
    Line("30 5 1 * *", "FreeBSD: monthly maintenance"),
    # Manuals.
    Line("5 0 * * *", "crontab(5): five minutes after midnight"),
    Line("15 14 1 * *", "crontab(5): in the afternoon of the first of the month"),
    Line("0 22 * * 1-5", "crontab(5): at 22:00 on working days"),
    Line("23 0-23/2 * * *", "crontab(5): every other hour, as a range"),
    Line("5 4 * * sun", "crontab(5): early on Sunday"),
    Line("0 */4 1 * mon", "crontab(5): every fourth hour, on the first and on Mondays"),
    Line("0 0 1,15 * 1", "the POSIX manual: the first, the fifteenth and Mondays"),
    # Certificates, logs, files, databases.
    Line("0 */12 * * *", "certbot: renewal of certificates, twice a day"),
    Line("43 6,18 * * *", "certificates: renewal at two odd moments"),
    Line("0 0 * * *", "logrotate: every midnight"),
    Line("5 0 * * 0", "logrotate: weekly"),
    Line("30 1 * * *", "backup: nightly, and stale issues on GitHub"),
    Line("30 2 * * *", "backup: nightly, inside the gap of many zones"),
    Line("0 2 * * 1-6", "backup: incremental, all days but Sunday"),
    Line("0 3 * * 0", "backup: full, on Sunday"),
    Line("0 4 1 * *", "backup: monthly"),
    Line("15 */6 * * *", "backup: four times a day"),
    Line("45 2 * * 6", "database: weekly vacuum"),
    # Platforms.
    Line("* * * * *", "Kubernetes' first example; also Laravel's and Moodle's single line"),
    Line("*/1 * * * *", "every minute, as a step of one"),
    Line("0 3 * * 1", "Kubernetes: weekly on Monday"),
    Line("@hourly", "Kubernetes and Airflow: a nickname"),
    Line("@daily", "Kubernetes and Airflow: a nickname"),
    Line("@weekly", "Kubernetes and Airflow: a nickname"),
    Line("@monthly", "Kubernetes and Airflow: a nickname"),
    Line("@yearly", "Kubernetes and Airflow: a nickname"),
    Line("30 5,17 * * *", "GitHub Actions: twice a day"),
    Line("30 5 * * 1,3", "GitHub Actions: Monday and Wednesday"),
    Line("2,10 4,5 * * *", "GitHub Actions: lists"),
    Line("20/15 * * * *", "GitHub Actions: from minute 20 on, in steps"),
    Line("23 14 * * 5", "GitHub Actions: code scanning once a week, at an odd moment"),
    Line("*/5 * * * *", "Nextcloud, Munin, Cacti: every five minutes"),
    Line("*/15 * * * *", "WordPress and many monitors: every quarter of an hour"),
    Line("45 * * * *", "Drupal: once an hour"),
    # Business.
    Line("*/15 8-18 * * 1-5", "synchronisation in business hours"),
    Line("0 9-17 * * MON-FRI", "reminder on every hour of work"),
    Line("30 16 * * MON-FRI", "report after the markets have closed"),
    Line("0 9 1 * *", "monthly report"),
    Line("0 0 1 1,4,7,10 *", "quarterly report, as a list of months"),
    Line("0 6 1 */3 *", "quarterly report, as a step of months"),
    Line("0 8 * JAN,JUL MON", "Mondays of two months, by name"),
    Line("0 9 * * 1#1", "meeting on the first Monday of the month"),
    Line("0 10 * * 2#2", "patch day: the second Tuesday of the month"),
    Line("0 18 * * 5L", "closing of accounts on the last Friday"),
    Line("0 23 L * *", "closing of accounts on the last day"),
    Line("0 0 1,15 * *", "pay day, twice a month"),
    Line("0 0 * * 6,0", "weekends"),
    # Days that are not in every month, or year.
    Line("0 12 31 * *", "seven times a year"),
    Line("0 0 29 2 *", "leap days"),
    Line("0 0 13 * 5", "Fridays and every thirteenth, which is not what it seems to say"),
    Line("59 23 31 12 *", "the last minute of the year"),
    # Steps and lists of minutes and hours.
    Line("*/7 * * * *", "a step that does not divide the hour"),
    Line("1-59/2 * * * *", "odd minutes"),
    Line("7,22,37,52 * * * *", "quarters of an hour, away from the full ones"),
    Line("0,30 * * * *", "twice an hour"),
    Line("0 0,12 1 */2 *", "twice on the first of every other month"),
    Line("*/10 0-3,22,23 * * *", "every ten minutes of the night"),
    # Seconds, as Spring, Quartz and others write them.
    Line("*/10 * * * * *", "every ten seconds"),
    Line("15,45 * * * * *", "twice a minute"),
    Line("0 */5 * * * *", "every five minutes, with seconds"),
    Line("30 0 * * * *", "once an hour, with seconds"),
    Line("0 0 8-10 * * *", "Spring: at three hours"),
    Line("0 0/30 8-10 * * *", "Spring: every half hour of three"),
    Line("0 0 9-17 * * MON-FRI", "Spring: on the hours of work"),
)
