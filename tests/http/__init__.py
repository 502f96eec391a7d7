"""HTTP as callers meet it: requests in, answers out, over real Flask apps and no network."""
