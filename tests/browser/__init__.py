"""What people do, in a real browser: Chromium, driven by playwright, without any network but loopback."""
