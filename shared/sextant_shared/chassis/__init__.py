"""What a server stands on; the SDK never imports it.

`application` builds the FastAPI app in one fixed order, `routing` guards each route, `identity`
says who is calling, `database` commits in groups, `batching` joins work that waits, `http` calls
other services, `telemetry` traces, `serving` runs and drains, `settings` reads the environment.
"""
