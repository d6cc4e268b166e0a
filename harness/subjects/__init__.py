"""The servers on trial: one module a server, which knows how each release of the server is started.

    from harness.subjects import uvicorn

    with uvicorn.cli(trial, "ready", http=trial.variant, keep_alive_s=2) as server:
        server.get("/hello", name="hello")

A module opens with tables of what differs between releases: the dialect of applications, options, companions. The
functions below read the tables and name no release. `command` functions are pure: a release to a command line.

An application is ``MODULE``, a file in the trial's folder of which the subject takes the attribute that suits the
release, or ``MODULE:ATTRIBUTE``, which is taken as it stands.

The arguments of every function that starts a server are, in this order: the trial, the application, further words of
the command line, options by name, and what `harness.execution.trial.Trial.server` takes by keyword.
"""
