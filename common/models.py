"""No tables. Django sends `post_migrate`, which grants the rights, only to apps that have this module."""
