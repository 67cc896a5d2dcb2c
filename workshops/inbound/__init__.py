"""What order platforms tell us: one module per platform, each with its SOURCE."""
