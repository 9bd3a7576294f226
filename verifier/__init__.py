"""A model checker for Go programs that share maps between goroutines."""

__version__ = "0.1.0"
