"""The history of the service's own tables; the engine's tables have theirs in ``engine.store.migrations``."""
