"""What must hold before the first write: thirty-one checks, which only read (shared by `doctor` and `apply`)."""
