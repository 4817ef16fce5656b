"""What `cmkmigrate selftest` asks a cloud: one question to a check, on ground made for it."""
