"""What must hold before the first write: checks that only read (shared by `doctor` and `apply`)."""
