"""Edits of a model's Go, each judged as a model of its own: what protects, what is missing, what would help."""
