"""What the benchmarks of the inbox share: a sender, the product as it is deployed, and sixteen busy connections."""
