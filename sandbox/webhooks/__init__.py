"""Webhooks: what played services tell by themselves, posted to a receiver as well or as badly as is asked for."""
