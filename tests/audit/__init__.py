"""Tests of cmkmigrate.audit."""
