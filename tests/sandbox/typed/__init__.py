"""Typed calls of an unmodified databricks-sdk, for every service that the sandbox serves."""
