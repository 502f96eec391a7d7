"""Policy: rules over verified facts, sets of rules, and what comes of applying them."""
