"""A run on disk: the ledger, its one writer, and its locks."""
