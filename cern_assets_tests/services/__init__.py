"""Real services that the tests start: each module has one context manager that starts a service on a free port, awaits
its readiness, and stops it; and a session fixture around it."""
