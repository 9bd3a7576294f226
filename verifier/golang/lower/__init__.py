"""Lowering: a checked model becomes a raw `Program`, one small function per Go construct."""
