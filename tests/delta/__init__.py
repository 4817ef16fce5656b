"""R17, R18 and R23: what a second pass moves, what it leaves alone, and what it says beforehand."""
