"""GitOps history as declared report lines. May read git and files, not the ledger; sends nothing."""
