"""Questions to the gate: what a policy says of a release, by facts that are recorded and verified."""
