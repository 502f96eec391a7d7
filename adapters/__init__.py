"""Outside technology, one folder per port; siblings never import each other, only `adapters.database`."""
