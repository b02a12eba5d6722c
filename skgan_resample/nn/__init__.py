"""Building blocks of samplers, in torch alone; docs/architecture.md lists its modules."""
