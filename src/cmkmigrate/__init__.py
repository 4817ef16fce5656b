"""cmkmigrate: Azure Databricks under your own keys, in place or in a new workspace."""

__version__ = "0.1.0"
