"""Many things, large things, and things far down: what a run costs, and what becomes of them."""
