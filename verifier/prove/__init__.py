"""Proofs for any number of goroutines: a few are tracked, everybody else is abstracted, z3 re-proves the result."""
