"""The questions, one module each: what is measured, and how the answers stand in a table."""
