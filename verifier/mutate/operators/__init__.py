"""The ways to remove or weaken one protective step, each a function from a model to its edits."""
