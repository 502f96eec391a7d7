"""The command line. It asks over HTTP, in process or over the wire, and may not decide anything itself."""
