"""The interfaces for programs: /v2 as Camunda clients know it, timers and checks under /api, and their description.

Routes load, ask the engine once, dump. What an error becomes is in ``problems``; who may do what is decided by
``api.identity.decide`` and the engine's task guard; no workflow rule lives here.
"""
