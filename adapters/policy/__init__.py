"""Policy files, and the engine that evaluates their expressions."""
