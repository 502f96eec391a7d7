"""What is expected of provenance, and which of it held: a judgement over facts that were verified before."""
