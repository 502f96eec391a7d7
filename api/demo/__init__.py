"""The demo: this project's own deliveries, recorded for real. Nothing here is made up."""
