"""What an operator does with a server: starts and stops it, and later looks after it.

Only the command line comes here, and nothing here knows what the server serves: ``wiring`` hands that in.
"""
