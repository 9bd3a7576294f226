"""The ways to make a model SAFE with one edit, each a function from a model and its trouble to edits to be tried."""
