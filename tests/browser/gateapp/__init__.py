"""An app with a task that fails as long as its gate, a file, is closed, and one that asks people."""
