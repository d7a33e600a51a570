"""The version of the project: here, and from here wherever it is told."""

VERSION = "0.1.0"
