"""The first page of the admin, the day at a glance, and the page that tells what runs between two moments."""
