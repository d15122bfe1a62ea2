"""Small diagrams, one per construct and rule of the dialect, each played and each listed in
docs/bpmn-support.md."""
