"""Who is asking: tokens that issuers signed, read strictly and verified against keys that were agreed on."""
