"""The commands of `verify`, one module each; every module imports what it needs only when it runs."""
