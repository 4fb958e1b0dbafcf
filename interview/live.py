"""Progress of running gradings, in memory: the worker publishes, screens follow. Nothing here is the truth."""
