"""Two people at work on one migration: who goes on, who is told to stop, and that a run taken over writes no more."""
