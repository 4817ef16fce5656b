"""The checks, a file for each subject; every file here names its own in CHECKS."""
