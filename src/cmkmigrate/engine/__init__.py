"""The step engine: what differs (plan), bringing it about (apply), and proving that nothing differs (verify)."""
