"""Reports: pure functions of a frozen `Result` (or of a `Program`), text out. Nothing here decides anything."""
