"""Exploration in machine code: a program becomes LLVM text, llvmlite compiles it, Python drives it."""
