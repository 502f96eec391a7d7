"""Keys: signing, verification and keyed digests, through `securesystemslib` signer URIs."""
