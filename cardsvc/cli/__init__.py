"""The command line. Results go to stdout, progress and errors to stderr; exit codes come from the error tree."""
