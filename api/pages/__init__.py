"""Pages for people: plain HTML that works without scripts, beside the operations and by the same rules."""
