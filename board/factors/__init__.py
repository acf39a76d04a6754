"""The second factor: an app for one-time codes (TOTP), recovery codes, and showing again that it is oneself."""
