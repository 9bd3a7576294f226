"""Conformance: small Go programs, each run by the model and by the real toolchain. `README.md` says how."""
