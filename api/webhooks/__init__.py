"""Telling webhooks of events: what they are told, who tells them when, and how it can be checked."""
