"""Stand-ins for the outside services: one process that speaks real HTTP and imports nothing of the product."""
