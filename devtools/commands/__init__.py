"""One module for each command of `./dev`, with `run(arguments)` and, where it has options, `configure(parser)`."""
