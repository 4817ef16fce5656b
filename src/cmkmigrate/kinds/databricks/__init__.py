"""Things moved between Databricks workspaces."""
