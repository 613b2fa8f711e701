"""Accounts, local logins and OAuth: who someone is, and what an app may do for them."""
