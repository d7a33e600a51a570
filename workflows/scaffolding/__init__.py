"""Writing the files of a new task: what `manage.py workflows new` and `makemigration` do."""
