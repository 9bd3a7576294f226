"""A counterexample as a Go test that forces its schedule on the real runtime (`verify gotest`)."""
